"""Delays and stability as results: spreads, totals over streams, and the JSON they become."""

from __future__ import annotations

import math

import msgspec
import pytest

from harness.results import Delay, DelaySpread, DelayTotal, ReadAtDelay, Stability
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.normalize import normalizer
from harness.scoring.stability import Stability as Counted
from harness.session_results import measure
from tests.timed_session import TimedSession

PLEASE, BOOK, TABLE = ("please", 0.2, 0.6), ("book", 0.6, 1.0), ("table", 1.2, 1.8)
BASIC = normalizer("basic")


def stream(final_s: float = 3.5, *, speed: float = 1.0, reference: str | None = None) -> tuple[Delay, Stability]:
    session = TimedSession(speed=speed).audio(3.0).interim(2.3, 1.0, [PLEASE, BOOK])
    recording = session.final(final_s, 2.2, [PLEASE, BOOK, TABLE]).finish()
    return measure(recording, BASIC, () if reference is None else (reference,))


def test_a_spread_has_the_measured_values_and_their_mean() -> None:
    found = DelaySpread.of([0.4, 0.1, 0.3, 0.2])
    assert found == DelaySpread(count=4, min_s=0.1, mean_s=0.25, p50_s=0.2, p95_s=0.4, p99_s=0.4, max_s=0.4)
    assert DelaySpread.of([]) is None


def test_a_stream_has_its_values_and_their_spreads_to_the_microsecond() -> None:
    delay, _ = stream()
    assert delay.values[DelayMeasure.WORD_FINAL] == (2.0, 1.6, 0.8)
    assert delay.spread[DelayMeasure.WORD_FINAL].p50_s == 1.6
    assert delay.spread.keys() == delay.values.keys()
    assert (delay.real_time, delay.speed, delay.normalizer) == (True, 1.0, "basic@1")


@pytest.mark.parametrize("speed", [math.inf, 4.0])
def test_not_in_real_time_it_says_so_and_has_no_text_at_a_delay(speed: float) -> None:
    delay, _ = stream(speed=speed)
    assert (delay.real_time, delay.read, delay.normalizer) == (False, (), None)
    assert delay.speed == (None if math.isinf(speed) else speed)
    assert delay.why_not is not None


def test_a_total_pools_the_words_and_also_spreads_the_streams_medians() -> None:
    total = DelayTotal.of([stream(3.5)[0], stream(4.5)[0], stream(speed=4.0)[0]])
    assert total is not None
    assert (total.streams, total.real_time, total.words, total.interims) == (3, 2, 9, 3)
    assert total.spread[DelayMeasure.WORD_FINAL] == DelaySpread.of([2.0, 1.6, 0.8, 3.0, 2.6, 1.8])
    assert total.over_streams[DelayMeasure.WORD_FINAL] == DelaySpread.of([1.6, 2.6])


def test_a_total_adds_what_was_read() -> None:
    with_reference, without = stream(reference="please book a table")[0], stream(4.5)[0]
    total = DelayTotal.of([with_reference, without])
    assert total is not None
    end = total.read[-1]
    assert (end.delay_wall_s, end.final.hits, end.reference and end.reference.reference_length) == (None, 6, 4)
    at_1_s = {row.delay_wall_s: row.final.hits for row in total.read}[1.0]
    assert at_1_s == sum(
        row.final.hits for one in (with_reference, without) for row in one.read if row.delay_wall_s == 1.0
    )


def test_texts_of_several_normalisers_are_not_added() -> None:
    one, _ = stream()
    other = msgspec.structs.replace(one, normalizer="none@1")
    total = DelayTotal.of([one, other])
    assert total is not None
    assert (total.read, total.normalizer) == ((), None)


def test_of_nothing_there_is_no_total() -> None:
    assert DelayTotal.of([]) is None
    assert Stability.total([]) is None


def test_stability_adds_its_counts_and_derives_its_ratios_anew() -> None:
    one = Stability.of(Counted(interims=1, segments=1, unstable_segments=1, words=2, unstable_words=1, erased_words=2))
    other = Stability.of(Counted(interims=2, segments=3, words=8, reformatted_words=1))
    total = Stability.total([one, other])
    assert total is not None
    assert (total.words, total.unstable_word_ratio, total.unstable_segment_ratio) == (10, 0.1, 0.25)
    assert (total.normalized_erasure, total.reformatted_words) == (0.2, 1)


def test_they_come_back_from_json_as_they_went() -> None:
    delay, stability = stream(reference="please book a table")
    assert msgspec.json.decode(msgspec.json.encode(delay), type=Delay) == delay
    assert msgspec.json.decode(msgspec.json.encode(stability), type=Stability) == stability
    assert isinstance(delay.read[0], ReadAtDelay)
