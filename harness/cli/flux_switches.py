"""The options of `dgharness serve` for `/v2/listen`: one for each point on which sources about Flux disagree."""

from __future__ import annotations

from typing import Final

import click

from harness.cli.options import as_one, seconds
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


def _settings(
    *,
    flux_close_code: str,
    flux_idle_timeout_s: float,
    flux_fatal_type: str,
    flux_most_eot_threshold: float,
    flux_most_eot_timeout_ms: int,
    flux_eot_timeout_ms: int,
    flux_bare_failures: bool,
    flux_pending_configures: int,
    flux_no_force_end_turn: bool,
) -> FluxSettings:
    least, most = EOT_TIMEOUTS_MS[0], flux_most_eot_timeout_ms
    if not least <= flux_eot_timeout_ms <= most:
        raise BadInput(
            f"--flux-eot-timeout-ms {flux_eot_timeout_ms}: wanted {least} to {most} (--flux-most-eot-timeout-ms)"
        )
    return FluxSettings(
        timers=FluxTimers(idle_after_s=flux_idle_timeout_s),
        close_code=int(flux_close_code),
        force_end_turn=not flux_no_force_end_turn,
        fatal_type=FatalType(flux_fatal_type),
        failure_reasons=not flux_bare_failures,
        bounds=FluxBounds(
            most_eot_threshold=flux_most_eot_threshold,
            most_eot_timeout_ms=most,
            default_eot_timeout_ms=flux_eot_timeout_ms,
        ),
        pending_configures=flux_pending_configures or None,
    )


flux_switches: Final = as_one("flux", _settings, *_OPTIONS)
"""Adds the options; the command gets them as one `FluxSettings` named `flux`."""
