"""Delays as rows of figures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.results import Delay, DelaySpread, DelayTotal, ReadAtDelay, RunResult, Stability
from harness.results.scores import Counts
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.error_rate import ErrorRate
from harness.scoring.stability import Stability as Counted
from reports.delays import LABELS, delay_table
from reports.render_markdown import render_run_markdown
from reports.render_text import render_delay_text, render_run_text

SPREAD = DelaySpread(count=20, min_s=0.1, mean_s=0.2512, p50_s=0.25, p95_s=0.9, p99_s=1.2, max_s=1.25)


@pytest.fixture
def delay() -> Delay:
    read = ReadAtDelay(
        delay_wall_s=0.5,
        final=Counts.of(ErrorRate(5, 1, 4, 0)),
        reference=Counts.of(ErrorRate(4, 2, 4, 1)),
    )
    end = ReadAtDelay(delay_wall_s=None, final=Counts.of(ErrorRate(10, 0, 0, 0)), reference=None)
    return Delay(
        clock="client",
        speed=1.0,
        real_time=True,
        why_not=None,
        note=None,
        paused_wall_s=0.0,
        interims=12,
        silent_interims=1,
        finals=3,
        words=10,
        timed_words=10,
        turns=0,
        eager_ends_of_turn=0,
        turns_resumed=0,
        spread={DelayMeasure.WORD_SHOWN: SPREAD, DelayMeasure.CURSOR_LAG: SPREAD},
        values={DelayMeasure.WORD_SHOWN: (0.25, 0.9), DelayMeasure.CURSOR_LAG: (0.25,)},
        word_end_audio_s=(1.0, 2.0),
        interim_end_audio_s=(1.0,),
        normalizer="basic@1",
        read=(read, end),
    )


@pytest.fixture
def stability() -> Stability:
    counted = Counted(
        interims=12,
        revisions=2,
        segments=3,
        unstable_segments=1,
        words=10,
        unstable_words=2,
        erased_words=5,
        reformatted_words=1,
    )
    return Stability.of(counted)


def changed(delay: Delay, **fields: Any) -> Delay:
    return msgspec.structs.replace(delay, **fields)


def notes(delay: Delay | DelayTotal | None) -> tuple[str, ...]:
    table = delay_table(delay, None)
    assert table is not None
    return table.notes


def test_measures_stand_in_a_fixed_order_with_their_spread(delay: Delay) -> None:
    table = delay_table(delay, None)
    assert table is not None
    assert table.title == "Delays on the client's clock"
    assert [row.measure for row in table.rows] == ["audio cursor ahead of interim", "word spoken to shown"]
    assert table.rows[1][1:] == ("20", "251.2 ms", "250.0 ms", "900.0 ms", "1.20 s", "1.25 s")


def test_over_several_streams_their_medians_are_spread_too(delay: Delay) -> None:
    once = {DelayMeasure.FIRST_FINAL: DelaySpread.of([2.0]) or SPREAD}
    values = {**delay.values, DelayMeasure.FIRST_FINAL: (2.0,)}
    one = changed(delay, spread={**delay.spread, **once}, values=values)
    total = delay_table(DelayTotal.of([one, one]), None)
    alone = delay_table(DelayTotal.of([one]), None)
    assert total is not None
    assert alone is not None
    # There is one first final in a stream, and here but one cursor lag: their spread over streams is the one above.
    assert [(row.measure, row.number) for row in total.streams] == [("word spoken to shown", "2")]
    assert alone.streams == ()


def test_what_was_read_stands_against_both_texts(delay: Delay) -> None:
    table = delay_table(delay, None)
    assert table is not None
    assert table.read == (("0.5 s", "50.00 %", "70.00 %", "4"), ("the end", "0.00 %", "–", "0"))


def test_every_measure_has_a_label_of_its_own() -> None:
    assert list(LABELS) == list(DelayMeasure)
    assert len(set(LABELS.values())) == len(LABELS)


def test_what_is_not_measured_or_only_assumed_is_said(delay: Delay) -> None:
    hurried = changed(delay, real_time=False, why_not="audio was sent at 4 times real time", note="it is\nassumed")
    assert notes(hurried) == ("no wall delays: audio was sent at 4 times real time", "it is assumed")
    assert notes(changed(delay, paused_wall_s=2.5)) == ("2.50 s of pauses in sending are in no delay",)
    assert notes(changed(delay, turns=2, eager_ends_of_turn=3, turns_resumed=1)) == (
        "2 turns, 3 EagerEndOfTurn, 1 TurnResumed",
    )
    total = DelayTotal.of([delay, hurried])
    assert notes(total) == ("wall delays: of 1 of 2 streams, those sent in real time",)


def test_stability_is_one_line(delay: Delay, stability: Stability) -> None:
    table = delay_table(delay, stability)
    assert table is not None
    assert table.notes == (
        "stability: 2 unstable words (20.00 % of 10 words), 5 erased, 1 reformatted; 1 of 3 segments revised",
    )


def test_without_delays_there_is_no_table(stability: Stability) -> None:
    assert delay_table(None, stability) is None


def test_a_run_shows_them_by_case_and_in_all(run: RunResult, delay: Delay, stability: Stability) -> None:
    case = next(case for case in run.cases if case.streamed is not None)
    assert case.streamed is not None
    streamed = msgspec.structs.replace(case.streamed, delay=delay, stability=stability)
    whole = msgspec.structs.replace(
        run,
        cases=(msgspec.structs.replace(case, streamed=streamed), msgspec.structs.replace(case, streamed=None)),
        delay=DelayTotal.of([delay]),
        stability=stability,
    )
    alone = msgspec.structs.replace(whole, cases=whole.cases[:1])
    for render in (render_run_text, render_run_markdown):
        for told, times in ((whole, 2), (alone, 1)):  # what a run's only case came to is not said twice
            for text in ("word spoken to shown", "Delays", "read after", "2 unstable words"):
                assert render(told).count(text) == times
    assert "| word spoken to shown | 20 | 251.2 ms |" in render_run_markdown(whole)


def test_several_streams_are_shown_with_their_total(delay: Delay, stability: Stability) -> None:
    alone = render_delay_text([("one", delay, stability)])
    both = render_delay_text([("one", delay, stability), ("two\x1b", delay, stability)])
    assert "all of them" not in alone
    assert "Delays over 2 streams" in both
    assert "4 unstable words (20.00 % of 20 words)" in both
    assert "\x1b" not in both
