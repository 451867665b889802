"""What of the results of `dgharness run` the gate keeps."""

from __future__ import annotations

from harness.gate.baseline import Baseline, Edits, Side, Utterance, rounded, whole
from harness.results import CaseResult, Outcome, Prerecorded, RunResult, Streamed
from harness.scoring.delay_measure import DelayMeasure


def baseline_of(run: RunResult, name: str) -> Baseline:
    """What of a run is kept.

    Raises:
        BadInput: two of its cases have one name, so that nothing could be held against them.
    """
    return whole(map(_utterance, run.cases), name, tool=run.tool, created=run.created)


def _utterance(case: CaseResult) -> Utterance:
    scores = [part.score for part in (case.streamed, case.prerecorded) if part and part.score]
    return Utterance(
        id=case.name,
        normalizer=scores[0].normalizer if scores else "",
        reference=case.reference,
        streaming=_side(case.streamed),
        prerecorded=_side(case.prerecorded),
        delays_wall_s=_delays(case.streamed),
        errors=case.verdict.counts.errors if case.verdict else None,
        warnings=case.verdict.counts.warnings if case.verdict else None,
        passed=case.outcome is Outcome.PASS,
    )


def _side(part: Streamed | Prerecorded | None) -> Side | None:
    if part is None:
        return None
    score = part.score
    return Side(
        words=Edits.of(score.words) if score else None,
        characters=Edits.of(score.characters) if score else None,
        text=" ".join(part.transcript),
        failed=part.failure is not None,
    )


def _delays(streamed: Streamed | None) -> dict[str, float]:
    if streamed is None or streamed.failure is not None:
        return {}
    return rounded(
        (
            ("first_interim", streamed.first_interim_wall_s),
            ("first_final", streamed.first_final_wall_s),
            ("last_message", streamed.last_message_wall_s),
            ("word_shown", _median(streamed, DelayMeasure.WORD_SHOWN)),
            ("word_final", _median(streamed, DelayMeasure.WORD_FINAL)),
            ("end_of_speech", _median(streamed, DelayMeasure.END_OF_SPEECH)),
        )
    )


def _median(streamed: Streamed, measure: DelayMeasure) -> float | None:
    spread = streamed.delay.spread.get(measure) if streamed.delay else None
    return spread.p50_s if spread else None
