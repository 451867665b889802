"""What a server may say and what not: where the line runs, and the numbers in the sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.recording.entries import Direction

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]


def _messages(verdict: Any) -> list[str]:
    return [f"{finding.rule}: {finding.message}" for finding in verdict.findings]


def test_float_artefacts_of_a_long_stream_are_no_gap(opened: Make) -> None:
    session = opened().audio(3.1)
    session.results(0.0, 1.0000001, "one").results(1.0009, 1.0000002, "two").results(2.0019, 1.0, "three")
    assert session.finish().judged().findings == ()


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (1.002, "where 1 s was wanted, the end of the finals before it: a gap of 0.002 s."),
        (0.5, "where 1 s was wanted, the end of the finals before it: an overlap of 0.5 s."),
    ],
)
def test_gap_and_overlap_are_told_apart(start: float, sentence: str, opened: Make) -> None:
    session = opened().audio(2.1).results(0, 1, "one").results(start, 2 - start + 0.05, "two")
    found = _messages(session.finish().judged())
    assert [message.split(":")[0] for message in found][:1] == ["I3"]
    assert found[0].endswith(sentence)


def test_the_first_final_starts_at_zero(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(2).results(1, 1, "two").finish().judged()) == ["I3", "I8"]


def test_a_final_shorter_than_its_last_interim_is_in_order(opened: Make) -> None:
    session = opened().audio(4.4).results(0, 4.3, "one two three", final=False).results(0, 3.26, "one two")
    session.results(3.26, 1.1, "three", final=False).results(3.26, 1.14, "three")
    assert session.finish().judged().findings == ()


def test_a_delta_interim_is_told_once_per_segment(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(4)
    for start in (1, 2, 3):
        session.results(start, 1, "x", final=False)
    session.results(0, 4, "one").results(2, 1, "y", final=False)
    assert rules_of(session.finish().judged()) == ["I4", "I4"]


def test_one_frame_beyond_the_audio_is_forgiven(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(1).results(0, 1.019, "one").finish().judged()) == []
    assert rules_of(opened().audio(1).results(0, 1.05, "one").finish().judged()) == ["I6"]


def test_audio_in_containers_has_no_end_to_reach_beyond(talk: Make) -> None:
    assert talk(query="model=nova-3").opened().audio(1).results(0, 9, "one").finish(9.0).judged().findings == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"type":"Metadata"}', "A Metadata is misshapen: Object missing required field"),
        ('{"no":"type"}', "A message has no string type."),
        ("[]", "A message cannot be read: a JSON list where an object is wanted."),
    ],
)
def test_an_unreadable_message_is_described(text: str, sentence: str, opened: Make) -> None:
    found = _messages(opened().audio(1).said(text).finish().judged())
    assert len(found) == 1
    assert found[0].startswith(f"I1: {sentence}")


def test_a_type_nobody_knows_yet_is_no_fault(opened: Make) -> None:
    assert opened().audio(1).says("Novelty", value=1).finish().judged().findings == ()


def test_without_the_header_messages_must_still_agree(talk: Make, rules_of: Ids) -> None:
    session = talk().opened(date="today").audio(1).results(0, 1, "one", request_id="other")
    assert rules_of(session.finish().judged()) == ["S-REQUEST-ID", "I2"]


def test_each_other_request_id_is_told_once(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(2).results(0, 1, "one", request_id="x").results(1, 1, "two", request_id="x")
    assert rules_of(session.finish().judged()) == ["I2"]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"start": 0.5, "end": 0.4}, "lies at 0.5 to 0.4 s, outside its segment of 0 to 1 s"),
        ({"start": 0.1, "end": 0.2, "confidence": 1.5}, "has confidence 1.5; wanted 0 to 1"),
    ],
)
def test_a_word_out_of_bounds_is_quoted(changes: dict[str, float], part: str, opened: Make) -> None:
    word = {"word": "late", "confidence": 0.9, **changes}
    alternative = {"transcript": "late", "confidence": 0.9, "words": [word]}
    found = _messages(opened().audio(1).results(0, 1, alternative=alternative).finish().judged())
    assert len(found) == 1
    assert part in found[0]


def test_words_out_of_order_are_quoted(opened: Make) -> None:
    word = {"word": "b", "start": 0.5, "end": 0.6, "confidence": 0.9}
    words = [word, {**word, "word": "a", "start": 0.1, "end": 0.2}]
    alternative = {"transcript": "b a", "confidence": 0.9, "words": words}
    assert _messages(opened().audio(1).results(0, 1, alternative=alternative).finish().judged()) == [
        "I9: The word 'a' starts at 0.1 s, before the word in front of it."
    ]


def test_results_without_alternatives_are_empty(opened: Make) -> None:
    silence = {"type": "Results", "channel_index": [0, 1], "start": 0, "duration": 1, "is_final": True}
    metadata = {"request_id": "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"}
    text = json.dumps({**silence, "channel": {"alternatives": []}, "metadata": metadata})
    assert opened().audio(1).said(text).finish().judged().findings == ()


def test_messages_after_metadata_are_named(opened: Make) -> None:
    session = opened().audio(1).tells("CloseStream").metadata(1.0).results(0, 1, "late").close()
    assert _messages(session.judged()) == ["I7: 1 message (Results) came after Metadata, which is the last."]


def test_an_error_may_be_the_first_word(opened: Make, rules_of: Ids) -> None:
    session = opened().wait(11).says("Error", variant="Closing", code="NET-0001").close(code=1011)
    assert rules_of(session.judged()) == ["C-GREETING"]


def test_with_a_callback_nothing_is_owed_on_the_socket(talk: Make) -> None:
    query = "model=nova-3&encoding=linear16&sample_rate=16000&callback=https%3A%2F%2Fexample.com"
    assert talk(query=query).opened().audio(1).tells("CloseStream").wait(0.1).close().judged().findings == ()


def test_a_client_that_closes_first_forgoes_metadata(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(1).tells("CloseStream").close(Direction.UPSTREAM).close()
    assert rules_of(session.judged()) == ["C-DRAIN"]


def test_each_event_unasked_is_told_once(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(1).results(0, 1, "one")
    for _ in range(3):
        session.says("SpeechStarted", channel=[0, 1], timestamp=0.1)
        session.says("UtteranceEnd", channel=[0, 1], last_word_end=1.0)
    assert rules_of(session.finish().judged()) == ["I11", "I11"]
