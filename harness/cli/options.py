"""Options that several commands have, and the values they take."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import click

from harness.cli.output import warn
from harness.errors import BadInput
from harness.protocol.listen_options import ListenOptions
from harness.protocol.options import advice, problems
from harness.protocol.parameters import Endpoint
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.settings import StreamSettings

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


def catch_up_factor(text: str) -> float:
    """The type of an option that says how much faster a backlog is sent; below 1 it would grow for ever."""
    number = factor(text)
    if number < 1:
        raise click.BadParameter(f"{text!r} is not a number of 1 or more")
    return number


def attempts(text: str) -> int:
    """The type of an option that counts tries."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,5}", text):
        raise click.BadParameter(f"{text!r} is not a whole number from 1 to 999999")
    return int(text)


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


@dataclass(frozen=True)
class ComingBack:
    """What the options of `reconnect_options` came to.

    Attributes:
        reconnect: when to come back after a connection was lost; `NEVER` without `--reconnect`.
        buffer_audio_s, overlap_audio_s, catch_up, live: as in `StreamSettings`.
    """

    reconnect: ReconnectPolicy
    buffer_audio_s: float
    overlap_audio_s: float
    catch_up: float
    live: bool

    def applied(self, settings: StreamSettings) -> StreamSettings:
        """The same way to stream, with these options in force."""
        return replace(
            settings,
            reconnect=self.reconnect,
            buffer_audio_s=self.buffer_audio_s,
            overlap_audio_s=self.overlap_audio_s,
            catch_up=self.catch_up,
            live=self.live,
        )


_POLICY: Final = ReconnectPolicy()
_STREAM: Final = StreamSettings()
_ONLY_WITH_RECONNECT: Final = {
    "reconnect_attempts": "--reconnect-attempts",
    "reconnect_cap_s": "--reconnect-cap-s",
    "reconnect_budget_s": "--reconnect-budget-s",
    "overlap_s": "--overlap-s",
}
_RECONNECT_OPTIONS: Final = (
    click.option(
        "--reconnect",
        is_flag=True,
        help="Come back after a lost connection and go on where the finals end. Without it a test fails loudly.",
    ),
    click.option(
        "--reconnect-attempts",
        type=attempts,
        metavar="N",
        default=str(_POLICY.attempts),
        show_default=True,
        help="Tries in a row; a final starts the count afresh.",
    ),
    click.option(
        "--reconnect-cap-s",
        type=seconds,
        default=_POLICY.cap_s,
        show_default=True,
        help="Longest wait before a try that the server did not ask for.",
    ),
    click.option(
        "--reconnect-budget-s",
        type=seconds,
        default=_POLICY.budget_s,
        show_default=True,
        help="Most seconds waited in a row, what Retry-After asks for included.",
    ),
    click.option(
        "--buffer-s",
        type=seconds,
        default=_STREAM.buffer_audio_s,
        show_default=True,
        help="Audio kept: what is not sent yet, and what is sent and not final yet.",
    ),
    click.option(
        "--overlap-s",
        type=seconds_from_zero,
        metavar="SECONDS",
        default=_STREAM.overlap_audio_s,
        show_default=True,
        help="Final audio sent again, so that a new connection begins in no word's middle.",
    ),
    click.option(
        "--catch-up",
        type=catch_up_factor,
        metavar="FACTOR",
        default=_STREAM.catch_up,
        show_default=True,
        help="How much faster than --speed a backlog is sent; Deepgram keeps up with 1.25.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="The source cannot wait: what the buffer cannot hold is dropped, oldest first, and reported.",
    ),
)


def reconnect_options(command: F) -> F:
    """`--reconnect` and what belongs to it; the command gets one parameter for all, `coming_back: ComingBack`.

    Raises (the command):
        BadInput: an option needs `--reconnect`, or two of them contradict each other.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        names = ("reconnect", *_ONLY_WITH_RECONNECT, "buffer_s", "catch_up", "live")
        return command(*args, coming_back=_coming_back({name: kwargs.pop(name) for name in names}), **kwargs)

    decorated: Any = wrapped
    for option in reversed(_RECONNECT_OPTIONS):
        decorated = option(decorated)
    typed: F = decorated
    return typed


def _coming_back(given: dict[str, Any]) -> ComingBack:
    if not given["reconnect"]:
        for name, option in _ONLY_WITH_RECONNECT.items():
            if was_given(name):
                raise BadInput(f"{option}: is of no use without --reconnect; wanted both, or neither")
    if given["reconnect"] and given["overlap_s"] > given["buffer_s"] / 2:
        raise BadInput(
            f"--overlap-s {given['overlap_s']:g}: is more than half of --buffer-s {given['buffer_s']:g}; "
            "wanted room for what is not final yet"
        )
    policy = ReconnectPolicy(
        first_s=min(_POLICY.first_s, given["reconnect_cap_s"]),
        cap_s=given["reconnect_cap_s"],
        attempts=given["reconnect_attempts"],
        budget_s=given["reconnect_budget_s"],
    )
    return ComingBack(
        reconnect=policy if given["reconnect"] else NEVER,
        buffer_audio_s=given["buffer_s"],
        overlap_audio_s=given["overlap_s"],
        catch_up=given["catch_up"],
        live=given["live"],
    )


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
