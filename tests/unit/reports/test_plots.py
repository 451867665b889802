"""The plots: when there are any, and what no name or figure may do to them."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import msgspec
import pytest

from harness.results import CaseResult, Counts, DelaySpread, DelayTotal, Prerecorded, ReadAtDelay, RunResult, Score
from harness.scoring.error_rate import ErrorRate
from reports.figures import shorten
from reports.plots import Kind, drawn
from reports.run_plots import run_plots

replace = msgspec.structs.replace


def with_rate(case: CaseResult, rate: float) -> CaseResult:
    """The case, its streamed WER another."""
    assert case.streamed is not None
    assert case.streamed.score is not None
    words = replace(case.streamed.score.words, rate=rate)
    return replace(case, streamed=replace(case.streamed, score=replace(case.streamed.score, words=words)))


def plot(run: RunResult, name: str, kind: Kind = "svg") -> bytes | None:
    """One plot as a file; None when the run has nothing to show in it."""
    return next((drawn(one, kind) for one in run_plots(run) if one.name == name), None)


def shown(picture: bytes | None) -> str:
    """All text in an SVG."""
    assert picture is not None
    return " ".join(ElementTree.fromstring(picture).itertext())


def test_cases_with_both_scores_are_drawn_by_name(run: RunResult) -> None:
    text = shown(plot(run, "wer"))
    assert "greeting" in text
    assert "no reference" not in text
    assert "WER in %" in text


def test_where_nothing_was_measured_there_is_no_plot(run: RunResult) -> None:
    assert plot(replace(run, cases=run.cases[1:]), "wer") is None
    assert plot(run, "delay") is None
    assert plot(run, "wer-by-delay") is None


def test_the_text_read_at_each_delay_is_drawn_against_both(run: RunResult) -> None:
    right, half = Counts.of(ErrorRate(4, 0, 0, 0)), Counts.of(ErrorRate(2, 0, 2, 0))
    spread = DelaySpread.of([0.5])
    assert spread is not None
    total = DelayTotal(
        streams=1, real_time=1, interims=0, silent_interims=0, finals=1, words=4, timed_words=4, turns=0,
        eager_ends_of_turn=0, turns_resumed=0, spread={}, over_streams={}, normalizer="basic@1",
        read=(
            ReadAtDelay(delay_wall_s=0.0, final=half, reference=half),
            ReadAtDelay(delay_wall_s=1.0, final=right, reference=right),
            ReadAtDelay(delay_wall_s=None, final=right, reference=right),
        ),
    )  # fmt: skip
    text = shown(plot(replace(run, delay=total), "wer-by-delay"))
    assert "against the final transcript" in text
    assert "against the reference" in text


def test_the_same_run_gives_the_same_bytes(run: RunResult) -> None:
    for kind in ("svg", "png"):
        assert plot(run, "wer", kind) == plot(run, "wer", kind)


def test_the_thirty_cases_that_cost_most_are_shown(failed_case: CaseResult, run: RunResult) -> None:
    cases = tuple(replace(with_rate(failed_case, number / 100), name=f"case-{number}") for number in range(40))
    text = shown(plot(replace(run, cases=cases), "wer"))
    assert "case-39" in text
    assert "case-10" in text
    assert "case-9 " not in f"{text} "
    assert "the 30 cases where streaming costs most" in text


@pytest.mark.parametrize("name", ["$x^2$", "a $", "日本語", "\x00\x1b[31m", "</svg><script>", "x" * 500, "$\\frac{$"])
def test_any_name_is_drawn_as_it_is(run: RunResult, failed_case: CaseResult, name: str) -> None:
    """Not as mathematics, and without a warning when the font has not its letters."""
    named = replace(run, cases=(replace(failed_case, name=name),))
    picture = plot(named, "wer")
    assert shorten(name, 28) in shown(picture)
    assert not any(element.tag.endswith("script") for element in ElementTree.fromstring(picture or b"").iter())
    assert plot(named, "wer", "png")


@pytest.mark.parametrize("rate", [math.inf, math.nan, 1e300, -1e300])
def test_a_rate_that_none_can_be_is_left_out(run: RunResult, failed_case: CaseResult, rate: float) -> None:
    assert plot(replace(run, cases=(with_rate(failed_case, rate),)), "wer") is None


def test_one_side_alone_is_not_drawn(run: RunResult, failed_case: CaseResult, prerecorded_score: Score) -> None:
    posted = Prerecorded(transcript=("x",), request_id=None, audio_s=1.0, wall_s=0.1, score=prerecorded_score)
    assert plot(replace(run, cases=(replace(failed_case, streamed=None, prerecorded=posted),)), "wer") is None
