"""The gate's report as text and as Markdown."""

from __future__ import annotations

import msgspec
import pytest

from harness.results import Change, GateResult, MetricChange, UtteranceChange
from reports.render_gate import UTTERANCES_SHOWN, render_gate_markdown, render_gate_text

METRICS = (
    MetricChange(
        metric="streaming_wer", change=Change.REGRESSED, n=40, base=0.01, new=0.03, difference=0.02, tolerance=0.005,
        low=0.01, high=0.031, p_value=0.001,
    ),
    MetricChange(
        metric="first_final_p95_wall_s", change=Change.WITHIN_TOLERANCE, n=40, base=1.0, new=1.1, difference=0.1,
        tolerance=0.25, low=0.05, high=0.2,
    ),
    MetricChange(metric="failures", change=Change.SAME, n=40, base=0, new=0, difference=0, tolerance=0),
)  # fmt: skip
CHANGED = UtteranceChange(
    id="a*b", endpoint="streaming", base_errors=0, new_errors=2, reference_words=4, base_text="as said",
    new_text="<script>\x1b[31m",
)  # fmt: skip
RESULT = GateResult(
    passed=False, compared=40, missing=("gone",), added=("fresh",), incomparable=("x: the reference changed",),
    metrics=METRICS, utterances=(CHANGED,), seed=0, resamples=1000,
)  # fmt: skip


def test_text_tells_what_regressed_and_by_how_much() -> None:
    lines = [" ".join(line.split()) for line in render_gate_text(RESULT).splitlines()]
    page = " ".join(lines)
    grounds = "tolerance 0.50 pp, 95 % interval +1.00 to +3.10 pp, p = 0.0010"
    assert f"streaming_wer 1.00 % 3.00 % +2.00 pp REGRESSED: {grounds}" in page
    assert "first_final_p95_wall_s 1.00 s 1.10 s +100.0 ms within tolerance of 250.0 ms" in lines
    assert "failures 0 0 +0 same" in lines
    assert "a*b, streaming: 0 errors before, 2 now, of 4 words" in lines
    assert "1 utterance missing in the new run: gone" in lines
    assert "cannot be compared: x: the reference changed" in lines
    assert lines[-1] == "FAIL: streaming_wer regressed; 1 missing; 1 cannot be compared, over 40 utterances"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_names_of_metrics_stay_whole_for_they_are_what_a_tolerance_takes(width: int) -> None:
    assert "first_final_p95_wall_s " in render_gate_text(RESULT, width=width)


def test_a_pass_says_so() -> None:
    passed = msgspec.structs.replace(
        RESULT, passed=True, missing=(), incomparable=(), metrics=METRICS[1:], utterances=()
    )
    assert render_gate_text(passed).splitlines()[-1] == "PASS: nothing regressed over 40 utterances"


def test_text_from_outside_is_harmless_in_both() -> None:
    assert "\x1b[31m" not in render_gate_text(RESULT)
    page = render_gate_markdown(RESULT)
    assert "<script>" not in page
    assert "a&#42;b" in page


def test_only_the_worst_are_shown_and_the_rest_counted() -> None:
    many = msgspec.structs.replace(RESULT, utterances=(CHANGED,) * 50)
    assert render_gate_text(many).count("a*b, streaming") == UTTERANCES_SHOWN
    assert f"50 answers changed: 50 worse, 0 better, the first {UTTERANCES_SHOWN} shown" in render_gate_text(many)


def test_changed_words_are_shown_wherever_in_the_text_they_stand() -> None:
    text = "a word " * 100
    late = msgspec.structs.replace(CHANGED, base_text=f"{text} nine ships came", new_text=f"{text} nine chips <b> came")
    result = msgspec.structs.replace(RESULT, utterances=(late,))
    assert "nine [-ships-] {+chips <b>+} came" in render_gate_text(result)
    assert "nine <del>ships</del> <ins>chips &#60;b&#62;</ins> came" in render_gate_markdown(result)


def test_an_answer_that_failed_says_so() -> None:
    failed = msgspec.structs.replace(CHANGED, base_text="as said", new_text="", new_failed=True)
    page = render_gate_text(msgspec.structs.replace(RESULT, utterances=(failed,)))
    assert "a*b, streaming: 0 errors before, 2 now, of 4 words, failed now\n    [-as said-]" in page


def test_an_answer_without_a_reference_is_shown_without_counts() -> None:
    unscored = msgspec.structs.replace(CHANGED, base_errors=None, new_errors=None, reference_words=None)
    page = render_gate_text(msgspec.structs.replace(RESULT, utterances=(unscored,)))
    assert "a*b, streaming: not scored" in page
    assert "1 answer changed: 0 worse, 0 better, 1 with other words and as many errors" in page


@pytest.mark.parametrize("id_", ["- x", "1. x", "+ x", "# x", "a|b", "`x`", "<!-- x", "@team", "two\nlines"])
def test_no_id_becomes_markup(id_: str) -> None:
    odd = msgspec.structs.replace(CHANGED, id=id_)
    page = render_gate_markdown(msgspec.structs.replace(RESULT, utterances=(odd,), missing=(id_,)))
    (line,) = [line for line in page.splitlines() if line.startswith("- <code>")]
    shown = line.removeprefix("- <code>").partition("</code>, streaming: 0 errors")[0]
    assert not set("|`<@\n") & set(shown.replace("@&#8203;", ""))


def test_long_lists_are_cut_and_say_how_many_more() -> None:
    ids = tuple(f"u{number}" for number in range(1000))
    many = msgspec.structs.replace(RESULT, missing=ids, added=ids, incomparable=tuple(f"{id_}: other" for id_ in ids))
    for page in (render_gate_text(many), render_gate_markdown(many)):
        flat = " ".join(page.split())
        assert "1000 utterances missing in the new run: u0, u1, u2, u3, u4 and 995 more" in flat
        assert "cannot be compared: 995 more" in flat
        assert len(flat) < 3000


def test_what_the_figures_do_not_cover_is_told() -> None:
    few = msgspec.structs.replace(METRICS[0], n=12)
    told = msgspec.structs.replace(
        RESULT, metrics=(few, *METRICS[1:]), unmeasured=("streaming_cer",), normalizers=("basic@1",)
    )
    page = " ".join(render_gate_text(told).split())
    assert "measured in the base only, not compared: streaming_cer" in page
    assert "over 12 of the 40 utterances only, as the others lack a value: streaming_wer" in page
    assert "scored under basic@1" in page


def test_no_grounds_are_given_that_decided_nothing() -> None:
    few = msgspec.structs.replace(RESULT, metrics=(msgspec.structs.replace(METRICS[0], n=12),))
    page = render_gate_text(few)
    assert "REGRESSED: tolerance 0.50 pp\n" in page
    assert "below 30 utterances nothing is put down to chance" in page
    assert "put down to chance" not in render_gate_text(RESULT)
    exact = render_gate_text(msgspec.structs.replace(RESULT, exact=True))
    assert "nothing is put down to chance, as was asked" in exact


def test_runs_with_nothing_in_common_are_asked_about() -> None:
    apart = msgspec.structs.replace(RESULT, compared=0)
    assert "the two runs have no utterance in common" in render_gate_text(apart)
    assert "in common" not in render_gate_text(RESULT)


def test_markdown_has_the_metrics_as_a_table() -> None:
    page = render_gate_markdown(RESULT)
    assert page.startswith("## FAIL: streaming")
    assert "| failures | 0 | 0 | +0 | – | 0 | same |" in page
