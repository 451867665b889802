"""`dgharness serve`: a Deepgram on this machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness.cli.flux_switches import flux_switches
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import log_options
from harness.cli.output import TOOL, say
from harness.cli.reply_options import RepliesNamed, reply_options
from harness.cli.server_options import behaviour_options, server_options
from harness.cli.sessions import Sessions
from harness.cli.signals import on_stop_in_loop
from mock_server.behaviour import ConnectionSettings
from mock_server.flux.settings import FluxSettings
from mock_server.server import MockServer
from mock_server.settings import ServerSettings


@click.command("serve")
@reply_options
@server_options
@behaviour_options
@flux_switches
@click.option("--record-dir", type=click.Path(path_type=Path), help="Write the journal of each session here.")
@click.option("--json", "as_json", is_flag=True, help="Print each session's verdict as a line of JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Print no verdicts.")
@log_options
def command(
    named: RepliesNamed,
    settings: ServerSettings,
    behaviour: ConnectionSettings,
    flux: FluxSettings,
    record_dir: Path | None,
    as_json: bool,
    quiet: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Be a Deepgram: GET /v1/listen and /v2/listen (WebSocket), POST /v1/listen and GET /health on one port.

    Prints one line of JSON on stdout when it accepts connections, and a verdict on stderr after each session. Point any
    client at ws://HOST:PORT, or http://HOST:PORT, with any key. Ctrl-C or SIGTERM ends it.

    \b
    dgharness serve --say "hello world"
    dgharness serve --recording recordings/ --port 0
    dgharness serve --engine moonshine
    dgharness serve --say "hello world" --fault 'close code=1011 at_audio_s=2 leg=0'
    """
    secrets = frozenset().union(*map(secrets_of, settings.api_keys or ()))
    set_up_logging(log_level, as_json=log_json, secrets=secrets)
    flux = replace(flux, details_of_2026=behaviour.details_of_2026)
    settings = replace(settings, connection=behaviour, flux=flux)
    sessions = Sessions(record_dir, as_json=as_json, quiet=quiet)
    with named.open() as replies:
        asyncio.run(_serve(MockServer(replies, settings, on_session=sessions), settings))
    return 0


async def _serve(server: MockServer, settings: ServerSettings) -> None:
    stop = asyncio.Event()
    with on_stop_in_loop(stop.set):
        async with server:
            say(json.dumps(_ready(settings, server.port)))
            await stop.wait()


def _ready(settings: ServerSettings, port: int) -> dict[str, Any]:
    """The line that says it is time to connect; docs/reference/cli.md lists its fields."""
    secure = "s" if settings.certfile is not None else ""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    address = f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"
    return {
        "event": "ready",
        "host": settings.host,
        "port": port,
        "ws_url": f"ws{secure}://{address}",
        "http_url": f"http{secure}://{address}",
        "health_url": f"http{secure}://{address}/health",
        "pid": os.getpid(),
        "tool": TOOL,
    }
