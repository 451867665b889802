"""Deepgram's own rule of assembly, its traps, and that interims never leave a trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocol.messages import (
    Alternative,
    Channel,
    Error,
    MalformedMessage,
    Metadata,
    Results,
    ResultsMetadata,
    SpeechStarted,
    UnknownMessage,
    UtteranceEnd,
    Word,
)
from harness.transcript import EndedBy, Transcript, assemble


def _results(
    start: float,
    end: float,
    text: str = "",
    *,
    final: bool = True,
    speech_final: bool = False,
    channel: int = 0,
    **fields: Any,
) -> Results:
    tokens = text.split()
    step = (end - start) / max(1, len(tokens))
    words = tuple(
        Word(word=token, start=start + i * step, end=start + (i + 1) * step, confidence=0.9)
        for i, token in enumerate(tokens)
    )
    return Results(
        channel_index=(channel, 2),
        start=start,
        duration=end - start,
        is_final=final,
        speech_final=speech_final,
        channel=Channel(alternatives=(Alternative(transcript=text, confidence=0.9, words=words),)),
        metadata=ResultsMetadata(request_id="x"),
        **fields,
    )


def _interim(start: float, end: float, text: str, channel: int = 0) -> Results:
    return _results(start, end, text, final=False, channel=channel)


def _end(last_word_end: float, channel: int = 0) -> UtteranceEnd:
    return UtteranceEnd(channel=(channel, 2), last_word_end=last_word_end)


METADATA = Metadata(transaction_key="deprecated", request_id="x", sha256="y", created="z", duration=9.0, channels=1)


def _said(*messages: Any) -> list[tuple[int, str, str]]:
    return [(u.channel, u.transcript, str(u.ended_by)) for u in assemble(messages).utterances]


def test_finals_are_appended_until_speech_final_completes_them() -> None:
    transcript = Transcript()
    assert transcript.feed(_results(0, 2, "please book")) == []
    assert transcript.feed(_results(2, 3, "a table")) == []
    (utterance,) = transcript.feed(_results(3, 5, "for two.", speech_final=True))
    assert utterance.transcript == "please book a table for two."
    assert (utterance.start_audio_s, utterance.end_audio_s) == (0, 5)
    assert [word.word for word in utterance.words] == ["please", "book", "a", "table", "for", "two."]
    assert utterance.ended_by is EndedBy.SPEECH_FINAL
    assert transcript.feed(_results(5, 6, "thanks", speech_final=True))[0].transcript == "thanks"
    assert transcript.text() == "please book a table for two. thanks"


def test_an_interim_replaces_the_one_before_it_and_is_gone_with_its_final() -> None:
    transcript = Transcript()
    for text in ("pleas", "please look at", "please book"):
        transcript.feed(_interim(0, 2, text))
        assert transcript.interim() == text
    assert transcript.text() == ""
    transcript.feed(_results(0, 2, "please book a"))
    assert (transcript.interim(), transcript.text()) == ("", "please book a")


def test_a_final_that_covers_less_than_the_interim_takes_nothing_with_it() -> None:
    messages = [_interim(0, 4.3, "one two three four"), _results(0, 3.26, "one two three"), _interim(3.26, 5, "four")]
    assert assemble([*messages, _results(3.26, 6, "four five")]).text() == "one two three four five"


def test_an_utterance_end_completes_what_speech_final_did_not() -> None:
    assert _said(_results(0, 2, "one two"), _end(2.0), _results(3, 4, "three", speech_final=True)) == [
        (0, "one two", "utterance_end"),
        (0, "three", "speech_final"),
    ]


def test_an_utterance_end_after_speech_final_says_nothing_new() -> None:
    assert _said(_results(0, 2, "one two", speech_final=True), _end(2.0)) == [(0, "one two", "speech_final")]


def test_a_late_utterance_end_leaves_the_next_turn_open() -> None:
    first = _results(5, 9.6, "the first turn", speech_final=True)
    interim, second, third = (
        _interim(9.6, 11, "the sec"),
        _results(9.6, 14.36, "the second"),
        _results(14.36, 17, "turn", speech_final=True),
    )
    assert _said(first, interim, _end(8.8), second, third) == _said(first, interim, second, _end(8.8), third)
    assert _said(first, second, _end(8.8), third) == [
        (0, "the first turn", "speech_final"),
        (0, "the second turn", "speech_final"),
    ]


def test_a_late_utterance_end_completes_only_what_was_said_before_it() -> None:
    assert _said(_results(0, 2.3, "old words"), _results(2.3, 4, "new words"), _end(2.0)) == [
        (0, "old words", "utterance_end"),
        (0, "new words", "stream_end"),
    ]


def test_minus_one_says_that_all_is_final_already_and_completes_nothing() -> None:
    assert _said(_results(0, 2, "still open"), _end(-1), _results(2, 3, "going on", speech_final=True)) == [
        (0, "still open going on", "speech_final")
    ]


def test_an_utterance_end_of_nothing_heard_is_no_utterance() -> None:
    assert _said(_end(1.0), _end(-1), _results(0, 5, ""), _end(4.0)) == []


def test_an_empty_speech_final_completes_the_text_before_it_and_alone_nothing() -> None:
    assert _said(_results(0, 2, "hello"), _results(2, 5, "", speech_final=True)) == [(0, "hello", "speech_final")]
    assert _said(_results(0, 3.6, "", speech_final=True)) == []
    (utterance,) = assemble([_results(0, 2, "hello"), _results(2, 5, "", speech_final=True)]).utterances
    assert utterance.end_audio_s == 5


def test_speech_final_without_is_final_completes_nothing() -> None:
    contradictory = _results(0, 2, "may change", final=False, speech_final=True)
    assert _said(contradictory, _results(0, 2, "has changed", speech_final=True)) == [
        (0, "has changed", "speech_final")
    ]


@pytest.mark.parametrize("speech_final", [True, False])
def test_the_answer_to_finalize_is_a_final_like_others(speech_final: bool) -> None:
    flagged = _results(0, 2, "cut here", speech_final=speech_final, from_finalize=True)
    wanted = "speech_final" if speech_final else "stream_end"
    assert _said(flagged, METADATA) == [(0, "cut here", wanted)]


def test_channels_are_kept_apart() -> None:
    transcript = assemble(
        [
            _results(0, 2, "left one"),
            _results(0, 3, "right one", channel=1),
            _end(2.0),
            _interim(3, 4, "right tw", channel=1),
            _results(2, 4, "left two", speech_final=True),
            _results(3, 5, "right two", speech_final=True, channel=1),
        ]
    )
    assert transcript.channels == (0, 1)
    assert (transcript.text(0), transcript.text(1)) == ("left one left two", "right one right two")
    assert [(u.channel, u.transcript) for u in transcript.utterances] == [
        (0, "left one"),
        (0, "left two"),
        (1, "right one right two"),
    ]
    assert [word.word for word in transcript.words(1)] == ["right", "one", "right", "two"]


def test_metadata_ends_the_stream_and_completes_each_channel() -> None:
    transcript = Transcript()
    transcript.feed(_results(0, 2, "left"))
    transcript.feed(_results(0, 2, "right", channel=1))
    done = transcript.feed(METADATA)
    assert [(u.channel, u.transcript, u.ended_by) for u in done] == [
        (0, "left", EndedBy.STREAM_END),
        (1, "right", EndedBy.STREAM_END),
    ]
    assert transcript.metadata == METADATA
    assert transcript.finish() == []


def test_an_unknown_channel_is_empty() -> None:
    transcript = assemble([])
    assert (transcript.text(7), transcript.words(7), transcript.finals(7), transcript.interim(7)) == ("", (), (), "")


def test_all_other_messages_are_passed_over() -> None:
    others: list[Any] = [
        SpeechStarted(channel=(0, 1), timestamp=0.1),
        Error(variant="SchemaError"),
        UnknownMessage("Novel", {}),
        MalformedMessage("Results", "odd"),
    ]
    assert assemble([*others, _results(0, 1, "only this", speech_final=True), *others]).text() == "only this"


def test_a_message_without_alternatives_is_silence() -> None:
    bare = Results(
        channel_index=(0, 1),
        start=0,
        duration=1,
        is_final=True,
        channel=Channel(alternatives=()),
        metadata=ResultsMetadata(request_id="x"),
    )
    assert assemble([bare]).utterances == []


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "one", "two three"]),
            st.booleans(),
            st.lists(st.just("guess"), max_size=3),
            st.integers(0, 1),
        ),
        max_size=12,
    )
)
def test_interims_never_leave_a_trace(segments: list[tuple[str, bool, list[str], int]]) -> None:
    plain: list[Results] = []
    chatty: list[Results] = []
    at = {0: 0.0, 1: 0.0}
    for text, speech_final, guesses, channel in segments:
        start = at[channel]
        at[channel] = start + 2
        chatty += [_interim(start, start + 1, guess, channel) for guess in guesses]
        final = _results(start, start + 2, text, speech_final=speech_final, channel=channel)
        plain.append(final)
        chatty.append(final)
    with_interims, without = assemble(chatty), assemble(plain)
    assert with_interims.utterances == without.utterances
    for channel in (0, 1):
        assert with_interims.text(channel) == without.text(channel)
        joined = " ".join(u.transcript for u in without.utterances if u.channel == channel)
        assert joined == without.text(channel)
