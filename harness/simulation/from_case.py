"""Cases in virtual time: a scenario made of a case, and a case file made of a schedule that failed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import tomli_w

from harness.audio.decode import encode, read_audio
from harness.cases import Case
from harness.errors import BadInput
from harness.query_options import flux_options, listen_options
from harness.runner import stream_settings
from harness.simulation.scenario import Scenario
from harness.streamer.backoff import ReconnectPolicy
from mock_server.faults.base import Fault
from mock_server.faults.notation import fault_table
from mock_server.library import Known, Replies

PATHS: Final = ("audio", "reference_file")
REPLY_PATHS: Final = ("recording", "prerecorded")
STUBBORN: Final = ReconnectPolicy(attempts=10, budget_s=None)
"""How a case's client comes back that does not say so itself."""


def scenario_of(case: Case, known: Known, faults: Sequence[Fault]) -> Scenario:
    """The same case with a client that comes back, in virtual time.

    Args:
        case: which one; `reconnect` of its `[stream]` counts when it is not 0.
        known: what answers it.
        faults: what goes wrong.

    Raises:
        BadInput: its audio cannot be read, its options are none, or it wants to be sent at full speed, for which there
            is no schedule that an outage could disturb.
    """
    settings = stream_settings(case)
    if settings.speed.is_max:
        raise BadInput(f"{case.path}: [stream] speed is max; wanted a number: at full speed there is no time to lose")
    if not case.stream.reconnect:
        settings = replace(settings, reconnect=STUBBORN)
    audio = read_audio(case.audio)
    fmt = case.audio_format(audio.channels)
    return Scenario(
        audio=encode(audio, fmt),
        fmt=fmt,
        options=flux_options(case.options, fmt) if case.flux else listen_options(case.options, fmt),
        replies=Replies(always=known.source),
        settings=settings,
        faults=tuple(faults),
    )


def failing_case(case: Case, faults: Sequence[Fault], seed: int, why: str) -> str:
    """A case file that replays a schedule: the case, with these faults under this seed, and absolute paths."""
    table: dict[str, Any] = tomllib.loads(case.path.read_text(encoding="utf-8"))
    folder = case.path.parent.resolve()
    for name in PATHS:
        if name in table:
            table[name] = str(folder / table[name])
    for name in REPLY_PATHS:
        if name in table.get("replies", {}):
            table["replies"][name] = str(folder / table["replies"][name])
    table["about"], table["seed"] = why, seed
    table["faults"] = [fault_table(fault) for fault in faults]
    return tomli_w.dumps(table)
