"""A Flux recording answers every endpoint, and every source answers Flux."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.protocol.options import ListenOptions
from harness.recording.document import Recording, lines
from mock_server import loading
from mock_server.answer import Submitted
from mock_server.flux.synthesis import SynthesisedTurns
from mock_server.sources import RecordedSource

OPTIONS = ListenOptions(model="nova-3", encoding="linear16", sample_rate=16_000, punctuate=True)
SUBMITTED = Submitted(
    sha256="0" * 64, duration_audio_s=22.0, channels=1, created="2026-11-20T09:14:33Z", request_id="r"
)
FIRST, LAST = "We the people of the United States,", "for the United States of America."


def test_a_flux_recording_answers_v1_with_its_words(real: Recording) -> None:
    script = RecordedSource("real", real).script(OPTIONS, 1)
    (words,) = script.timeline.channels
    text = " ".join(word.display for word in words)

    assert text.startswith(FIRST)
    assert text.endswith(LAST)
    assert not script.synthetic


def test_and_a_posted_file_too(real: Recording) -> None:
    response = RecordedSource("real", real).answer(OPTIONS, SUBMITTED)
    text = response.results.channels[0].alternatives[0].transcript

    assert text.startswith(FIRST)
    assert text.endswith(LAST)


def test_it_says_what_is_derived(real: Recording) -> None:
    described = RecordedSource("real", real).describe()

    assert described == "recording real (Flux session; the pre-recorded answer is made from its turns)"


def test_a_text_is_heard_as_turns() -> None:
    assert isinstance(loading.say("Hello there.").turns(), SynthesisedTurns)


def test_a_list_of_frames_is_loaded_by_name(shared: Path) -> None:
    (known,) = loading.load_known([shared / "recordings" / "flux-preamble" / "frames.json"])

    assert known.source.name == "frames"
    assert len(list(known.source.turns().looks())) == 103


def test_a_recording_of_ours_is_loaded_as_what_it_is(real: Recording, tmp_path: Path) -> None:
    path = tmp_path / "taped.jsonl"
    path.write_text("".join(lines(real)), encoding="utf-8")
    (known,) = loading.load_known([path])

    assert len(list(known.source.turns().looks())) == 103


def test_one_of_two_answered_connections_cannot_be_replayed(real: Recording, tmp_path: Path) -> None:
    twice = [*lines(real)]
    others = [{**json.loads(line), "leg": 1} for line in twice[1:] if "leg" in json.loads(line)]
    path = tmp_path / "twice.jsonl"
    path.write_text("".join([*twice, *(json.dumps(other) + "\n" for other in others)]), encoding="utf-8")

    with pytest.raises(BadInput, match=r"twice.jsonl: twice: 2 connections were answered"):
        loading.load_known([path])
