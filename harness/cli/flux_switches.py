"""The options of `dgharness serve` for `/v2/listen`: one for each point on which sources about Flux disagree."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce, wraps
from typing import Any, Final

import click

from harness.cli.options import seconds
from harness.errors import BadInput
from harness.protocol.flux_bounds import DEFAULT_EOT_THRESHOLD, EOT_TIMEOUTS_MS, FluxBounds
from harness.protocol.flux_session import FluxTimers
from mock_server.flux.settings import FatalType, FluxSettings

_DEFAULT: Final = FluxSettings()
_BOUNDS: Final = _DEFAULT.bounds

_OPTIONS: Final = (
    click.option(
        "--flux-close-code",
        type=click.Choice(["1005", "1000"]),
        default=str(_DEFAULT.close_code),
        show_default=True,
        help="How Flux closes after CloseStream or an Error: 1005 is a frame without a code.",
    ),
    click.option(
        "--flux-idle-timeout-s",
        type=seconds,
        default=_DEFAULT.timers.idle_after_s,
        show_default=True,
        help="Silence before NET-0001 on /v2/listen, pings included; users report 20 to 30.",
    ),
    click.option(
        "--flux-fatal-type",
        type=click.Choice([kind.value for kind in FatalType]),
        default=_DEFAULT.fatal_type.value,
        show_default=True,
        help="The type of the message that ends a Flux session.",
    ),
    click.option(
        "--flux-most-eot-threshold",
        type=click.FloatRange(DEFAULT_EOT_THRESHOLD, 1.0),
        default=_BOUNDS.most_eot_threshold,
        show_default=True,
        help="Highest eot_threshold; 0.9 in the AsyncAPI.",
    ),
    click.option(
        "--flux-most-eot-timeout-ms",
        type=click.IntRange(EOT_TIMEOUTS_MS[0]),
        default=_BOUNDS.most_eot_timeout_ms,
        show_default=True,
        help="Longest eot_timeout_ms; 10000 in 2025.",
    ),
    click.option(
        "--flux-eot-timeout-ms",
        type=int,
        default=_BOUNDS.default_eot_timeout_ms,
        show_default=True,
        help="eot_timeout_ms of a query without it; 3000 in LiveKit's text.",
    ),
    click.option("--flux-bare-failures", is_flag=True, help="ConfigureFailure without code and description."),
    click.option(
        "--flux-pending-configures",
        type=click.IntRange(0),
        default=_DEFAULT.pending_configures,
        show_default=True,
        help="Configures that may wait for their answer at a time; 0: any number.",
    ),
    click.option(
        "--flux-no-force-end-turn", is_flag=True, help="ForceEndTurn is unparsable, as before September 2026."
    ),
)
_NAMES: Final = (
    "flux_close_code",
    "flux_idle_timeout_s",
    "flux_fatal_type",
    "flux_most_eot_threshold",
    "flux_most_eot_timeout_ms",
    "flux_eot_timeout_ms",
    "flux_bare_failures",
    "flux_pending_configures",
    "flux_no_force_end_turn",
)


def flux_switches(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as one `FluxSettings` named `flux`."""

    @wraps(command)
    def with_settings(*arguments: Any, **given: Any) -> Any:
        chosen = {name: given.pop(name) for name in _NAMES}
        return command(*arguments, flux=_settings(chosen), **given)

    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), with_settings)


def _settings(given: dict[str, Any]) -> FluxSettings:
    least, timeout, most = EOT_TIMEOUTS_MS[0], given["flux_eot_timeout_ms"], given["flux_most_eot_timeout_ms"]
    if not least <= timeout <= most:
        raise BadInput(f"--flux-eot-timeout-ms {timeout}: wanted {least} to {most} (--flux-most-eot-timeout-ms)")
    return FluxSettings(
        timers=FluxTimers(idle_after_s=given["flux_idle_timeout_s"]),
        close_code=int(given["flux_close_code"]),
        force_end_turn=not given["flux_no_force_end_turn"],
        fatal_type=FatalType(given["flux_fatal_type"]),
        failure_reasons=not given["flux_bare_failures"],
        bounds=FluxBounds(
            most_eot_threshold=given["flux_most_eot_threshold"],
            most_eot_timeout_ms=most,
            default_eot_timeout_ms=timeout,
        ),
        pending_configures=given["flux_pending_configures"] or None,
    )
