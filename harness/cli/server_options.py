"""The options of `dgharness serve` that say where it listens, whom it lets in, and how its streams behave."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from harness.cli.options import DEFAULT_PORT, as_one, at_least_1, factor, seconds
from harness.errors import BadInput
from harness.protocol.closing import ReasonStyle
from harness.protocol.session import Timers
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.table import FAULTS
from mock_server.settings import ServerSettings


def _settings(
    *,
    host: str,
    port: int,
    api_keys: tuple[str, ...],
    no_key: bool,
    origins: tuple[str, ...],
    any_model: bool,
    url_files: tuple[str, ...],
    faults: tuple[str, ...],
    seed: int,
    max_connections: int | None,
    lenient: bool,
    certfile: Path | None,
    keyfile: Path | None,
) -> ServerSettings:
    if keyfile is not None and certfile is None:
        raise BadInput(f"--keyfile {keyfile}: belongs to a certificate; name that with --certfile")
    return ServerSettings(
        host=_host(host),
        port=port,
        api_keys=frozenset(api_keys) or None,
        require_key=not no_key,
        allowed_origins=frozenset(origins),
        any_model=any_model,
        seed=seed,
        file_urls=_url_files(url_files),
        faults=tuple(map(parse_fault_text, faults)),
        max_connections=max_connections,
        strict_query=not lenient,
        certfile=certfile,
        keyfile=keyfile,
    )


def _host(host: str) -> str:
    if not host.strip():
        raise BadInput(
            "--host: is empty; wanted an address, such as 127.0.0.1, or 0.0.0.0 for every one of this machine"
        )
    return host.strip().removeprefix("[").removesuffix("]")


def _url_files(pairs: tuple[str, ...]) -> dict[str, Path]:
    split = [pair.rpartition("=") for pair in pairs]
    for pair, (url, _, path) in zip(pairs, split, strict=True):
        if not url or not Path(path).exists():
            raise BadInput(f"--url-file {pair!r}: wanted URL=FILE with a file or folder that exists")
    return {url: Path(path) for url, _, path in split}


server_options: Final = as_one(
    "settings",
    _settings,
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="0: a free one."
    ),
    click.option(
        "--api-key", "api_keys", multiple=True, help="Let in only this key; may be repeated. Default: any key."
    ),
    click.option("--no-key", is_flag=True, help="Let in requests without a key too."),
    click.option("--allow-origin", "origins", multiple=True, help="A web origin that may connect; loopback ones may."),
    click.option("--any-model", is_flag=True, help="Accept model names that Deepgram does not publish."),
    click.option("--lenient", is_flag=True, help="Let in queries that Deepgram is only believed to refuse."),
    click.option("--max-connections", type=click.IntRange(1), help="Streams and posted files at a time; then 429."),
    click.option("--url-file", "url_files", multiple=True, metavar="URL=FILE", help="The file behind a posted URL."),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="'KIND FIELD=VALUE ...'",
        help="What goes wrong, such as 'reset at_audio_s=3 leg=0'; may be repeated. Kinds: " + ", ".join(FAULTS) + ".",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Of all chance in the server."),
    click.option("--certfile", type=click.Path(path_type=Path), help="PEM certificate, for wss:// and https://."),
    click.option("--keyfile", type=click.Path(path_type=Path), help="PEM key, when it is not in --certfile."),
)
"""Adds the options; the command gets them as one `ServerSettings` named `settings`."""


def _behaviour(
    *,
    lag_scale: float,
    max_speed: float | None,
    reason_style: str,
    idle_timeout_s: float,
    output_timeout_s: float,
    compat: str,
) -> ConnectionSettings:
    return ConnectionSettings(
        timers=Timers(idle_after_s=idle_timeout_s, output_after_s=output_timeout_s),
        lag_scale=lag_scale,
        max_speed=max_speed,
        reason_style=ReasonStyle(reason_style),
        details_of_2026=compat == "2026",
    )


behaviour_options: Final = as_one(
    "behaviour",
    _behaviour,
    click.option("--lag-scale", type=factor, default=1.0, show_default=True, help="0 answers at once."),
    click.option(
        "--max-speed",
        type=at_least_1,
        default="1.25",
        show_default=True,
        help="How fast audio is worked on, as a factor of real time: bursts delay the answers. max: at once.",
    ),
    click.option(
        "--reason-style",
        type=click.Choice([style.value for style in ReasonStyle]),
        default=ReasonStyle.SENTENCE.value,
        show_default=True,
        help="Reasons of closes: sentences as on the wire, or bare codes as in the docs.",
    ),
    click.option("--idle-timeout-s", type=seconds, default=10.0, show_default=True, help="Silence before NET-0001."),
    click.option("--output-timeout-s", type=seconds, default=30.0, show_default=True, help="Nothing to say: NET-0000."),
    click.option(
        "--compat",
        type=click.Choice(["2026", "2025"]),
        default="2026",
        show_default=True,
        help="Fields of messages: 2025 is without diarize_info, "
        "and on /v2/listen without times, trigger and languages.",
    ),
)
"""Adds the options; the command gets them as one `ConnectionSettings` named `behaviour`."""
