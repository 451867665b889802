"""`dgharness serve`: a Deepgram on this machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness.cases import load_case
from harness.cli.answering import known_for
from harness.cli.engine import engine_option, listening
from harness.cli.flux_switches import flux_switches
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import DEFAULT_PORT, at_least_1, factor, log_options, seconds
from harness.cli.output import TOOL, say
from harness.cli.run_cases import case_files
from harness.cli.sessions import Sessions
from harness.cli.signals import in_loop, on_stop
from harness.errors import BadInput
from harness.protocol.closing import ReasonStyle
from harness.protocol.session import Timers
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.table import FAULTS
from mock_server.flux.settings import FluxSettings
from mock_server.library import Known, Replies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="0: a free one.")
@click.option(
    "--say", "spoken", metavar="TEXT|@FILE", help="Answer any audio at all with this text, at a natural rate."
)
@click.option(
    "--recording",
    "recordings",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A recording (.jsonl), a pre-recorded response (.json), or a folder of them; may be repeated. "
    "The only one answers whatever is sent; of several the one whose audio it is.",
)
@click.option(
    "--case", "cases", multiple=True, type=click.Path(path_type=Path), help="A case file or folder; its replies."
)
@engine_option("Answer any audio at all with what this recogniser hears.")
@click.option("--unknown-is-silence", is_flag=True, help="Answer unknown audio with silence instead of a refusal.")
@click.option("--api-key", "api_keys", multiple=True, help="Let in only this key; may be repeated. Default: any key.")
@click.option("--no-key", is_flag=True, help="Let in requests without a key too.")
@click.option("--allow-origin", "origins", multiple=True, help="A web origin that may connect; loopback ones may.")
@click.option("--any-model", is_flag=True, help="Accept model names that Deepgram does not publish.")
@click.option("--url-file", "url_files", multiple=True, metavar="URL=FILE", help="The file behind a posted URL.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="'KIND FIELD=VALUE ...'",
    help="What goes wrong, such as 'reset at_audio_s=3 leg=0'; may be repeated. Kinds: " + ", ".join(FAULTS) + ".",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all chance in the server.")
@click.option("--lag-scale", type=factor, default=1.0, show_default=True, help="0 answers at once.")
@click.option(
    "--max-speed",
    type=at_least_1,
    default="1.25",
    show_default=True,
    help="How fast audio is worked on, as a factor of real time: bursts delay the answers. max: at once.",
)
@click.option("--max-connections", type=click.IntRange(1), help="Streams and posted files at a time; then 429.")
@click.option("--lenient", is_flag=True, help="Let in queries that Deepgram is only believed to refuse.")
@click.option(
    "--reason-style",
    type=click.Choice([style.value for style in ReasonStyle]),
    default=ReasonStyle.SENTENCE.value,
    show_default=True,
    help="Reasons of closes: sentences as on the wire, or bare codes as in the docs.",
)
@click.option("--idle-timeout-s", type=seconds, default=10.0, show_default=True, help="Silence before NET-0001.")
@click.option("--output-timeout-s", type=seconds, default=30.0, show_default=True, help="Nothing to say: NET-0000.")
@click.option(
    "--compat",
    type=click.Choice(["2026", "2025"]),
    default="2026",
    show_default=True,
    help="Fields of messages: 2025 is without diarize_info, and on /v2/listen without times, trigger and languages.",
)
@flux_switches
@click.option("--record-dir", type=click.Path(path_type=Path), help="Write the journal of each session here.")
@click.option("--certfile", type=click.Path(path_type=Path), help="PEM certificate, for wss:// and https://.")
@click.option("--keyfile", type=click.Path(path_type=Path), help="PEM key, when it is not in --certfile.")
@click.option("--json", "as_json", is_flag=True, help="Print each session's verdict as a line of JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Print no verdicts.")
@log_options
def command(
    host: str,
    port: int,
    spoken: str | None,
    recordings: tuple[Path, ...],
    cases: tuple[Path, ...],
    engine: str | None,
    unknown_is_silence: bool,
    api_keys: tuple[str, ...],
    no_key: bool,
    origins: tuple[str, ...],
    any_model: bool,
    url_files: tuple[str, ...],
    faults: tuple[str, ...],
    seed: int,
    lag_scale: float,
    max_speed: float | None,
    max_connections: int | None,
    lenient: bool,
    reason_style: str,
    idle_timeout_s: float,
    output_timeout_s: float,
    compat: str,
    flux: FluxSettings,
    record_dir: Path | None,
    certfile: Path | None,
    keyfile: Path | None,
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
    set_up_logging(log_level, as_json=log_json, secrets=frozenset().union(*map(secrets_of, api_keys)))
    if keyfile is not None and certfile is None:
        raise BadInput(f"--keyfile {keyfile}: belongs to a certificate; name that with --certfile")
    settings = ServerSettings(
        host=_host(host),
        port=port,
        api_keys=frozenset(api_keys) or None,
        require_key=not no_key,
        allowed_origins=frozenset(origins),
        any_model=any_model,
        seed=seed,
        file_urls=_url_files(url_files),
        faults=tuple(map(parse_fault_text, faults)),
        connection=ConnectionSettings(
            timers=Timers(idle_after_s=idle_timeout_s, output_after_s=output_timeout_s),
            lag_scale=lag_scale,
            max_speed=max_speed,
            reason_style=ReasonStyle(reason_style),
            details_of_2026=compat == "2026",
        ),
        flux=replace(flux, details_of_2026=compat == "2026"),
        max_connections=max_connections,
        strict_query=not lenient,
        certfile=certfile,
        keyfile=keyfile,
    )
    if engine is not None and (spoken or recordings or cases or unknown_is_silence):
        raise BadInput(
            "--engine answers everything by itself; wanted it without --say, --recording, --case and the like"
        )
    sessions = Sessions(record_dir, as_json=as_json, quiet=quiet)
    with (
        listening(engine)
        if engine is not None
        else nullcontext(_replies(spoken, recordings, cases, unknown_is_silence=unknown_is_silence)) as replies
    ):
        asyncio.run(_serve(MockServer(replies, settings, on_session=sessions), settings))
    return 0


async def _serve(server: MockServer, settings: ServerSettings) -> None:
    stop = asyncio.Event()
    with on_stop(in_loop(stop.set)):
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


def _host(host: str) -> str:
    if not host.strip():
        raise BadInput(
            "--host: is empty; wanted an address, such as 127.0.0.1, or 0.0.0.0 for every one of this machine"
        )
    return host.strip().removeprefix("[").removesuffix("]")


def _replies(
    spoken: str | None, recordings: tuple[Path, ...], cases: tuple[Path, ...], *, unknown_is_silence: bool
) -> Replies:
    known: list[Known] = loading.load_known(recordings)
    known += [known_for(load_case(path)) for path in case_files(cases)]
    if spoken is None and not known and not unknown_is_silence:
        raise BadInput(
            "nothing to answer with: name --say TEXT, --recording PATH, --case PATH, --engine NAME or "
            "--unknown-is-silence"
        )
    names = Counter(entry.source.name for entry in known)
    for name in (name for name, times in names.items() if times > 1):
        raise BadInput(f"{names[name]} recordings or cases are named {name!r}; a name answers for one")
    if spoken is not None:
        return Replies(known, always=loading.say(spoken))
    only = known[0].source if len(known) == 1 and recordings else None
    return Replies(known, always=only, unknown_is_silence=unknown_is_silence)


def _url_files(pairs: tuple[str, ...]) -> dict[str, Path]:
    split = [pair.rpartition("=") for pair in pairs]
    for pair, (url, _, path) in zip(pairs, split, strict=True):
        if not url or not Path(path).exists():
            raise BadInput(f"--url-file {pair!r}: wanted URL=FILE with a file or folder that exists")
    return {url: Path(path) for url, _, path in split}
