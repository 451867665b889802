from __future__ import annotations

import msgspec
import pytest

from harness.results import CaseResult, Outcome, RunResult
from reports.summary import CheckLine, Fact, summarise_case, summarise_run

replace = msgspec.structs.replace


def with_outcomes(run: RunResult, *outcomes: Outcome, partial: bool = False) -> RunResult:
    cases = tuple(replace(run.cases[0], outcome=outcome) for outcome in outcomes)
    return replace(run, cases=cases, partial=partial)


@pytest.mark.parametrize(
    ("outcomes", "partial", "last_line"),
    [
        ([Outcome.PASS] * 8, False, "PASS: 8 cases"),
        ([Outcome.PASS], False, "PASS: 1 case"),
        ([Outcome.PASS] * 7 + [Outcome.FAIL], False, "FAIL: 1 of 8 cases"),
        ([Outcome.FAIL, Outcome.ERROR], False, "FAIL: 2 of 2 cases (1 could not be carried through)"),
        ([Outcome.PASS, Outcome.FAIL], True, "PARTIAL: interrupted after 2 cases, 1 of them not passed"),
        ([Outcome.PASS], True, "PARTIAL: interrupted after 1 case, 0 of them not passed"),
    ],
)
def test_the_last_line_says_how_the_run_came_out(
    run: RunResult, outcomes: list[Outcome], partial: bool, last_line: str
) -> None:
    changed = with_outcomes(run, *outcomes, partial=partial)
    summary = summarise_run(changed)
    assert summary.last_line == last_line
    assert (summary.word == "PASS") is changed.passed


def test_a_case_says_where_its_replies_came_from_and_that_nothing_was_recognised(failed_case: CaseResult) -> None:
    summary = summarise_case(failed_case)
    assert Fact("replies", "script synthesised from the reference; synthetic: nothing was recognised") in summary.facts
    assert "not the accuracy of Deepgram" in summary.scores.title


@pytest.mark.parametrize(
    ("synthetic", "words"),
    [(False, "recognised, not synthetic"), (None, "whether they are synthetic is not known")],
)
def test_other_origins_are_said_as_well(failed_case: CaseResult, synthetic: bool | None, words: str) -> None:
    summary = summarise_case(replace(failed_case, synthetic=synthetic))
    assert summary.origin == words
    assert summary.facts[1].text.endswith(words)


def test_the_run_says_in_how_many_cases_replies_are_synthetic(run: RunResult) -> None:
    assert dict(summarise_run(run).facts)["replies"] == (
        "synthetic: nothing was recognised (1 of 2 cases); recognised, not synthetic (1 of 2 cases)"
    )
    assert dict(summarise_run(replace(run, cases=())).facts)["replies"] == "no case"


def test_the_run_prints_its_seed(run: RunResult) -> None:
    assert Fact("seed", "7") in summarise_run(run).facts


def test_totals_of_synthetic_replies_are_not_called_an_accuracy(run: RunResult) -> None:
    assert summarise_run(run).totals.title == (
        "Errors in synthetic replies: made up, nothing was recognised; not the accuracy of Deepgram"
    )


def test_totals_over_different_cases_are_not_compared(run: RunResult, failed_case: CaseResult) -> None:
    assert failed_case.streamed is not None
    assert failed_case.prerecorded is not None
    only_streamed = replace(failed_case, prerecorded=replace(failed_case.prerecorded, score=None))
    only_posted = replace(failed_case, streamed=replace(failed_case.streamed, score=None))
    totals = summarise_run(replace(run, cases=(only_streamed, only_posted))).totals
    assert totals.notes == (
        "added up over 1 streaming and 1 pre-recorded scores",
        "the two sides were scored on different cases and do not compare",
    )
    assert totals.rows[0].difference == "–"


def test_totals_over_the_same_cases_are_compared(run: RunResult) -> None:
    totals = summarise_run(run).totals
    assert totals.notes == ("added up over 1 streaming and 1 pre-recorded scores",)
    assert totals.rows[0] == ("WER", "12.00 %", "3.00 %", "+9.00 pp")


def test_a_total_that_is_missing_has_a_reason(run: RunResult, passed_case: CaseResult) -> None:
    untold = summarise_run(replace(run, streaming=None)).totals
    assert "streaming: not scored, the run gives no total" in untold.notes
    unscored = summarise_run(replace(run, cases=(passed_case,), streaming=None, prerecorded=None)).totals
    assert "pre-recorded: not scored, no case has a score for it" in unscored.notes


def test_a_case_without_score_says_why(passed_case: CaseResult) -> None:
    assert summarise_case(passed_case).scores.notes == (
        "streaming: not scored, it was not asked",
        "pre-recorded: not scored, there is no reference",
    )


def test_a_failed_session_says_why_and_is_not_scored(failed_case: CaseResult) -> None:
    assert failed_case.streamed is not None
    broken = replace(failed_case.streamed, score=None, failure="closed with 1011\r\nNET-0001")
    summary = summarise_case(replace(failed_case, streamed=broken))
    assert Fact("failure", "streaming: closed with 1011 NET-0001") in summary.facts
    assert "streaming: not scored, it failed" in summary.scores.notes
    assert summary.wer_streaming == "not scored"


def test_a_run_that_gives_no_score_for_a_reference_is_quoted_so(failed_case: CaseResult) -> None:
    assert failed_case.streamed is not None
    silent = replace(failed_case, streamed=replace(failed_case.streamed, score=None))
    assert "streaming: not scored, the run gives no score" in summarise_case(silent).scores.notes


def test_streaming_has_its_figures(failed_case: CaseResult) -> None:
    facts = dict(summarise_case(failed_case).facts)
    assert facts["streaming"] == (
        "10.00 s of audio in 10.20 s, request 3f2a, 12 interims and 1 final, first interim 412.0 ms, "
        "first final – (none with text), last message 200.0 ms after the last audio"
    )
    assert facts["schedule"] == "500 sends, drift -0.4 ms, lateness p50 0.2 ms, p99 1.9 ms, most 3.0 ms"
    assert facts["pre-recorded"] == "10.00 s of audio in 300.0 ms, request – (none given)"
    assert facts["recording"] == "out/greeting.jsonl"


def test_checks_are_in_the_unit_that_their_name_tells(failed_case: CaseResult) -> None:
    assert summarise_case(failed_case).checks == (
        CheckLine("streaming_wer", "12.00 %", "5.00 %", False),
        CheckLine("first_interim_wall_s", "412.0 ms", "1.00 s", True),
        CheckLine("prerecorded_cer", "– (not scored)", "10.00 %", False),
        CheckLine("verdict_warnings", "1", "0", False),
    )


def test_transcripts_are_short_and_told_apart_by_channel(passed_case: CaseResult) -> None:
    assert passed_case.prerecorded is not None
    long = replace(passed_case.prerecorded, transcript=("word " * 1000, ""))
    first, second = summarise_case(replace(passed_case, prerecorded=long)).transcripts
    assert (first.label, first.text[-6:], len(first.text)) == ("pre-recorded text 0", " word…", 240)
    assert second == Fact("pre-recorded text 1", "(empty)")
