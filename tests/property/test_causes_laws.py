"""Laws of causes: every extra error has exactly one, and there are as many as the numbers of errors say."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.alignment import align_words
from harness.scoring.causes import Cause, attribute
from harness.scoring.evidence import Evidence, Join, MissingAudio, Segment
from harness.scoring.extra_errors import extra_errors, word_errors
from harness.scoring.normalize import normalizer
from harness.scoring.word_times import Hearing

TEXTS = st.lists(st.sampled_from(["a", "b", "cat", "twenty", "one", "21", "Mr.", "well-known"]), max_size=9).map(
    " ".join
)
TIMES = st.floats(0, 10, allow_nan=False)
SPANS = st.tuples(TIMES, TIMES).map(lambda ends: (min(ends), max(ends)))
SEGMENTS = st.builds(lambda span, text, cut: Segment(span[0], span[1], text, cut), SPANS, TEXTS, st.booleans())
EVIDENCE = st.builds(
    Evidence,
    source_audio_s=st.just(10.0),
    finals=st.lists(SEGMENTS, max_size=4).map(tuple),
    interims=st.lists(SEGMENTS, max_size=4).map(tuple),
    joins=st.lists(SPANS.map(lambda span: Join(1, *span)), max_size=2).map(tuple),
    missing=st.lists(SPANS.map(lambda span: MissingAudio(*span, "was never sent")), max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Spoken:
    display: str
    start: float
    end: float


@st.composite
def hearings(draw: st.DrawFn) -> Hearing:
    text = draw(TEXTS)
    if draw(st.booleans()):
        return Hearing(text)
    return Hearing(text, tuple(Spoken(word, number, number + 0.8) for number, word in enumerate(text.split())))


@given(TEXTS, hearings(), hearings(), st.none() | EVIDENCE, st.sampled_from(["none", "basic", "whisper-english"]))
def test_every_extra_error_has_one_cause(
    reference: str, streaming: Hearing, prerecorded: Hearing, evidence: Evidence | None, under: str
) -> None:
    normalise = normalizer(under)
    found = attribute(reference, streaming, prerecorded, normalise, evidence)
    [(ours, streamed), (theirs, posted)] = align_words(
        [normalise(reference)] * 2, [normalise(streaming.text), normalise(prerecorded.text)]
    )
    assert [one.error for one in found.attributions] == list(extra_errors(ours, theirs))
    assert len(found.attributions) - found.fewer == streamed.errors - posted.errors
    assert all(one.evidence for one in found.attributions)


@given(TEXTS, hearings(), st.none() | EVIDENCE)
def test_nothing_is_put_down_to_anything_when_streaming_heard_the_same(
    reference: str, heard: Hearing, evidence: Evidence | None
) -> None:
    found = attribute(reference, heard, Hearing(heard.text), normalizer("basic"), evidence)
    assert (found.attributions, found.fewer) == ((), 0)


@given(TEXTS, TEXTS)
def test_against_a_perfect_side_every_error_is_an_extra_one(reference: str, heard: str) -> None:
    [(ours, _), (perfect, _)] = align_words([reference] * 2, [heard, reference])
    assert extra_errors(ours, perfect) == tuple(word_errors(ours))


@given(TEXTS, hearings(), hearings())
def test_texts_alone_show_writing_or_nothing(reference: str, streaming: Hearing, prerecorded: Hearing) -> None:
    found = attribute(reference, streaming, prerecorded, normalizer("basic"), None)
    assert {one.cause for one in found.attributions} <= {Cause.FORMATTING, Cause.UNEXPLAINED}
