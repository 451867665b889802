"""`dgharness stream`: stream audio, show what is heard, judge the session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from harness.audio.chunking import chunk_advice
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pacing import Speed
from harness.cli.audio_input import prepare
from harness.cli.keeper import Keeper
from harness.cli.progress import Watcher
from harness.cli.shared import (
    TOOL,
    advise,
    endpoint_options,
    interruptible,
    json_option,
    log_options,
    query_option,
    query_pairs,
    set_up_logging,
)
from harness.client.endpoint import Endpoint
from harness.client.streaming import stream
from harness.errors import BadInput
from harness.protocol.session import Timers
from harness.recording.entries import AnyEntry
from harness.results import CaseResult, Outcome, to_json
from harness.runner import judge_stream, listen_options, summarise_stream
from harness.streamer.settings import StreamSettings
from harness.transcript import Transcript
from reports.render_text import render_case_text


@click.command("stream")
@click.argument("source", metavar="FILE|-|URL")
@endpoint_options
@query_option
@click.option("--chunk-ms", type=float, default=20, show_default=True, help="Audio in each frame, 20 to 250 ms.")
@click.option("--speed", default="1", show_default=True, help="Audio seconds per second: 1, 4, or max.")
@click.option("--encoding", default="linear16", show_default=True, help="linear16, linear32, mulaw or alaw.")
@click.option("--sample-rate", type=int, default=16_000, show_default=True, help="Hz.")
@click.option("--channels", type=int, default=1, show_default=True, help="Interleaved channels to send.")
@click.option("--finalize", is_flag=True, help="Send Finalize after the last audio.")
@click.option("--keep-alive-s", type=float, default=5.0, show_default=True, help="Pause before a KeepAlive.")
@click.option("--drain-timeout-s", type=float, default=20.0, show_default=True, help="Longest wait for Metadata.")
@click.option("--connect-timeout-s", type=float, default=10.0, show_default=True, help="Longest wait for the upgrade.")
@click.option("--record", "record_path", type=click.Path(path_type=Path), help="Write the recording here (.jsonl).")
@click.option("--watch", is_flag=True, help="Print every interim and final as it comes.")
@json_option
@log_options
def command(
    source: str,
    url: str,
    key: str,
    pairs: tuple[str, ...],
    chunk_ms: float,
    speed: str,
    encoding: str,
    sample_rate: int,
    channels: int,
    finalize: bool,
    keep_alive_s: float,
    drain_timeout_s: float,
    connect_timeout_s: float,
    record_path: Path | None,
    watch: bool,
    as_json: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Stream FILE, raw audio from standard input (-), or what an http URL names, and judge the session.

    A file is decoded and sent as raw audio in the declared format; its header never reaches the stream. Files that end
    in .raw or .pcm, and standard input, are taken to be in that format already.

    \b
    dgharness stream speech.wav --chunk-ms 40 -o model=nova-3 -o smart_format=true
    arecord -f S16_LE -r 16000 -t raw | dgharness stream - --record call.jsonl
    """
    set_up_logging(log_level, as_json=log_json)
    if encoding not in list(Encoding):
        raise BadInput(f"--encoding {encoding!r}: wanted one of {', '.join(Encoding)}")
    fmt = AudioFormat(Encoding(encoding), sample_rate, channels)
    options = listen_options(query_pairs(pairs), fmt)
    settings = StreamSettings(
        chunk_ms=chunk_ms,
        speed=Speed.parse(speed),
        connect_timeout_s=connect_timeout_s,
        timers=Timers(keep_alive_after_s=keep_alive_s, drain_after_s=drain_timeout_s),
        finalize=finalize,
    )
    advise(options, chunk_advice(chunk_ms))
    server = Endpoint(url, key)
    audio, duration_audio_s = prepare(source, fmt)
    with Watcher(audio.source, duration_audio_s, watch=watch) as watcher, Keeper(record_path) as keeper:

        def observe(entry: AnyEntry, transcript: Transcript) -> None:
            keeper(entry, transcript)
            watcher(entry, transcript)

        streaming = stream(server, options, audio, settings, tool=TOOL, observer=observe, on_header=keeper.header)
        outcome = asyncio.run(interruptible(streaming))
        keeper.finish(outcome.audio)
    verdict = judge_stream(outcome, settings)
    result = CaseResult(
        name=audio.source,
        outcome=Outcome.ERROR if outcome.failure else Outcome.PASS if verdict.passed else Outcome.FAIL,
        reasons=(outcome.failure,) if outcome.failure else (),
        audio=audio.source,
        replies=server.host,
        streamed=summarise_stream(outcome, None),
        verdict=verdict,
        recording=str(record_path) if record_path else None,
    )
    click.echo(to_json(result) if as_json else render_case_text(result))
    if outcome.failure:
        click.echo(f"dgharness: {outcome.failure}; what was received is kept, marked partial", err=True)
        return 2
    return 0 if verdict.passed else 1
