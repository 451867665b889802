"""Utterances that were heard twice, as text, Markdown, plots and the rows of a table."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from harness.pairs import Gathered
from harness.results import (
    CauseCounts,
    Comparison,
    CorpusRun,
    CorpusTotal,
    Counts,
    DelaySpread,
    ExtraError,
    PairedUtterance,
    Pairs,
    Score,
    TranscriptScores,
)
from harness.scoring.causes import Cause
from harness.scoring.error_rate import ErrorRate
from reports.formats import PAIRS_FORMATS
from reports.pairs_plots import pairs_plots
from reports.pairs_summary import PairsSummary, summarise_corpus, summarise_scores
from reports.pairs_table import columns, rows, selection
from reports.plots import drawn
from reports.render_pairs_text import render_pairs_text

replace = msgspec.structs.replace
NO_CAUSES = CauseCounts(extra=0, fewer=0, counts={}, examples={})
HOSTILE = "<script>alert(1)</script>|\x1b[31m\u202e@team"


@pytest.fixture
def comparison() -> Comparison:
    return Comparison(
        verdict="worse", utterances=40, fewer=1, more=9, errors=8, rate=0.02, low=0.01, high=0.03, p_value=0.001,
        test="exact sign-flip permutation", resamples=1000, seed=3,
    )  # fmt: skip


@pytest.fixture
def total(streaming_score: Score, prerecorded_score: Score, comparison: Comparison) -> CorpusTotal:
    return CorpusTotal(
        normalizer=streaming_score.normalizer, utterances=40, streaming=streaming_score, prerecorded=prerecorded_score,
        comparison=comparison,
    )  # fmt: skip


@pytest.fixture
def corpus(total: CorpusTotal) -> CorpusRun:
    spread = DelaySpread.of([0.5, 0.75, 1.5])
    assert spread is not None
    return CorpusRun(
        tool="dgharness 0.1.0", run_id="monday", created="2026-01-31T12:00:00Z", files=41, finished=41, failed=1,
        settings={"answers": "whisper", "options": [["punctuate", "true"]], "stream": {"speed": "1", "live": None}},
        audio_s=120.0, partial=False, totals=(total,), causes={Cause.SEGMENT_CUT: 3, Cause.RECOGNITION: 1},
        delays={"word_final_p50_wall_s": spread},
    )  # fmt: skip


@pytest.fixture
def pairs() -> Pairs:
    right, wrong = ErrorRate(4, 0, 0, 0), ErrorRate(2, 1, 1, 1)
    gathered = Gathered(shown=3)
    gathered.add((wrong, right), lambda: utterance("bad", wrong, right), delays_wall_s={"word_final_p50_wall_s": 1.5})
    gathered.add(None, lambda: PairedUtterance(id="failed", troubles=("streaming: timed out",)), trouble=True)
    for number in range(2):
        gathered.add((right, right), lambda number=number: utterance(f"good-{number}", right, right))  # type: ignore[misc]
    return gathered.result()


def utterance(name: str, streaming: ErrorRate, prerecorded: ErrorRate) -> PairedUtterance:
    causes = {Cause.SEGMENT_CUT: 3} if streaming.errors else {}
    delays = {"word_final_p50_wall_s": 1.5} if streaming.errors else {}
    return PairedUtterance(
        id=name, streaming=Counts.of(streaming), prerecorded=Counts.of(prerecorded), causes=causes, delays_wall_s=delays
    )


def test_text_says_how_much_whether_why_how_late_and_how_it_came_out(corpus: CorpusRun) -> None:
    lines = [" ".join(line.split()) for line in render_pairs_text(summarise_corpus(corpus)).splitlines()]
    assert lines[0] == "dgharness 0.1.0, run monday"
    assert "WER 12.00 % 3.00 % +9.00 pp" in lines
    assert any(line.startswith("streaming against pre-recorded: worse (40 utterances") for line in lines)
    assert "segment cut 3 75.00 %" in lines
    assert "word final 3 916.7 ms 750.0 ms 1.50 s 1.50 s 1.50 s" in lines
    assert "options punctuate=true" in lines
    assert "speed 1" in lines
    assert lines[-1] == "FAIL: of 41 files 1 could not be carried through, 0 had something wrong in the session"


def test_the_last_line_is_the_outcome_or_of_transcripts_the_verdict(corpus: CorpusRun, total: CorpusTotal) -> None:
    passed = replace(corpus, failed=0)
    assert summarise_corpus(passed).last_line == "PASS: 41 files"
    assert summarise_corpus(replace(passed, faulty=2)).last_line.startswith("FAIL: of 41 files 0 could")
    assert summarise_corpus(replace(passed, partial=True, finished=7)).last_line.startswith("PARTIAL: 7 of 41 files")
    told = {
        verdict: summarise_scores(
            scores(replace(total, comparison=replace(total.comparison, verdict=verdict)))
        ).last_line
        for verdict in ("worse", "better", "not distinguishable", "too few utterances")
    }
    assert told == {
        "worse": "streaming is worse than pre-recorded: 40 utterances",
        "better": "streaming is better than pre-recorded: 40 utterances",
        "not distinguishable": "streaming and pre-recorded are not distinguishable: 40 utterances",
        "too few utterances": "too few utterances to tell streaming from pre-recorded: 40 utterances",
    }


def scores(*totals: CorpusTotal) -> TranscriptScores:
    return TranscriptScores(
        tool="dgharness 0.1.0", files={"references": HOSTILE}, totals=totals,
        unscored={"missing in streaming": 2}, causes=NO_CAUSES, notes=(HOSTILE,),
    )  # fmt: skip


def test_scores_under_several_normalisers_stand_one_after_the_other(total: CorpusTotal) -> None:
    text = render_pairs_text(summarise_scores(scores(total, replace(total, normalizer="none@1"))))
    assert text.index("under basic@1") < text.index("under none@1") < text.index("streaming is worse")
    assert text.count("2 ids not scored: 2 missing in streaming") == 2
    assert "\x1b" not in text


def test_the_table_has_the_worst_first_and_says_what_is_in_it(pairs: Pairs) -> None:
    assert columns(pairs)[-2:] == ("remarks", "word final")
    told = [(row.name, [cell.text for cell in row.cells]) for row in rows(pairs)]
    assert told == [
        ("failed", ["–"] * 6 + ["went wrong", "–"]),
        ("bad", ["4", "3", "0", "+3", "75.00 %", "0.00 %", "3 segment cut", "1.50 s"]),
        ("good-0", ["4", "0", "0", "0", "0.00 %", "0.00 %", "–", "–"]),
    ]
    assert selection(pairs).startswith("3 of 4 utterances: first those with which something went wrong")
    assert selection(replace(pairs, utterances=3)).startswith("3 utterances:")


def test_markdown_has_the_totals_and_the_worst(corpus: CorpusRun, pairs: Pairs) -> None:
    text = PAIRS_FORMATS["markdown"](summarise_corpus(corpus), pairs)
    assert text.startswith("## dgharness 0.1.0, run monday: FAIL: of 41 files 1 could not")
    assert "| WER | 12.00 % | 3.00 % | +9.00 pp |" in text
    assert "### The 3 worst of 4" in text
    assert "| bad | 4 | 3 | 0 | +3 | 75.00 % | 0.00 % | 3 segment cut | 1.50 s |" in text


def shown(pairs: Pairs) -> dict[str, str]:
    """All text of each plot."""
    return {plot.name: " ".join(ElementTree.fromstring(drawn(plot)).itertext()) for plot in pairs_plots(pairs)}


def test_there_is_a_plot_of_all_that_was_measured(pairs: Pairs) -> None:
    plots = shown(pairs)
    assert list(plots) == ["difference", "wer", "delay"]
    assert "word errors of streaming less those of pre-recorded" in plots["difference"]
    assert "+3" in plots["difference"]
    assert "% of utterances" in plots["delay"]


def test_where_nothing_was_measured_there_is_none(pairs: Pairs) -> None:
    bare = replace(pairs, errors_more={}, streaming_wer=(), delays_wall_s={})
    assert shown(bare) == {}


def test_far_differences_share_a_bar() -> None:
    far = Pairs(
        utterances=3, shown=(), errors_more={-400: 1, 9: 4, 10: 2, 5000: 6}, streaming_wer=(), prerecorded_wer=(),
        delays_wall_s={},
    )  # fmt: skip
    text = shown(far)["difference"]
    assert "≥10" in text
    assert "≤-10" in text
    assert "5000" not in text
    assert " 8 " in text


def summary_of(total: CorpusTotal) -> PairsSummary:
    return summarise_scores(scores(total))


def test_the_page_holds_text_from_outside_as_text(total: CorpusTotal, pairs: Pairs) -> None:
    first = replace(pairs.shown[0], id=HOSTILE, troubles=(HOSTILE,), notes=(HOSTILE,), audio=HOSTILE)
    page = PAIRS_FORMATS["html"](summary_of(total), replace(pairs, shown=(first, *pairs.shown[1:])))
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 6
    assert "streaming is worse than pre-recorded" in page


def test_a_page_says_what_only_streaming_has_wrong_and_what_shows_why(total: CorpusTotal, pairs: Pairs) -> None:
    def error(number: int) -> ExtraError:
        return ExtraError(
            cause=Cause.SEGMENT_CUT, kind="substitute", reference="heat", hypothesis=f"he{number}", channel=0,
            start_audio_s=1.0, evidence="an endpoint ended a final at 1.20 s",
        )  # fmt: skip

    first = replace(pairs.shown[0], causes={Cause.SEGMENT_CUT: 25}, extra_errors=tuple(map(error, range(25))))
    page = PAIRS_FORMATS["html"](summary_of(total), replace(pairs, shown=(first, *pairs.shown[1:])))
    assert "<li>segment cut: «he0» for «heat»: an endpoint ended a final at 1.20 s</li>" in page
    assert "«he19»" in page
    assert "«he20»" not in page
    assert "<li>and 5 more</li>" in page
    assert "<li>3 segment cut</li>" in page, "a row that has only counts"


def test_what_went_wrong_is_told_in_so_many_words(corpus: CorpusRun) -> None:
    """A server may say anything, as long as it likes, and the page shows five hundred utterances."""
    gathered = Gathered()
    told = ("refused: " + "no " * 1_000_000, *(f"trouble {number}" for number in range(30)))
    gathered.add(None, lambda: PairedUtterance(id="failed", troubles=told), trouble=True)
    page = PAIRS_FORMATS["html"](summarise_corpus(corpus), gathered.result())
    assert len(page) < 100_000
    assert "<li>trouble 18</li><li>and 11 more</li>" in page
