"""The gate's report as text and as Markdown."""

from __future__ import annotations

import msgspec

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
    assert "streaming_wer 1.00 % 3.00 % +2.00 pp +1.00 to +3.10 pp 0.50 pp REGRESSED" in lines
    assert "failures 0 0 +0 – 0 same" in lines
    assert "a*b, streaming: 0 errors before, 2 now, of 4 words" in lines
    assert "1 utterance missing in the new run: gone" in lines
    assert "cannot be compared: x: the reference changed" in lines
    assert lines[-1] == "FAIL: streaming_wer regressed; 1 missing; 1 cannot be compared, over 40 utterances"


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


def test_markdown_has_the_metrics_as_a_table() -> None:
    page = render_gate_markdown(RESULT)
    assert page.startswith("## FAIL: streaming")
    assert "| failures | 0 | 0 | +0 | – | 0 | same |" in page
