"""Timelines from texts, references, finals and pre-recorded responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from harness.errors import BadInput
from harness.protocol.codec import decode_prerecorded, decode_server
from harness.protocol.messages import Results, Word
from mock_server.timeline import (
    Phrase,
    Timeline,
    alternative_of,
    bare,
    from_finals,
    from_phrases,
    from_prerecorded,
    spoken,
)

UUID = "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"


def test_a_spoken_text_keeps_its_words_and_pauses_at_its_punctuation() -> None:
    (words,) = spoken("Well, it's Sam's. Go on").channels
    assert [w.word for w in words] == ["well", "it's", "sam's", "go", "on"]
    assert [w.display for w in words] == ["Well,", "it's", "Sam's.", "Go", "on"]
    gaps = [round(b.start - a.end, 3) for a, b in pairwise(words)]
    assert gaps == [0.25, 0.0, 0.6, 0.0]
    assert words[0].start == 0.25
    assert round(words[4].end - words[4].start, 3) == 0.2


def test_the_words_of_a_phrase_fill_it_by_their_length() -> None:
    (words,) = from_phrases([Phrase("a wonderful day", 2.0, 4.0)], 1, 9.0).channels
    assert words[0].start == 2.0
    assert words[-1].end == 4.0
    assert all(a.end == b.start for a, b in pairwise(words))
    assert words[1].end - words[1].start > words[2].end - words[2].start > words[0].end - words[0].start


def test_phrases_go_to_their_channels_in_order_of_time() -> None:
    timeline = from_phrases([Phrase("later", 5, 6), Phrase("other", 2, 3, channel=1), Phrase("first", 1, 2)], 2, None)
    assert [[w.word for w in words] for words in timeline.channels] == [["first", "later"], ["other"]]


@pytest.mark.parametrize(
    ("phrase", "sentence"),
    [
        (Phrase("hello", 0, 1, channel=2), "the phrase 'hello' is on channel 2; wanted 0 to 1"),
        (Phrase("hello", 0, 1, channel=-1), "the phrase 'hello' is on channel -1; wanted 0 to 1"),
        (Phrase("hello", 2, 1), "the phrase 'hello' lasts from 2 to 1 s; wanted an end after a start of 0 or more"),
        (Phrase("hello", -1, 1), "the phrase 'hello' lasts from -1 to 1 s; wanted an end after a start of 0 or more"),
    ],
)
def test_a_phrase_that_cannot_be_is_named(phrase: Phrase, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_phrases([phrase], 2, None)
    assert str(caught.value) == sentence


def test_finals_give_their_words_channel_by_channel_and_the_model_that_heard_them(
    results_text: Callable[..., str],
) -> None:
    texts = [
        results_text("0.0", "2.0", "left here", channel="[0,2]"),
        results_text("0.0", "3.0", "right there", channel="[1,2]"),
        results_text("2.0", "1.0", "again", channel="[0,2]"),
    ]
    finals = [message for text in texts if isinstance(message := decode_server(text).message, Results)]
    timeline = from_finals(finals, 3.0)
    assert [[w.word for w in words] for words in timeline.channels] == [["left", "here", "again"], ["right", "there"]]
    assert timeline.model is not None
    assert (timeline.model.arch, timeline.model_uuid, timeline.duration_audio_s) == ("nova-3", UUID, 3.0)


def test_no_finals_are_one_silent_channel_that_no_model_heard() -> None:
    assert from_finals([], None) == Timeline(((),), None, None, None)


def test_a_response_gives_its_words_and_its_model() -> None:
    word = {"word": "hi", "start": 0.1, "end": 0.4, "confidence": 0.9}
    alternative = {"transcript": "hi", "confidence": 0.9, "words": [word]}
    metadata = {
        "request_id": "x",
        "sha256": "y",
        "created": "z",
        "duration": 1.5,
        "channels": 2,
        "model_info": {UUID: {"name": "general-nova-3", "version": "1", "arch": "nova-3"}},
    }
    channels = [{"alternatives": [alternative]}, {"alternatives": []}]
    timeline = from_prerecorded(
        decode_prerecorded(json.dumps({"metadata": metadata, "results": {"channels": channels}}))
    )
    assert [[w.word for w in words] for words in timeline.channels] == [["hi"], []]
    assert timeline.model is not None
    assert (timeline.model.name, timeline.model_uuid, timeline.duration_audio_s) == ("general-nova-3", UUID, 1.5)


def test_channels_are_mixed_in_order_of_time_or_filled_up_with_silence() -> None:
    timeline = from_phrases([Phrase("one", 0, 1), Phrase("two", 1, 2, channel=1), Phrase("three", 2, 3)], 2, None)
    (mixed,) = timeline.spread(1).channels
    assert [w.word for w in mixed] == ["one", "two", "three"]
    assert timeline.spread(2) is timeline
    assert timeline.spread(3).channels == (*timeline.channels, ())


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("Hello,", "hello"),
        ("'Tis", "'tis"),
        ("(maybe)", "maybe"),
        ("well-known.", "well-known"),
        ("—", "—"),
        ("Ça!", "ça"),
    ],
)
def test_a_bare_word_is_lower_case_without_punctuation_at_its_edges(token: str, word: str) -> None:
    assert bare(token) == word


def test_the_alternative_of_no_words_is_empty_throughout() -> None:
    silent = alternative_of(())
    assert (silent.transcript, silent.confidence, silent.words) == ("", 0.0, ())
    two = alternative_of(
        (Word(word="a", start=0, end=1, confidence=0.5), Word(word="b", start=1, end=2, confidence=1.0))
    )
    assert (two.transcript, two.confidence) == ("a b", 0.75)
