from __future__ import annotations

from harness.ledger import Ledger, LegSpan
from harness.protocol.messages import Alternative, Channel, Results, ResultsMetadata, Word
from harness.protocol.prerecorded import (
    PrerecordedAlternative,
    PrerecordedChannel,
    PrerecordedMetadata,
    PrerecordedResponse,
    PrerecordedResults,
)
from harness.scoring.causes import Attributed, Cause
from harness.scoring.normalize import normalizer
from harness.scoring.session_causes import session_causes
from harness.transcript import assemble

LEDGER = Ledger(100, 1000, (LegSpan(0, 0, 1000),))


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(word=word, start=1.0 + at, end=1.6 + at, confidence=1.0) for at, word in enumerate(text.split()))


def final(text: str, channel: int, channels: int) -> Results:
    heard = Alternative(transcript=text, confidence=1.0, words=words(text))
    return Results(
        channel_index=(channel, channels),
        start=0.0,
        duration=10.0,
        is_final=True,
        channel=Channel(alternatives=(heard,)),
        metadata=ResultsMetadata(request_id="r"),
    )


def posted(*texts: str) -> PrerecordedResponse:
    alternatives = (PrerecordedAlternative(transcript=text, confidence=1.0, words=words(text)) for text in texts)
    return PrerecordedResponse(
        metadata=PrerecordedMetadata(request_id="p", sha256="", created="", duration=10.0, channels=len(texts)),
        results=PrerecordedResults(channels=tuple(PrerecordedChannel(alternatives=(one,)) for one in alternatives)),
    )


def found(said: list[str], streamed: list[str], response: PrerecordedResponse) -> tuple[Attributed, ...]:
    messages = [final(text, channel, len(streamed)) for channel, text in enumerate(streamed)]
    results = [(0, message) for message in messages]
    return session_causes(said, assemble(messages), response, LEDGER, results, normalizer("basic"))


def causes(of: Attributed) -> list[tuple[str, Cause]]:
    return [(one.error.reference, one.cause) for one in of.attributions]


def test_each_channel_against_its_own() -> None:
    first, second = found(["one two", "red green"], ["one too", "red"], posted("one two", "red green"))
    assert (first.channel, causes(first)) == (0, [("two", Cause.RECOGNITION)])
    assert (second.channel, causes(second)) == (1, [("green", Cause.RECOGNITION)])


def test_channels_against_one_text_are_joined_and_their_texts_looked_at() -> None:
    [both] = found(["one two red green"], ["one too", "red"], posted("one two", "red green"))
    assert both.channel is None
    assert causes(both) == [("two", Cause.UNEXPLAINED), ("green", Cause.UNEXPLAINED)]


def test_a_stream_of_more_channels_than_there_are_texts_is_joined() -> None:
    [both] = found(["one two red"], ["one too", "red"], posted("one two red"))
    assert (both.channel, causes(both)) == (None, [("two", Cause.UNEXPLAINED)])


def test_a_session_that_said_nothing_at_all() -> None:
    [only] = found(["one two"], [], posted("one two"))
    assert causes(only) == [("one", Cause.TAIL_LOST), ("two", Cause.TAIL_LOST)]


def test_a_response_without_alternatives_has_every_word_wrong() -> None:
    silent = PrerecordedResponse(
        metadata=PrerecordedMetadata(request_id="p", sha256="", created="", duration=10.0, channels=1),
        results=PrerecordedResults(channels=(PrerecordedChannel(alternatives=()),)),
    )
    [only] = found(["one two"], ["one too"], silent)
    assert (only.attributions, only.fewer) == ((), 1)
