"""The pre-recorded answer against literal texts and real answers."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from harness.protocol.codec import decode_prerecorded, encode_prerecorded
from harness.protocol.messages import Entity, ModelInfo, Word
from harness.protocol.prerecorded import (
    Paragraph,
    PrerecordedAlternative,
    PrerecordedChannel,
    PrerecordedMetadata,
    PrerecordedResponse,
    PrerecordedResults,
    Sentence,
)

WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
MODEL_ID = "7b1e0c44-2f5a-4d83-9c61-d0a3b5e7f912"


def literal(name: str) -> str:
    return (WIRE / f"{name}.json").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("name", ["prerecorded", "prerecorded-with-every-option"])
def test_encoding_what_was_decoded_gives_the_same_bytes(name: str) -> None:
    assert encode_prerecorded(decode_prerecorded(literal(name))).decode() == literal(name)


def test_the_plain_answer_has_the_expected_values() -> None:
    assert decode_prerecorded(literal("prerecorded")) == PrerecordedResponse(
        metadata=PrerecordedMetadata(
            transaction_key="deprecated",
            request_id="019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b",
            sha256="b7f2e90c14d8a36579c0e1b2d3f4a5968778695a4b3c2d1e0f9a8b7c6d5e4f30",
            created="2026-11-19T22:52:30.064Z",
            duration=3.2599998,
            channels=1,
            models=(MODEL_ID,),
            model_info={MODEL_ID: ModelInfo(name="general-nova-3", version="2026-02-11.4107", arch="nova-3")},
        ),
        results=PrerecordedResults(
            channels=(
                PrerecordedChannel(
                    alternatives=(
                        PrerecordedAlternative(
                            transcript="Gulls circle.",
                            confidence=0.9946289,
                            words=(
                                Word(word="gulls", start=0.64, end=1.12, confidence=0.9946289, punctuated_word="Gulls"),
                                Word(
                                    word="circle", start=1.12, end=1.6, confidence=0.9897461, punctuated_word="circle."
                                ),
                            ),
                        ),
                    )
                ),
            )
        ),
    )


def test_every_option_lands_in_its_field() -> None:
    response = decode_prerecorded(literal("prerecorded-with-every-option"))
    (channel,) = response.results.channels
    (best,) = channel.alternatives
    assert best.paragraphs is not UNSET
    assert best.paragraphs.paragraphs == (
        Paragraph(
            sentences=(Sentence(text="Gulls circle.", start=0.64, end=1.6),),
            num_words=2,
            start=0.64,
            end=1.6,
            speaker=0,
        ),
    )
    assert best.entities == (
        Entity(label="ANIMAL", value="Gulls", raw_value="gulls", confidence=0.8613281, start_word=0, end_word=1),
    )
    assert (best.languages, best.languages_hinted) == (("en",), ("en",))
    assert (channel.detected_language, channel.language_confidence) == ("en", 0.9824219)
    assert response.results.utterances is not UNSET
    (utterance,) = response.results.utterances
    assert (utterance.speaker, utterance.channel, utterance.words) == (0, 0, best.words)
    assert best.words[0].speaker_confidence == 0.7314453
    assert response.metadata.tags == ("harbour",)
    assert response.results.summary == {"result": "success", "short": "Birds fly."}


def test_the_transcript_of_a_channel_is_that_of_its_first_alternative() -> None:
    assert decode_prerecorded(literal("prerecorded")).transcript() == "Gulls circle."


def test_a_channel_without_alternatives_has_an_empty_transcript() -> None:
    raw = json.loads(literal("prerecorded"))
    raw["results"]["channels"].append({"alternatives": []})
    assert decode_prerecorded(json.dumps(raw)).transcript(1) == ""


def test_null_in_a_field_that_may_be_absent_reads_as_absent() -> None:
    raw = json.loads(literal("prerecorded"))
    raw["results"]["utterances"] = None
    raw["metadata"]["warnings"] = None
    raw["results"]["channels"][0]["alternatives"][0]["paragraphs"] = None
    assert decode_prerecorded(json.dumps(raw)) == decode_prerecorded(literal("prerecorded"))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("metadata", "duration"), "3", "Expected `float`, got `str` - at `$.metadata.duration`"),
        (("results", "channels"), {}, "Expected `array`, got `object` - at `$.results.channels`"),
        (("results", "channels"), None, "Object missing required field `channels` - at `$.results`"),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(path: tuple[str, str], value: Any, complaint: str) -> None:
    raw = json.loads(literal("prerecorded"))
    raw[path[0]][path[1]] = value
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_prerecorded(json.dumps(raw))
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"<html>", b'{"metadata":"\xff"}', b'{"metadata":' + b"[" * 100_000, '{"metadata":"\ud800"}'],
    ids=["empty", "cut", "html", "not-utf-8", "deep", "half-a-pair"],
)
def test_a_body_that_is_not_json_is_a_decode_error_whatever_is_wrong_with_it(body: bytes | str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_prerecorded(body)


def answers(shared: Path) -> list[Path]:
    recordings = shared / "recordings"
    files = [
        *(recordings / "python-sdk-history/rest").rglob("*-response.json"),
        *(recordings / "captions").rglob("*.json"),
    ]
    return sorted(files)


def test_every_real_answer_survives_and_loses_nothing(shared: Path) -> None:
    files = answers(shared)
    assert len(files) == 31
    for file in files:
        text = file.read_text(encoding="utf-8")
        response = decode_prerecorded(text)
        assert decode_prerecorded(encode_prerecorded(response)) == response
        assert json.loads(encode_prerecorded(response)) == json.loads(text), file.name


def test_the_documentations_answers_survive_but_for_the_trimmed_ones(shared: Path) -> None:
    lines = (shared / "recordings/docs-fragments/docs-json-blocks.jsonl").read_text(encoding="utf-8").splitlines()
    blocks = {at: json.loads(line)["json"] for at, line in enumerate(lines, 1)}
    answered = {at: block for at, block in blocks.items() if "results" in block}
    # Blocks 5 and 7 are trimmed: their metadata is an excerpt.
    for at in (5, 7):
        with pytest.raises(msgspec.ValidationError, match="missing required field `sha256`"):
            decode_prerecorded(json.dumps(answered.pop(at)))
    assert set(answered) == {10, 11, 12, 13, 14}
    for block in answered.values():
        assert json.loads(encode_prerecorded(decode_prerecorded(json.dumps(block)))) == block
