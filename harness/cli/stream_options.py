"""The options of `dgharness stream` that say how it streams, and the settings that they come to."""

from __future__ import annotations

import re
from typing import Final

import click

from harness.audio.pacing import Speed
from harness.cli.options import as_one, factor, milliseconds, seconds, seconds_from_zero, was_given
from harness.errors import BadInput
from harness.protocol.session import Timers
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.settings import StreamSettings

FLUX_CHUNK_MS: Final = 80.0
"""What Deepgram's docs advise for Flux."""

_POLICY: Final = ReconnectPolicy()
_STREAM: Final = StreamSettings()
_ONLY_WITH_RECONNECT: Final = {
    "reconnect_attempts": "--reconnect-attempts",
    "reconnect_cap_s": "--reconnect-cap-s",
    "reconnect_budget_s": "--reconnect-budget-s",
    "overlap_s": "--overlap-s",
}


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


def _settings(
    *,
    chunk_ms: float,
    speed: str,
    finalize: bool,
    keep_alive_s: float,
    drain_timeout_s: float,
    connect_timeout_s: float,
    reconnect: bool,
    reconnect_attempts: int,
    reconnect_cap_s: float,
    reconnect_budget_s: float,
    buffer_s: float,
    overlap_s: float,
    catch_up: float,
    live: bool,
) -> StreamSettings:
    _check_reconnect(overlap_s, buffer_s, reconnect=reconnect)
    policy = ReconnectPolicy(
        first_s=min(_POLICY.first_s, reconnect_cap_s),
        cap_s=reconnect_cap_s,
        attempts=reconnect_attempts,
        budget_s=reconnect_budget_s,
    )
    return StreamSettings(
        chunk_ms=FLUX_CHUNK_MS if _speaks_flux() and not was_given("chunk_ms") else chunk_ms,
        speed=Speed.parse(speed),
        connect_timeout_s=connect_timeout_s,
        timers=Timers(keep_alive_after_s=keep_alive_s, drain_after_s=drain_timeout_s),
        finalize=finalize,
        reconnect=policy if reconnect else NEVER,
        buffer_audio_s=buffer_s,
        overlap_audio_s=overlap_s,
        catch_up=catch_up,
        live=live,
    )


def _speaks_flux() -> bool:
    speaks: bool = click.get_current_context().params["flux"]
    return speaks


def _check_reconnect(overlap_s: float, buffer_s: float, *, reconnect: bool) -> None:
    if not reconnect:
        for name, option in _ONLY_WITH_RECONNECT.items():
            if was_given(name):
                raise BadInput(f"{option}: is of no use without --reconnect; wanted both, or neither")
    elif overlap_s > buffer_s / 2:
        raise BadInput(
            f"--overlap-s {overlap_s:g}: is more than half of --buffer-s {buffer_s:g}; "
            "wanted room for what is not final yet"
        )


stream_options: Final = as_one(
    "settings",
    _settings,
    click.option(
        "--chunk-ms", type=milliseconds, default=20, show_default=True, help="Audio in each frame, 20 to 250 ms."
    ),
    click.option("--speed", default="1", show_default=True, help="Audio seconds per second: 1, 4, or max."),
    click.option("--finalize", is_flag=True, help="Send Finalize after the last audio."),
    click.option("--keep-alive-s", type=seconds, default=5.0, show_default=True, help="Pause before a KeepAlive."),
    click.option("--drain-timeout-s", type=seconds, default=20.0, show_default=True, help="Longest wait for Metadata."),
    click.option(
        "--connect-timeout-s", type=seconds, default=10.0, show_default=True, help="Longest wait for the upgrade."
    ),
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
"""Adds the options; the command, which has `--flux`, gets them as one `StreamSettings` named `settings`."""
