"""Options that several commands have, and the values they take."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from harness.cli.output import warn
from harness.errors import BadInput
from harness.protocol.listen_options import ListenOptions
from harness.protocol.options import advice, problems
from harness.protocol.parameters import Endpoint

DEFAULT_PORT: Final = 8080
DEFAULT_KEY: Final = "dgharness"
"""What a mock is sent when there is no key; it takes any."""

DEFAULT_URL: Final = f"ws://127.0.0.1:{DEFAULT_PORT}"

F = TypeVar("F", bound=Callable[..., Any])


def _number(text: str, least: str, *, zero: bool = False) -> float:
    """A finite number; click's own ranges let `nan` and `inf` through."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf or (number == 0 and not zero):
        raise click.BadParameter(f"{text!r} is not {least}")
    return number


def seconds(text: str) -> float:
    """The type of an option that is a time-out."""
    return _number(text, "a number of seconds above 0")


def milliseconds(text: str) -> float:
    """The type of an option that is a length of audio as the wire has it."""
    return _number(text, "a number of milliseconds above 0")


def factor(text: str) -> float:
    """The type of an option that something is multiplied with."""
    return _number(text, "a number of 0 or more", zero=True)


def seconds_from_zero(text: str) -> float:
    """The type of an option that is a length of time or audio, possibly none."""
    return _number(text, "a number of seconds, 0 or more", zero=True)


def at_least_1(text: str) -> float | None:
    """The type of an option that is a factor of real time: a number from 1, or `max` for no bound, which is None."""
    if text == "max":
        return None
    number = _number(text, "a number from 1, or max")
    if number < 1:
        raise click.BadParameter(f"{text!r} is not a number from 1, or max")
    return number


def _header_value(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A key as it can stand in a header; the sentence does not show it."""
    key = value.strip()
    if not all("!" <= character <= "~" for character in key):
        raise BadInput("--key: holds a blank or a character that cannot stand in an HTTP header")
    return key


def key_option(command: F) -> F:
    """`--key`."""
    return click.option(
        "--key",
        envvar="DEEPGRAM_API_KEY",
        default=DEFAULT_KEY,
        callback=_header_value,
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
        default="error",
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


def as_one(name: str, make: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Adds options that belong together; the command gets them as one parameter.

    Args:
        name: of that parameter.
        make: makes it of the options, whose names its own parameters have.
        options: the options, as `click.option` makes them, in the order of the help.
    """
    taken = tuple(inspect.signature(make).parameters)

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def with_one(*arguments: Any, **given: Any) -> Any:
            made = make(**{option: given.pop(option) for option in taken})
            return command(*arguments, **{name: made}, **given)

        decorated: Any = functools.reduce(lambda inner, option: option(inner), reversed(options), with_one)
        typed: F = decorated
        return typed

    return decorate


def query_pairs(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs of `-o NAME=VALUE`.

    Raises:
        BadInput: one has no `=`, or no name before it.
    """
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not equals or not name:
            raise BadInput(f"-o {pair!r}: wanted NAME=VALUE")
    return tuple((name, value) for name, _, value in split)


def was_given(name: str) -> bool:
    """Whether the user gave the running command's parameter, rather than leaving it at its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in (None, click.core.ParameterSource.DEFAULT)


def advise(options: ListenOptions, endpoint: Endpoint = Endpoint.STREAMING) -> None:
    """Say on stderr what a server would refuse or ignore; it is asked all the same."""
    warn(*(f"Deepgram would refuse this: {refusal.message}" for refusal in problems(options, endpoint=endpoint)))
    warn(*(found.sentence for found in advice(options, endpoint=endpoint)))
