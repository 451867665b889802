from __future__ import annotations

import msgspec

from harness.results import CaseResult, Causes, ExtraError, Outcome, RunResult
from harness.results.causes import counted
from harness.scoring.causes import Cause
from reports.causes import cause_table, run_cause_table
from reports.render_markdown import render_run_markdown
from reports.render_text import render_run_text


def extra(cause: Cause, kind: str, reference: str, hypothesis: str, evidence: str = "it was seen") -> ExtraError:
    return ExtraError(
        cause=cause,
        kind=kind,  # type: ignore[arg-type]
        reference=reference,
        hypothesis=hypothesis,
        channel=0,
        start_audio_s=1.0,
        evidence=evidence,
    )


def causes(*errors: ExtraError, fewer: int = 0) -> Causes:
    counts = counted(error.cause for error in errors)
    return Causes(normalizer="basic@1", extra=len(errors), fewer=fewer, counts=counts, errors=errors)


def case(found: Causes | None, name: str = "one") -> CaseResult:
    return CaseResult(name=name, outcome=Outcome.PASS, audio="a.wav", replies="a script", causes=found)


SEAM = extra(Cause.SEAM, "insert", "", "boat")
LOST = extra(Cause.LOST_AUDIO, "delete", "rope", "")
HEARD = extra(Cause.RECOGNITION, "substitute", "mooring", "morning")


def test_a_row_for_each_cause_in_the_order_of_the_evidence() -> None:
    table = cause_table(causes(HEARD, SEAM, LOST, SEAM, fewer=1))
    assert table is not None
    assert table.title == "causes of 4 word errors that streaming has and pre-recorded has not; 1 the other way round"
    assert table.rows == (
        ("lost audio", "1", "«rope» missing: it was seen"),
        ("seam after reconnect", "2", "«boat» added: it was seen"),
        ("recognition", "1", "«morning» for «mooring»: it was seen"),
    )


def test_without_extra_errors_there_is_no_table() -> None:
    assert cause_table(None) is None
    assert cause_table(causes(fewer=2)) is None
    assert run_cause_table([case(None), case(causes(fewer=2))]) is None


def test_of_a_run_each_cause_with_its_cases() -> None:
    table = run_cause_table([case(causes(SEAM, SEAM)), case(None), case(causes(SEAM, HEARD, fewer=1))])
    assert table is not None
    assert table.header == ("cause", "errors", "cases")
    assert table.rows == (("seam after reconnect", "3", "2"), ("recognition", "1", "1"))


def test_words_and_evidence_from_outside_are_shown_harmless_and_short() -> None:
    hostile = extra(Cause.SEAM, "insert", "", "<b>|\x1b[31m" + "x" * 500, "said «<script>»\n|" + "y" * 5000)
    run = RunResult(
        tool="t", created="c", server="s", seed=None, partial=False, cases=(case(causes(hostile)),),
        streaming=None, prerecorded=None,
    )  # fmt: skip
    markdown, text = render_run_markdown(run), render_run_text(run)
    assert "<script>" not in markdown
    assert "<b>" not in markdown
    assert "\x1b" not in markdown + text
    assert len(markdown) < 3000
    assert "seam after reconnect" in text


def test_a_result_with_causes_is_read_again_as_it_was_written() -> None:
    written = case(causes(SEAM, HEARD))
    assert msgspec.json.decode(msgspec.json.encode(written), type=CaseResult) == written
