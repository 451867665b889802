"""`dgharness stream`: stream audio, show what is heard, judge the session."""

from __future__ import annotations

from pathlib import Path

import click

from harness.audio.chunking import chunk_advice, chunk_size
from harness.audio.format import AudioFormat
from harness.cli import audio_input
from harness.cli.keeper import Keeper
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import advise, endpoint_options, json_option, log_options, query_option, was_given
from harness.cli.output import TOOL, check_writable, note, warn
from harness.cli.progress import Watcher
from harness.cli.signals import finish
from harness.cli.stream_options import stream_options
from harness.cli.stream_query import query_for
from harness.cli.stream_result import conclude, result_of
from harness.cli.stream_source import FORMAT_PARAMETERS, format_options, sending
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.errors import BadInput
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.recording.entries import AnyEntry
from harness.runner import judge_stream
from harness.streamer.notes import StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.transcript import Transcript


@click.command("stream")
@click.argument("source", metavar="FILE|-|URL")
@endpoint_options
@query_option
@click.option("--flux", is_flag=True, help="Speak to /v2/listen, in turns; chunks of 80 ms unless told otherwise.")
@format_options
@stream_options
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
    declared: AudioFormat | None,
    settings: StreamSettings,
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
    audio = sending(source, declared)
    options = query_for(audio, pairs, flux=flux)
    chunk_size(audio.fmt, settings.chunk_ms)  # a size that is refused is said before anything is advised
    server = Endpoint(url, key)
    _check_record(record, source)
    opened = audio.open()
    _advise(options, opened, settings)
    keeper = Keeper(record, secrets_of(key))
    outcome = _streamed(server, options, opened, settings, keeper, watch=watch)
    result = result_of(outcome, judge_stream(outcome, settings), opened.audio.source, server, record)
    return conclude(outcome, result, server, keeper, as_json=as_json)


def _check_record(record: Path | None, source: str) -> None:
    check_writable([record])
    if record is not None and record.exists() and not audio_input.is_url(source):
        audio = Path(source)
        if audio.exists() and record.samefile(audio):
            raise BadInput(f"--record {record}: is the audio itself, which it would overwrite; wanted another file")


def _advise(options: ListenOptions | FluxOptions, opened: audio_input.Opened, settings: StreamSettings) -> None:
    """Say on stderr what is odd about what is asked for, and about the audio."""
    if isinstance(options, ListenOptions):
        advise(options)
        warn(chunk_advice(settings.chunk_ms))
    warn(*opened.warnings)
    if opened.converted:
        # Only who named a format contradicts the file; the default converts what comes, and says so.
        (warn if any(map(was_given, FORMAT_PARAMETERS)) else note)(opened.converted)


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
