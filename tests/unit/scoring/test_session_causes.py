from __future__ import annotations

import pytest
from msgspec.structs import replace

from harness.ledger import Ledger, LegSpan
from harness.protocol.messages import Alternative, Channel, Metadata, Results, ResultsMetadata, Word
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


def test_a_turn_that_no_message_ended_is_an_interim_used_as_final() -> None:
    """The client takes it for final when the session is over; nothing that the server said makes it so."""
    turn = final("one too", 0, 1)
    results = [(0, replace(turn, is_final=False))]
    [only] = session_causes(["one two"], assemble([turn]), posted("one two"), LEDGER, results, normalizer("basic"))
    assert causes(only) == [("two", Cause.INTERIM_AS_FINAL)]
    [ended] = session_causes(
        ["one two"], assemble([turn]), posted("one two"), LEDGER, [*results, (0, turn)], normalizer("basic")
    )
    assert causes(ended) == [("two", Cause.RECOGNITION)]


@pytest.mark.parametrize(("counted_audio_s", "cause"), [(2.0, Cause.LOST_AUDIO), (10.0, Cause.TAIL_LOST)])
def test_a_missing_tail_that_the_server_did_not_count_is_lost_audio(counted_audio_s: float, cause: Cause) -> None:
    heard = replace(final("one", 0, 1), duration=1.8)
    transcript = assemble([heard])
    transcript.feed(
        Metadata(transaction_key="", request_id="r", sha256="", created="", duration=counted_audio_s, channels=1)
    )
    response, basic = posted("one two"), normalizer("basic")
    [only] = session_causes(["one two"], transcript, response, LEDGER, [(0, heard)], basic)
    assert causes(only) == [("two", cause)]
    assert ("its audio was delivered" in only.attributions[0].evidence) is (cause is Cause.TAIL_LOST)


def test_without_a_count_of_what_arrived_the_evidence_does_not_claim_that_it_did() -> None:
    [only] = found(["one two"], ["one too"], posted("one two"))
    assert "its audio was sent, and the final" in only.attributions[0].evidence
