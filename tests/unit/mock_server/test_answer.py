"""The answer of `POST /v1/listen`."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from harness.protocol.codec import decode_prerecorded, encode_prerecorded
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import Paragraphs, PrerecordedResponse
from mock_server.answer import Submitted, answer, resubmitted
from mock_server.synthesis import MODEL, MODEL_UUID
from mock_server.timeline import Phrase, from_phrases, spoken

SHA = "3f1b9d2c4a5e60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef"
ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
TWO_SIDES = from_phrases(
    [Phrase("Good morning.", 0.5, 1.5), Phrase("Hello, who is it?", 2.0, 3.0, channel=1), Phrase("Me.", 6.0, 6.5)],
    2,
    None,
)


def _submitted(duration_audio_s: float = 60.0, channels: int = 1) -> Submitted:
    return Submitted(SHA, duration_audio_s, channels, "2026-11-20T09:14:33.207Z", ID)


def _answer(
    text: str = "Hello there. How are you?", duration_audio_s: float = 60.0, **asked: Any
) -> PrerecordedResponse:
    return answer(spoken(text), ListenOptions(**asked), _submitted(duration_audio_s), MODEL, MODEL_UUID)


def test_metadata_tells_what_was_submitted_and_who_answered() -> None:
    metadata = _answer(duration_audio_s=12.3456789).metadata
    assert (metadata.request_id, metadata.sha256, metadata.created) == (ID, SHA, "2026-11-20T09:14:33.207Z")
    assert (metadata.duration, metadata.channels) == (12.345679, 1)
    assert (metadata.models, metadata.model_info) == ((MODEL_UUID,), {MODEL_UUID: MODEL})


def test_words_are_punctuated_only_when_it_is_asked_for() -> None:
    assert _answer().transcript() == "hello there how are you"
    assert _answer(punctuate=True).transcript() == "Hello there. How are you?"
    assert b"punctuated_word" not in encode_prerecorded(_answer())


def test_paragraphs_hold_sentences_of_all_words() -> None:
    text = " ".join(f"Sentence number {number}." for number in "abcdefg")
    (alternative,) = _answer(text, paragraphs=True).results.channels[0].alternatives
    paragraphs = alternative.paragraphs
    assert isinstance(paragraphs, Paragraphs)
    assert _answer(text).results.channels[0].alternatives[0].paragraphs is UNSET
    assert [len(p.sentences) for p in paragraphs.paragraphs] == [5, 2]
    assert [p.num_words for p in paragraphs.paragraphs] == [15, 6]
    assert paragraphs.transcript.split() == alternative.transcript.split()
    sentences = [s for p in paragraphs.paragraphs for s in p.sentences]
    assert [s.text for s in sentences][:2] == ["Sentence number a.", "Sentence number b."]
    assert (sentences[0].start, sentences[-1].end) == (alternative.words[0].start, alternative.words[-1].end)


@pytest.mark.parametrize(
    ("utt_split", "wanted"), [(None, ["good morning", "me"]), (0.1, ["good morning", "me"]), (9, ["good morning me"])]
)
def test_utterances_are_split_at_pauses_of_utt_split(utt_split: float | None, wanted: list[str]) -> None:
    options = ListenOptions(utterances=True, utt_split=utt_split)
    response = answer(TWO_SIDES.spread(2), options, _submitted(), MODEL, MODEL_UUID)
    assert response.results.channels[0].alternatives[0].transcript == "good morning hello who is it me"
    left = answer(
        from_phrases([Phrase("Good morning.", 0.5, 1.5), Phrase("Me.", 6.0, 6.5)], 1, None),
        options,
        _submitted(),
        MODEL,
        MODEL_UUID,
    )
    assert [u.transcript for u in left.results.utterances or ()] == wanted


def test_with_multichannel_each_channel_has_its_own_words_and_utterances_are_in_order_of_time() -> None:
    options = ListenOptions(multichannel=True, utterances=True, punctuate=True)
    response = answer(TWO_SIDES, options, _submitted(channels=2), MODEL, MODEL_UUID)
    assert response.metadata.channels == 2
    assert [response.transcript(channel) for channel in (0, 1)] == ["Good morning. Me.", "Hello, who is it?"]
    assert [(u.channel, u.transcript) for u in response.results.utterances or ()] == [
        (0, "Good morning."),
        (1, "Hello, who is it?"),
        (0, "Me."),
    ]
    assert len({u.id for u in response.results.utterances or ()}) == 3


def test_stereo_without_multichannel_is_one_channel_of_both_voices() -> None:
    response = answer(TWO_SIDES, ListenOptions(), _submitted(channels=2), MODEL, MODEL_UUID)
    assert len(response.results.channels) == 1
    assert response.transcript() == "good morning hello who is it me"


def test_what_lies_past_the_end_of_the_audio_was_not_heard() -> None:
    words = spoken("one two three four").channels[0]
    heard = _answer("one two three four", duration_audio_s=words[2].end)
    assert heard.transcript() == "one two three"
    assert _answer(duration_audio_s=0.0).transcript() == ""
    assert _answer(duration_audio_s=0.0, paragraphs=True, utterances=True).results.utterances == ()


def test_a_recorded_response_gets_the_ids_of_the_new_request() -> None:
    again = resubmitted(_answer(), ListenOptions(), Submitted("0" * 64, 5.0, 1, "2026-12-01T00:00:00.000Z", "other"))
    assert (again.metadata.request_id, again.metadata.sha256) == ("other", "0" * 64)
    assert again.metadata.created == "2026-12-01T00:00:00.000Z"
    assert again.results == _answer().results


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(["Yes.", "no,", "ça", "\\", '"', "?", "1.5"]), max_size=30),
    st.floats(0, 30),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_every_answer_reads_back_as_it_was_written(
    tokens: list[str], duration_audio_s: float, paragraphs: bool, utterances: bool, punctuate: bool
) -> None:
    response = _answer(
        " ".join(tokens), duration_audio_s, paragraphs=paragraphs, utterances=utterances, punctuate=punctuate
    )
    assert decode_prerecorded(encode_prerecorded(response)) == response
    (alternative,) = response.results.channels[0].alternatives
    assert len({not alternative.transcript, not alternative.words, alternative.confidence == 0}) == 1
    if utterances:
        stretches = response.results.utterances or ()
        assert tuple(chain.from_iterable(u.words for u in stretches)) == alternative.words
