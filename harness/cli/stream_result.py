"""What came of `dgharness stream`: the result on stdout, what went wrong in a sentence on stderr, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.cli.keeper import Keeper
from harness.cli.output import complain, note, say, style_for, warn
from harness.client.endpoint import Endpoint
from harness.conformance.findings import Severity, Verdict
from harness.recording.entries import Direction, Opened, Refused
from harness.recording.scrub import mask
from harness.results import CaseResult, Outcome, to_json
from harness.session_results import summarise_stream
from harness.streamer.notes import StreamOutcome
from reports.figures import count
from reports.render_text import render_case_text

RECORDING_ENDING: Final = ".jsonl"


def result_of(outcome: StreamOutcome, verdict: Verdict, name: str, server: Endpoint, record: Path | None) -> CaseResult:
    """What one stream came to.

    Args:
        outcome: of the stream.
        verdict: the judge's.
        name: of the audio.
        server: that answered.
        record: where the recording is.
    """
    errors = [finding.message for finding in verdict.findings if finding.severity is Severity.ERROR]
    wrong = [*errors, *(f"ledger: {problem}" for problem in outcome.ledger_problems())]
    return CaseResult(
        name=name,
        outcome=Outcome.ERROR if outcome.failure else Outcome.FAIL if wrong else Outcome.PASS,
        reasons=(outcome.failure,) if outcome.failure else tuple(wrong),
        audio=name,
        replies=server.host,
        streamed=summarise_stream(outcome),
        verdict=verdict,
        recording=str(record) if record else None,
    )


def conclude(outcome: StreamOutcome, result: CaseResult, server: Endpoint, keeper: Keeper, *, as_json: bool) -> int:
    """Print what came of it; returns the exit code."""
    if as_json:
        say(mask(to_json(result), keeper.secrets))
    elif _has_something(outcome):
        say(mask(render_case_text(result, **style_for(sys.stdout)), keeper.secrets))
    _tell_of_outages(outcome)
    if keeper.path is not None and keeper.path.suffix != RECORDING_ENDING:
        note(f"{keeper.path}: `serve --recording` takes it when its name ends in {RECORDING_ENDING}")
    went_wrong = [mask(sentence, keeper.secrets) for sentence in _went_wrong(outcome, server, keeper)]
    for sentence in went_wrong:
        complain(sentence)
    return 2 if went_wrong else 0 if result.outcome is Outcome.PASS else 1


def _tell_of_outages(outcome: StreamOutcome) -> None:
    """Say on stderr how often the connection was lost, and what of the source never went out because of it."""
    if outcome.reconnections:
        outages = (f"lost at {one.lost_wall_s:.2f} s, back after {one.took_s:.2f} s" for one in outcome.reconnections)
        note(f"{count(outcome.connections, 'connection')}: {'; '.join(outages)}")
    for gap in outcome.dropped:
        length_s = gap.end_audio_s - gap.start_audio_s
        warn(
            f"dropped {gap.start_audio_s:.3f} to {gap.end_audio_s:.3f} s of the source ({length_s:.3f} s): the buffer "
            "could not hold it until it could be sent"
        )


def _has_something(outcome: StreamOutcome) -> bool:
    """Whether there is more to tell of the session than why it failed."""
    return bool(outcome.audio) or not outcome.failure or any(outcome.recording.texts(Direction.DOWNSTREAM))


def _went_wrong(outcome: StreamOutcome, server: Endpoint, keeper: Keeper) -> Iterator[str]:
    if outcome.failure and _has_something(outcome):
        kept = "is in the result" if keeper.path is None else f"is in {keeper.path}"
        yield f"{outcome.failure}; what was received {kept}, marked partial"
    elif outcome.failure:
        answered = any(isinstance(entry, Opened | Refused) for entry in outcome.recording.entries)
        unreachable = server.is_loopback and not answered and not outcome.interrupted
        yield outcome.failure + ("; is `dgharness serve` running?" if unreachable else "")
    if keeper.failure:
        yield keeper.failure
