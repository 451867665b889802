"""Options that several commands have, and what follows from them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any, Final, TypeVar

import click

from harness.errors import BadInput
from harness.protocol.listen_options import ListenOptions
from harness.protocol.options import advice as advice_on
from harness.protocol.options import problems

DEFAULT_PORT: Final = 8080
DEFAULT_KEY: Final = "dgharness"
"""What a mock is sent when there is no key; it takes any."""

DEFAULT_URL: Final = f"ws://127.0.0.1:{DEFAULT_PORT}"
TOOL: Final = f"dgharness {version('dgharness')}"

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def key_option(command: F) -> F:
    """`--key`."""
    return click.option(
        "--key",
        envvar="DEEPGRAM_API_KEY",
        default=DEFAULT_KEY,
        help="API key; the environment's DEEPGRAM_API_KEY unless given. Never logged, stored or reported.",
    )(command)


def endpoint_options(command: F) -> F:
    """`--url` and `--key`."""
    url = click.option("--url", default=DEFAULT_URL, show_default=True, help="The server: ws://, wss://, http(s)://.")
    return url(key_option(command))


def log_options(command: F) -> F:
    """`--log-level` and `--log-json`."""
    level = click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="warning",
        show_default=True,
        help="What is logged to stderr.",
    )
    as_json = click.option("--log-json", is_flag=True, help="Log JSON lines.")
    return level(as_json(command))


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")(command)


def query_option(command: F) -> F:
    """`-o NAME=VALUE`."""
    return click.option(
        "-o",
        "--option",
        "pairs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter of the query string, such as -o model=nova-3 -o smart_format=true; may be repeated.",
    )(command)


def query_pairs(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs of `-o NAME=VALUE`.

    Raises:
        BadInput: one has no `=`.
    """
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not equals or not name:
            raise BadInput(f"-o {pair!r}: wanted NAME=VALUE")
    return tuple((name, value) for name, _, value in split)


def set_up_logging(level: str, *, as_json: bool) -> None:
    """Send the log to stderr, as text or as JSON lines with every `extra` field."""
    handler = logging.StreamHandler(sys.stderr)
    if as_json:
        from pythonjsonlogger.json import JsonFormatter

        handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{"))
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("dgharness")
    root.addHandler(handler)
    root.setLevel(level.upper())
    root.propagate = False


def advise(options: ListenOptions, *further: str | None) -> None:
    """Say on stderr what a server would refuse or ignore; the session is tried all the same."""
    for refusal in problems(options):
        click.echo(f"warning: Deepgram would refuse this: {refusal.message}", err=True)
    for sentence in [*(advice.sentence for advice in advice_on(options)), *filter(None, further)]:
        click.echo(f"warning: {sentence}", err=True)


async def interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Await something that Ctrl-C and SIGTERM cancel; what it returns all the same, a partial result, is kept."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for signal in (SIGINT, SIGTERM):
        loop.add_signal_handler(signal, task.cancel)
    try:
        return await task
    finally:
        for signal in (SIGINT, SIGTERM):
            loop.remove_signal_handler(signal)


def write_text(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
