"""`dgharness transcribe`: post a file to the pre-recorded endpoint and show what was heard."""

from __future__ import annotations

from dataclasses import replace

import click

from harness.cli import audio_input
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import advise, endpoint_options, json_option, log_options, query_option, query_pairs
from harness.cli.output import say, warn
from harness.cli.progress import working
from harness.cli.signals import finish
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import PrerecordedOutcome, transcribe
from harness.errors import BadInput
from harness.protocol.listen_options import ListenOptions
from harness.protocol.parameters import Endpoint as PathEndpoint
from harness.protocol.prerecorded import PrerecordedResponse
from harness.query_options import DEFAULT_MODEL, read_options
from harness.recording.scrub import mask
from reports.figures import one_line


@click.command("transcribe")
@click.argument("source", metavar="FILE|-|URL")
@endpoint_options
@query_option
@json_option
@log_options
def command(
    source: str, url: str, key: str, pairs: tuple[str, ...], as_json: bool, log_level: str, log_json: bool
) -> int:
    """Post FILE, a file on standard input (-), or what an http URL names, to POST /v1/listen.

    Prints the transcript, a line for each channel; --json prints the server's answer as it came. A file without a
    header needs -o encoding=... and -o sample_rate=...

    \b
    dgharness transcribe speech.wav -o model=nova-3 -o punctuate=true
    """
    secrets = secrets_of(key)
    set_up_logging(log_level, as_json=log_json, secrets=secrets)
    server = Endpoint(url, key)
    options = read_options(query_pairs(pairs), PathEndpoint.PRERECORDED)
    options = replace(options, model=options.model or DEFAULT_MODEL)
    data, container = audio_input.read_source(source), "raw"
    if options.encoding is None:
        audio = audio_input.decoded(data, source)  # what is no audio is found out here, not by the server
        container = audio.container
        warn(*audio.warnings)
    advise(options, PathEndpoint.PRERECORDED)
    return _conclude(_posted(server, options, data, container, source), server, secrets, as_json=as_json)


def _posted(server: Endpoint, options: ListenOptions, data: bytes, container: str, source: str) -> PrerecordedOutcome:
    with working(f"{audio_input.shown_name(source)}  {len(data) / 1e6:.1f} MB posted to {server.host}"):
        return finish(transcribe(server, options, data, container))


def _conclude(outcome: PrerecordedOutcome, server: Endpoint, secrets: frozenset[str], *, as_json: bool) -> int:
    """Print what came of it; returns the exit code."""
    if outcome.failure is not None or outcome.response is None:
        unreachable = outcome.status is None and server.is_loopback
        hint = "; is `dgharness serve` running?" if unreachable else ""
        raise BadInput(mask(f"{outcome.failure}{hint}", secrets))
    say(outcome.body.decode(errors="replace") if as_json else "\n".join(_lines(outcome.response)))
    return 0


def _lines(response: PrerecordedResponse) -> list[str]:
    channels = len(response.results.channels)
    labels = [f"[{channel}] " if channels > 1 else "" for channel in range(channels)]
    return [label + one_line(response.transcript(channel)) for channel, label in enumerate(labels)]
