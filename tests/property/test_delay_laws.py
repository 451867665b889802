"""Laws of delays and stability over any session."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.delay import Stream, delays
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.delayed_wer import DelayedRead, delayed_reads
from harness.scoring.normalize import normalizer
from harness.scoring.stability import Stability, stability
from tests.timed_session import Said, TimedSession

LATE = (
    DelayMeasure.FIRST_INTERIM,
    DelayMeasure.FIRST_FINAL,
    DelayMeasure.WORD_SHOWN,
    DelayMeasure.WORD_FINAL,
    DelayMeasure.END_OF_SPEECH,
)
WORD_AUDIO_S = 0.25
SECONDS = st.floats(0.0, 20.0).map(lambda seconds: round(seconds, 3))


@dataclass(frozen=True)
class Segment:
    """A segment: what its final says, and its interims: how many words each covers, and which it hears wrong."""

    texts: list[str]
    interims: list[tuple[int, set[int]]]


@st.composite
def segments(draw: st.DrawFn, *, stable: bool = False) -> list[Segment]:
    """Up to four segments; stable ones have interims that are prefixes of the final."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        texts = draw(st.lists(st.sampled_from(["one", "two", "three", "no"]), min_size=1, max_size=8))
        lengths = sorted(draw(st.sets(st.integers(1, len(texts)), max_size=4)))
        wrong = st.just(set[int]()) if stable else st.sets(st.integers(0, len(texts) - 1), max_size=2)
        made.append(Segment(texts, [(length, draw(wrong)) for length in lengths]))
    return made


def session(spoken: list[Segment], lag_s: float = 0.3, speed: float = 1.0) -> TimedSession:
    """Each message comes when its audio has been sent in real time, and `lag_s` later."""
    made = TimedSession(speed=speed)
    words_in_all = sum(len(segment.texts) for segment in spoken)
    made.audio(math.ceil(words_in_all * WORD_AUDIO_S * 10) / 10 + 0.5)
    start = 0.0
    for segment in spoken:
        words: list[Said] = [
            (text, start + n * WORD_AUDIO_S, start + (n + 1) * WORD_AUDIO_S) for n, text in enumerate(segment.texts)
        ]
        for length, wrong in segment.interims:
            heard = [("uh", a, b) if n in wrong else (text, a, b) for n, (text, a, b) in enumerate(words[:length])]
            end = words[length - 1][2]
            made.interim(round(1.0 + end + lag_s, 6), end, heard, start=start)
        end = words[-1][2]
        made.final(round(1.05 + end + lag_s, 6), end, words, start=start)
        start = end
    return made


def reads(made: TimedSession) -> list[DelayedRead]:
    stream = Stream.of(made.finish())
    return list(delayed_reads(stream.readings, stream.sending, normalizer("basic")))


def counted(made: TimedSession) -> Stability:
    return stability([reading.display for reading in Stream.of(made.finish()).readings])


@given(segments(), SECONDS)
def test_moving_all_wall_times_changes_nothing(spoken: list[Segment], shift_s: float) -> None:
    made = session(spoken)
    before, after = (delays(Stream.of(made.finish(shift_s=by_s))) for by_s in (0.0, shift_s))
    assert before.values.keys() == after.values.keys()
    for measure, values in before.values.items():
        assert list(after.values[measure]) == pytest.approx(list(values), abs=1e-6)


@given(segments(), SECONDS)
def test_what_comes_later_by_some_seconds_is_later_by_as_many(spoken: list[Segment], late_s: float) -> None:
    made = session(spoken)
    before, after = (delays(Stream.of(made.finish(late_s=by_s))) for by_s in (0.0, late_s))
    for measure in LATE:
        expected = [value + late_s for value in before.values[measure]]
        assert list(after.values[measure]) == pytest.approx(expected, abs=1e-6)
    assert after.values[DelayMeasure.ENDPOINT_WAIT] == before.values[DelayMeasure.ENDPOINT_WAIT]


@given(segments())
def test_no_word_is_final_before_it_is_shown_and_each_has_both(spoken: list[Segment]) -> None:
    found = delays(Stream.of(session(spoken).finish()))
    shown, final = found.values[DelayMeasure.WORD_SHOWN], found.values[DelayMeasure.WORD_FINAL]
    assert len(shown) == len(final) == found.words == sum(len(segment.texts) for segment in spoken)
    assert all(early <= late for early, late in zip(shown, final, strict=True))


@given(segments(stable=True))
def test_interims_that_are_prefixes_of_their_final_revise_nothing(spoken: list[Segment]) -> None:
    found = counted(session(spoken))
    assert (found.revisions, found.unstable_words, found.erased_words, found.reformatted_words) == (0, 0, 0, 0)
    assert found.interims == sum(len(segment.interims) for segment in spoken)
    assert found.segments == len(spoken)


@given(segments())
def test_what_is_unstable_is_erased_too(spoken: list[Segment]) -> None:
    found = counted(session(spoken))
    assert found.unstable_words <= found.erased_words
    assert found.unstable_segments <= min(found.revisions, found.segments)
    assert (found.revisions == 0) == (found.erased_words == 0)


@given(segments(stable=True), SECONDS)
def test_a_stable_stream_is_never_read_worse_by_waiting(spoken: list[Segment], lag_s: float) -> None:
    rows = reads(session(spoken, lag_s))
    errors = [row.final.errors for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert all(row.final.substitutions == row.final.insertions == 0 for row in rows)


@given(segments())
def test_in_the_end_everything_is_read(spoken: list[Segment]) -> None:
    rows = reads(session(spoken))
    assert (rows[-1].delay_wall_s, rows[-1].final.errors) == (None, 0)
    assert {row.final.reference_length for row in rows} == {sum(len(segment.texts) for segment in spoken)}


@given(segments(stable=True))
def test_waiting_for_a_word_is_as_long_as_its_delay(spoken: list[Segment]) -> None:
    made = session(spoken)
    shown = delays(Stream.of(made.finish())).values[DelayMeasure.WORD_SHOWN]
    for row in reads(made)[:-1]:
        assert row.delay_wall_s is not None
        assert row.final.hits == sum(value <= row.delay_wall_s + 1e-6 for value in shown)


@given(segments(), st.sampled_from([0.25, 4.0, 1e9]))
def test_how_fast_it_was_sent_does_not_touch_what_was_revised(spoken: list[Segment], speed: float) -> None:
    assert counted(session(spoken, speed=speed)) == counted(session(spoken))
