"""Sources answer both endpoints, and say where their words come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.protocol.codec import decode_prerecorded, encode_prerecorded
from harness.protocol.messages import Results
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import PrerecordedResponse
from mock_server.answer import Submitted
from mock_server.script import Script
from mock_server.sources import SCRIPTS_KEPT, RecordedSource, SpokenSource, silence
from mock_server.synthesis import MODEL_UUID
from mock_server.timeline import Phrase, from_phrases, spoken

UUID = "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"
PLAIN = ListenOptions(interim_results=True)
SUBMITTED = Submitted("0" * 64, 9.0, 1, "2026-11-20T09:14:33.207Z", "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091")
TEXT = "please book a table for two tomorrow at seven by the window"


def _final_text(script: Script) -> str:
    finals = [c.message for c in script.cues if isinstance(c.message, Results) and c.message.is_final]
    return " ".join(final.transcript for final in finals if final.transcript)


def _response() -> PrerecordedResponse:
    word = {"word": "hello", "start": 0.1, "end": 0.4, "confidence": 0.9}
    info = {UUID: {"name": "general-nova-3", "version": "1", "arch": "nova-3"}}
    metadata = {"request_id": "r", "sha256": "s", "created": "c", "duration": 1.0, "channels": 1, "model_info": info}
    alternative = {"transcript": "hello", "confidence": 0.9, "words": [word]}
    return decode_prerecorded(
        json.dumps({"metadata": metadata, "results": {"channels": [{"alternatives": [alternative]}]}})
    )


def test_a_recorded_session_is_said_literally_and_read_once(tape: Any, results_text: Callable[..., str]) -> None:
    literal = results_text("0.0", "2.0000002", "hello there")
    source = RecordedSource("taped", tape.audio(2.5).down(literal).recording())
    script = source.script(PLAIN, 1)
    assert [cue.text for cue in script.cues] == [literal]
    assert source.script(ListenOptions(), 1) is script
    assert source.describe() == "recording taped (streamed session; the pre-recorded answer is made from its finals)"
    assert source.synthetic is False


def test_a_recorded_session_answers_a_posted_file_with_its_finals_and_its_model(
    tape: Any, results_text: Callable[..., str]
) -> None:
    source = RecordedSource("taped", tape.audio(2.5).down(results_text("0.0", "2.0", "hello there")).recording())
    response = source.answer(PLAIN, SUBMITTED)
    assert response.transcript() == "hello there"
    assert response.metadata.models == (UUID,)
    assert response.metadata.request_id == SUBMITTED.request_id


def test_other_channels_than_were_recorded_are_made_from_the_words_by_the_same_model(
    tape: Any, results_text: Callable[..., str]
) -> None:
    recording = tape.audio(2.5).down(results_text("0.0", "2.0", "hello there")).recording()
    script = RecordedSource("taped", recording).script(PLAIN, 2)
    assert len(script.timeline.channels) == 2
    assert _final_text(script) == "hello there"
    assert (script.model.arch, script.model_uuid, script.synthetic) == ("nova-3", UUID, False)


def test_a_response_alone_is_streamed_from_its_words_by_its_model() -> None:
    source = RecordedSource("posted", response=_response())
    script = source.script(PLAIN, 1)
    assert (_final_text(script), script.model.arch, script.model_uuid) == ("hello", "nova-3", UUID)
    assert source.describe() == "recording posted (pre-recorded response; the stream is made from its words)"
    answered = source.answer(PLAIN, SUBMITTED)
    assert (answered.transcript(), answered.metadata.sha256) == ("hello", "0" * 64)


def test_both_halves_answer_their_own_endpoint(tape: Any, results_text: Callable[..., str]) -> None:
    recording = tape.audio(2.5).down(results_text("0.0", "2.0", "streamed words")).recording()
    source = RecordedSource("both", recording, _response())
    assert source.describe() == "recording both (api.deepgram.com)"
    assert _final_text(source.script(PLAIN, 1)) == "streamed words"
    assert source.answer(PLAIN, SUBMITTED).transcript() == "hello"


def test_a_spoken_text_is_said_as_it_is_and_says_that_it_is_synthetic() -> None:
    source = SpokenSource("text", spoken(TEXT))
    assert _final_text(source.script(PLAIN, 1)) == TEXT
    assert source.answer(PLAIN, Submitted("0" * 64, 60.0, 1, "", "id")).transcript() == TEXT
    assert source.answer(PLAIN, SUBMITTED).metadata.models == (MODEL_UUID,)
    assert source.synthetic is True
    assert source.describe() == "script from the text of text (synthetic; word errors 0% and 0%, seed 0)"


def test_each_endpoint_mishears_at_its_own_rate_by_the_same_seed() -> None:
    long = Submitted("0" * 64, 600.0, 1, "", "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091")
    timeline = spoken(" ".join([TEXT] * 10))
    said = " ".join([TEXT] * 10)
    for streaming, prerecorded in ((0.5, 0.0), (0.0, 0.5)):
        source = SpokenSource("text", timeline, streaming, prerecorded, seed=3)
        assert (_final_text(source.script(PLAIN, 1)) == said) is (streaming == 0.0)
        assert (source.answer(PLAIN, long).transcript() == said) is (prerecorded == 0.0)
    one, other = (SpokenSource("text", timeline, 0.5, 0.5, seed) for seed in (3, 4))
    again = SpokenSource("text", timeline, 0.5, 0.5, 3)
    assert one.script(PLAIN, 1) == again.script(PLAIN, 1)
    assert encode_prerecorded(one.answer(PLAIN, long)) == encode_prerecorded(again.answer(PLAIN, long))
    assert one.script(PLAIN, 1) != other.script(PLAIN, 1)


def test_a_script_is_made_once_for_a_query_and_channels_and_not_kept_for_ever() -> None:
    source = SpokenSource("text", from_phrases([Phrase("left", 0, 1), Phrase("right", 1, 2, channel=1)], 2, None))
    first = source.script(PLAIN, 1)
    assert source.script(PLAIN, 1) is first
    assert len(source.script(PLAIN, 2).timeline.channels) == 2
    for number in range(SCRIPTS_KEPT):
        source.script(ListenOptions(tag=(f"tag {number}",)), 1)
    assert source.script(PLAIN, 1) is not first
    assert source.script(PLAIN, 1) == first


def test_silence_says_nothing_of_anything() -> None:
    assert silence().script(PLAIN, 2).cues == ()
    assert silence().answer(PLAIN, SUBMITTED).transcript() == ""
