"""`dgharness transcribe`: post a file to the pre-recorded endpoint and show what was heard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import click

from harness.audio.decode import decode
from harness.cli.audio_input import download, is_url, read_file
from harness.cli.shared import (
    endpoint_options,
    json_option,
    log_options,
    query_option,
    query_pairs,
    set_up_logging,
)
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import transcribe
from harness.errors import BadInput
from harness.protocol.listen_options import read_pairs
from harness.protocol.parameters import Endpoint as PathEndpoint
from harness.protocol.refusal import Refusal
from harness.runner import DEFAULT_MODEL
from reports.figures import one_line


@click.command("transcribe")
@click.argument("source", metavar="FILE|URL")
@endpoint_options
@query_option
@json_option
@log_options
def command(
    source: str, url: str, key: str, pairs: tuple[str, ...], as_json: bool, log_level: str, log_json: bool
) -> int:
    """Post FILE, or what an http URL names, to POST /v1/listen. --json prints the server's answer as it came.

    \b
    dgharness transcribe speech.wav -o model=nova-3 -o punctuate=true
    """
    set_up_logging(log_level, as_json=log_json)
    options = read_pairs(query_pairs(pairs), PathEndpoint.PRERECORDED, strict=True)
    if isinstance(options, Refusal):
        raise BadInput(f"options: {options.message}")
    options = replace(options, model=options.model or DEFAULT_MODEL)
    data, name = (download(source), source) if is_url(source) else (read_file(Path(source)), source)
    container = "raw" if options.encoding is not None else decode(data, name).container
    outcome = asyncio.run(transcribe(Endpoint(url, key), options, data, container))
    if outcome.failure is not None or outcome.response is None:
        raise BadInput(outcome.failure or "no answer")
    if as_json:
        click.echo(outcome.body)
        return 0
    channels = len(outcome.response.results.channels)
    for channel in range(channels):
        label = f"[{channel}] " if channels > 1 else ""
        click.echo(label + one_line(outcome.response.transcript(channel)))
    return 0
