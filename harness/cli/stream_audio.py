"""`dgharness stream`: stream audio, show what is heard, judge the session."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from harness.audio.chunking import chunk_advice, chunk_size
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pacing import Speed
from harness.cli import audio_input
from harness.cli.keeper import Keeper
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import (
    ComingBack,
    advise,
    endpoint_options,
    json_option,
    log_options,
    milliseconds,
    query_option,
    query_pairs,
    reconnect_options,
    seconds,
    was_given,
)
from harness.cli.output import TOOL, check_writable, complain, note, say, style_for, warn
from harness.cli.progress import Watcher
from harness.cli.signals import finish
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.conformance.findings import Severity, Verdict
from harness.errors import BadInput
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.protocol.session import Timers
from harness.query_options import flux_options, listen_options
from harness.recording.entries import AnyEntry, Direction, Refused
from harness.recording.entries import Opened as UpgradeOpened
from harness.recording.scrub import mask
from harness.results import CaseResult, Outcome, to_json
from harness.runner import judge_stream
from harness.session_results import summarise_stream
from harness.streamer.header import take_apart
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.transcript import Transcript
from reports.figures import count
from reports.render_text import render_case_text

RECORDING_ENDING: Final = ".jsonl"
FLUX_CHUNK_MS: Final = 80.0
"""What Deepgram's docs advise for Flux."""

FORMAT_PARAMETERS: Final = {"encoding": "--encoding", "sample_rate": "--sample-rate", "channels": "--channels"}


@click.command("stream")
@click.argument("source", metavar="FILE|-|URL")
@endpoint_options
@query_option
@click.option("--flux", is_flag=True, help="Speak to /v2/listen, in turns; chunks of 80 ms unless told otherwise.")
@click.option("--chunk-ms", type=milliseconds, default=20, show_default=True, help="Audio in each frame, 20 to 250 ms.")
@click.option("--speed", default="1", show_default=True, help="Audio seconds per second: 1, 4, or max.")
@click.option("--encoding", default="linear16", show_default=True, help="linear16, linear32, mulaw or alaw.")
@click.option("--sample-rate", type=int, default=16_000, show_default=True, help="Hz.")
@click.option("--channels", type=int, default=1, show_default=True, help="Interleaved channels to send.")
@click.option("--finalize", is_flag=True, help="Send Finalize after the last audio.")
@click.option("--keep-alive-s", type=seconds, default=5.0, show_default=True, help="Pause before a KeepAlive.")
@click.option("--drain-timeout-s", type=seconds, default=20.0, show_default=True, help="Longest wait for Metadata.")
@click.option(
    "--connect-timeout-s", type=seconds, default=10.0, show_default=True, help="Longest wait for the upgrade."
)
@reconnect_options
@click.option(
    "--container",
    "in_container",
    is_flag=True,
    help="Send a WAV file as it is, header and all, without declaring a format.",
)
@click.option(
    "--record", type=click.Path(path_type=Path), help="Write the recording here (.jsonl), its audio beside it."
)
@click.option("--watch", is_flag=True, help="Print every interim and final as it comes.")
@json_option
@log_options
def command(
    source: str,
    url: str,
    key: str,
    pairs: tuple[str, ...],
    flux: bool,
    chunk_ms: float,
    speed: str,
    encoding: str,
    sample_rate: int,
    channels: int,
    finalize: bool,
    keep_alive_s: float,
    drain_timeout_s: float,
    connect_timeout_s: float,
    coming_back: ComingBack,
    in_container: bool,
    record: Path | None,
    watch: bool,
    as_json: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Stream FILE, raw audio from standard input (-), or what an http URL names, and judge the session.

    A file is decoded and sent as raw audio in the declared format; its header never reaches the stream. Files that end
    in .raw, .pcm, .ulaw or .alaw, files without a header when --encoding is given, and standard input are taken to be
    in that format already. With --container a WAV file is sent as it is; every new connection sees its header first.

    A lost connection is an error and the end, unless --reconnect says otherwise. With --flux the audio is heard in
    turns; -o then takes the options of /v2/listen, such as eager_eot_threshold.

    \b
    dgharness stream speech.wav --chunk-ms 40 -o model=nova-3 -o smart_format=true
    dgharness stream speech.wav --flux -o eot_threshold=0.8
    arecord -f S16_LE -r 16000 -t raw | dgharness stream - --record call.jsonl
    """
    set_up_logging(log_level, as_json=log_json, secrets=secrets_of(key))
    declared = _format(encoding, sample_rate, channels)
    contained = _contained(source) if in_container else None
    fmt = declared if contained is None else contained.audio.format
    options = _flux_options(pairs, fmt, declare=contained is None) if flux else _options(pairs, fmt, contained is None)
    if flux and not was_given("chunk_ms"):
        chunk_ms = FLUX_CHUNK_MS
    plain = StreamSettings(
        chunk_ms=chunk_ms,
        speed=Speed.parse(speed),
        connect_timeout_s=connect_timeout_s,
        timers=Timers(keep_alive_after_s=keep_alive_s, drain_after_s=drain_timeout_s),
        finalize=finalize,
    )
    settings = coming_back.applied(plain)
    chunk_size(fmt, chunk_ms)  # a size that is refused is said before anything is advised
    server = Endpoint(url, key)
    _check_record(record, source)
    opened = contained or audio_input.prepare(source, fmt, declared=was_given("encoding"))
    if isinstance(options, ListenOptions):
        advise(options)
    warn(None if flux else chunk_advice(chunk_ms), *opened.warnings)
    if opened.converted:
        # Only who named a format contradicts the file; the default converts what comes, and says so.
        (warn if any(map(was_given, FORMAT_PARAMETERS)) else note)(opened.converted)
    keeper = Keeper(record, secrets_of(key))
    outcome = _streamed(server, options, opened, settings, keeper, watch=watch)
    verdict = judge_stream(outcome, settings)
    result = _result(outcome, verdict, opened.audio.source, server, record)
    return _conclude(outcome, result, server, keeper, as_json=as_json)


def _conclude(outcome: StreamOutcome, result: CaseResult, server: Endpoint, keeper: Keeper, *, as_json: bool) -> int:
    """Print what came of it; returns the exit code."""
    if as_json:
        say(mask(to_json(result), keeper.secrets))
    elif _has_something(outcome):
        say(mask(render_case_text(result, **style_for(sys.stdout)), keeper.secrets))
    _tell_of_outages(outcome)
    if keeper.path is not None and keeper.path.suffix != RECORDING_ENDING:
        note(f"{keeper.path}: `serve --recording` takes it when its name ends in {RECORDING_ENDING}")
    went_wrong = [mask(sentence, keeper.secrets) for sentence in _went_wrong(outcome, server, keeper)]
    for sentence in went_wrong:
        complain(sentence)
    return 2 if went_wrong else 0 if result.outcome is Outcome.PASS else 1


def _format(encoding: str, sample_rate: int, channels: int) -> AudioFormat:
    if encoding not in list(Encoding):
        raise BadInput(f"--encoding {encoding!r}: wanted one of {', '.join(Encoding)}")
    return AudioFormat(Encoding(encoding), sample_rate, channels)


def _contained(source: str) -> audio_input.Opened:
    """A WAV file to be sent as it is.

    Raises:
        BadInput: it cannot be read, is no such file, or a format was declared all the same.
    """
    for name, option in FORMAT_PARAMETERS.items():
        if was_given(name):
            raise BadInput(
                f"{option}: contradicts --container, with which the format is the file's; wanted one of them"
            )
    if source == audio_input.STDIN:
        raise BadInput("--container: cannot be had from standard input; wanted a file or a URL")
    name = audio_input.shown_name(source)
    taken = take_apart(audio_input.read_source(source), name)

    async def blocks() -> AsyncIterator[bytes]:
        yield taken.audio

    shown = name if audio_input.is_url(source) else Path(source).name
    audio = AudioToSend(blocks(), taken.format, shown, taken.header, taken.name)
    return audio_input.Opened(audio, taken.format.seconds(len(taken.audio)))


def _options(pairs: tuple[str, ...], fmt: AudioFormat, declare: bool) -> ListenOptions:
    options = listen_options(_named(pairs), fmt)
    return options if declare else replace(options, encoding=None, sample_rate=None, channels=None)


def _flux_options(pairs: tuple[str, ...], fmt: AudioFormat, *, declare: bool) -> FluxOptions:
    if fmt.channels != 1:
        raise BadInput(f"--flux: hears one channel; wanted --channels 1, not {fmt.channels}")
    options = flux_options(_named(pairs), fmt)
    return options if declare else replace(options, encoding=None, sample_rate=None)


def _named(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    named = query_pairs(pairs)
    for name, value in named:
        if name in FORMAT_PARAMETERS:
            raise BadInput(f"-o {name}={value}: the format is declared with {FORMAT_PARAMETERS[name]} {value}")
    return named


def _check_record(record: Path | None, source: str) -> None:
    check_writable([record])
    if record is not None and record.exists() and not audio_input.is_url(source):
        audio = Path(source)
        if audio.exists() and record.samefile(audio):
            raise BadInput(f"--record {record}: is the audio itself, which it would overwrite; wanted another file")


def _streamed(
    server: Endpoint,
    options: ListenOptions | FluxOptions,
    opened: audio_input.Opened,
    settings: StreamSettings,
    keeper: Keeper,
    *,
    watch: bool,
) -> StreamOutcome:
    with Watcher(opened.audio.source, opened.duration_audio_s, watch=watch) as watcher, keeper:

        def observe(entry: AnyEntry, transcript: Transcript) -> None:
            keeper(entry, transcript)
            watcher(entry, transcript)

        work = stream(server, options, opened.audio, settings, tool=TOOL, observer=observe, on_header=keeper.header)
        outcome = finish(work)
        keeper.finish(outcome.audio)
    return outcome


def _result(outcome: StreamOutcome, verdict: Verdict, name: str, server: Endpoint, record: Path | None) -> CaseResult:
    errors = [finding.message for finding in verdict.findings if finding.severity is Severity.ERROR]
    wrong = [*errors, *(f"ledger: {problem}" for problem in outcome.ledger_problems())]
    return CaseResult(
        name=name,
        outcome=Outcome.ERROR if outcome.failure else Outcome.FAIL if wrong else Outcome.PASS,
        reasons=(outcome.failure,) if outcome.failure else tuple(wrong),
        audio=name,
        replies=server.host,
        streamed=summarise_stream(outcome),
        verdict=verdict,
        recording=str(record) if record else None,
    )


def _tell_of_outages(outcome: StreamOutcome) -> None:
    """Say on stderr how often the connection was lost, and what of the source never went out because of it."""
    if outcome.reconnections:
        outages = (f"lost at {one.lost_wall_s:.2f} s, back after {one.took_s:.2f} s" for one in outcome.reconnections)
        note(f"{count(outcome.connections, 'connection')}: {'; '.join(outages)}")
    for gap in outcome.dropped:
        length_s = gap.end_audio_s - gap.start_audio_s
        warn(
            f"dropped {gap.start_audio_s:.3f} to {gap.end_audio_s:.3f} s of the source ({length_s:.3f} s): the buffer "
            "could not hold it until it could be sent"
        )


def _has_something(outcome: StreamOutcome) -> bool:
    """Whether there is more to tell of the session than why it failed."""
    return bool(outcome.audio) or not outcome.failure or any(outcome.recording.texts(Direction.DOWNSTREAM))


def _went_wrong(outcome: StreamOutcome, server: Endpoint, keeper: Keeper) -> Iterator[str]:
    if outcome.failure and _has_something(outcome):
        kept = "is in the result" if keeper.path is None else f"is in {keeper.path}"
        yield f"{outcome.failure}; what was received {kept}, marked partial"
    elif outcome.failure:
        answered = any(isinstance(entry, UpgradeOpened | Refused) for entry in outcome.recording.entries)
        unreachable = server.is_loopback and not answered and not outcome.interrupted
        yield outcome.failure + ("; is `dgharness serve` running?" if unreachable else "")
    if keeper.failure:
        yield keeper.failure
