"""The messages against `fixtures/wire`: literal texts written by hand from the specification, never by our encoder."""

import json
from pathlib import Path
from typing import Any

import pytest
from deepgram.listen.v1.types.listen_v1configure_failure import ListenV1ConfigureFailure
from deepgram.listen.v1.types.listen_v1configure_success import ListenV1ConfigureSuccess
from deepgram.listen.v1.types.listen_v1error import ListenV1Error
from deepgram.listen.v1.types.listen_v1metadata import ListenV1Metadata
from deepgram.listen.v1.types.listen_v1results import ListenV1Results
from deepgram.listen.v1.types.listen_v1speech_started import ListenV1SpeechStarted
from deepgram.listen.v1.types.listen_v1utterance_end import ListenV1UtteranceEnd
from msgspec import UNSET

from harness.protocol.codec import decode_client, decode_server, encode
from harness.protocol.messages import (
    Alternative,
    Channel,
    CloseStream,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Entity,
    Error,
    Finalize,
    KeepAlive,
    Message,
    Metadata,
    ModelInfo,
    Results,
    ResultsMetadata,
    Search,
    SearchHit,
    SpeechStarted,
    Sync,
    UtteranceEnd,
    Word,
)

WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
REQUEST_ID = "019ac3d2-5b70-7e41-8a6f-0c2d4e6f8a1b"
MODEL_ID = "7b1e0c44-2f5a-4d83-9c61-d0a3b5e7f912"
MODEL = ModelInfo(name="general-nova-3", version="2026-02-11.4107", arch="nova-3")
METADATA = ResultsMetadata(request_id=REQUEST_ID, model_info=MODEL, model_uuid=MODEL_ID)


def plain(word: str, start: float, end: float, confidence: float, shown: str) -> Word:
    return Word(word=word, start=start, end=end, confidence=confidence, punctuated_word=shown)


def spoken(word: Word, speaker: int, language: str) -> Word:
    return Word(
        word=word.word,
        start=word.start,
        end=word.end,
        confidence=word.confidence,
        punctuated_word=word.punctuated_word,
        speaker=speaker,
        language=language,
    )


def only(transcript: str, confidence: float, *words: Word) -> Channel:
    return Channel(alternatives=(Alternative(transcript=transcript, confidence=confidence, words=words),))


EXPECTED: dict[str, Message] = {
    "results-interim": Results(
        channel_index=(0, 1),
        duration=2.0000002,
        start=0.0,
        channel=only(
            "the lighthouse keeper",
            0.9638672,
            plain("the", 0.48, 0.64, 0.9814453, "the"),
            plain("lighthouse", 0.64, 1.1999999, 0.9638672, "lighthouse"),
            plain("keeper", 1.1999999, 1.6800001, 0.9428711, "keeper"),
        ),
        metadata=METADATA,
    ),
    "results-final": Results(
        channel_index=(0, 1),
        duration=3.2599998,
        start=0.0,
        is_final=True,
        speech_final=True,
        channel=only(
            "The lighthouse keeper rows home.",
            0.9970703,
            plain("the", 0.48, 0.64, 0.9946289, "The"),
            plain("lighthouse", 0.64, 1.1999999, 0.9970703, "lighthouse"),
            plain("keeper", 1.1999999, 1.6800001, 0.9985352, "keeper"),
            plain("rows", 1.8399999, 2.24, 0.8959961, "rows"),
            plain("home", 2.24, 2.72, 0.9990234, "home."),
        ),
        metadata=METADATA,
    ),
    "results-silence": Results(
        channel_index=(0, 1),
        duration=3.6000004,
        start=25.06,
        is_final=True,
        speech_final=True,
        channel=only("", 0.0),
        metadata=METADATA,
    ),
    "results-finalized": Results(
        channel_index=(1, 2),
        duration=0.53999996,
        start=14.36,
        is_final=True,
        channel=only(
            "Ja, genau.",
            0.9760742,
            plain("ja", 14.44, 14.6, 0.9760742, "Ja,"),
            plain("genau", 14.6, 14.84, 0.9980469, "genau."),
        ),
        metadata=METADATA,
        from_finalize=True,
    ),
    "results-with-every-option": Results(
        channel_index=(0, 1),
        duration=2.8799992,
        start=61.44,
        is_final=True,
        speech_final=True,
        channel=Channel(
            alternatives=(
                Alternative(
                    transcript="Treffen wir Mara Quill at 7 PM.",
                    confidence=0.9921875,
                    languages=("en", "de"),
                    languages_hinted=("en", "de"),
                    words=(
                        spoken(plain("treffen", 61.6, 62.0, 0.9711914, "Treffen"), 0, "de"),
                        spoken(plain("wir", 62.0, 62.16, 0.984375, "wir"), 0, "de"),
                        spoken(plain("mara", 62.24, 62.56, 0.9135742, "Mara"), 1, "en"),
                        spoken(plain("quill", 62.56, 62.88, 0.8720703, "Quill"), 1, "en"),
                        spoken(plain("at", 62.88, 63.04, 0.9951172, "at"), 1, "en"),
                        spoken(plain("seven", 63.04, 63.36, 0.9921875, "7"), 1, "en"),
                        spoken(plain("pm", 63.36, 63.760002, 0.9975586, "PM."), 1, "en"),
                    ),
                ),
            ),
            search=(
                Search(
                    query="quill",
                    hits=(SearchHit(confidence=0.8720703, start=62.56, end=62.88, snippet="quill"),),
                ),
                Search(query="anchor", hits=()),
            ),
        ),
        metadata=ResultsMetadata(
            request_id=REQUEST_ID,
            model_info=MODEL,
            model_uuid=MODEL_ID,
            diarize_info={"model_uuid": "c4a2f6e8-90b1-4d37-8e5c-1a3b5c7d9e0f", "arch": "polaris"},
            extra={"call": "harbour-17", "shift": "night"},
        ),
        entities=(
            Entity(
                label="NAME", value="Mara Quill", raw_value="mara quill", confidence=0.9316406, start_word=2, end_word=4
            ),
            Entity(label="TIME", value="7 PM", raw_value="seven pm", confidence=0.9482422, start_word=5, end_word=7),
        ),
    ),
    "speech-started": SpeechStarted(channel=(0, 1), timestamp=0.32),
    "utterance-end": UtteranceEnd(channel=(1, 2), last_word_end=2.72),
    "utterance-end-already-final": UtteranceEnd(channel=(0, 1), last_word_end=-1),
    "metadata": Metadata(
        transaction_key="deprecated",
        request_id=REQUEST_ID,
        sha256="6d1c4be0a97f23580cbb1e94f7d06a3852c9e1f4b7a80d63e5f2917c4ab8d30e",
        created="2026-11-19T22:41:07.318Z",
        duration=64.32,
        channels=1,
        models=(MODEL_ID,),
        model_info={MODEL_ID: MODEL},
        extra={"call": "harbour-17"},
        warnings=({"parameter": "tier", "type": "DEPRECATED", "message": "choose the model by its full name"},),
    ),
    "metadata-nothing-decoded": Metadata(
        transaction_key="deprecated",
        request_id=REQUEST_ID,
        sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        created="2026-11-19T22:41:07.318Z",
        duration=0.0,
        channels=0,
    ),
    "error-schema": Error(
        variant="SchemaError", description="The text frame could not be read", message='{"type":"Pause"}'
    ),
    "error-closing": Error(
        variant="Closing", code="NET-0001", description="Neither audio nor a text message came in time"
    ),
    "configure-success": ConfigureSuccess(request_id=REQUEST_ID),
    "configure-success-keyterms": ConfigureSuccess(request_id=REQUEST_ID, keyterms=("Mara Quill", "fog signal")),
    "configure-failure": ConfigureFailure(
        request_id=REQUEST_ID,
        code="CONFIGURE_ALREADY_PENDING",
        description="the one before it has not been answered yet",
    ),
    "sync": Sync(id=41),
    "client-keep-alive": KeepAlive(),
    "client-finalize": Finalize(),
    "client-finalize-one-channel": Finalize(channel=1),
    "client-close-stream": CloseStream(),
    "client-configure-features": Configure(features={"numerals": True}),
    "client-configure-keyterms": Configure(keyterms=("Mara Quill", "fog signal")),
    "client-configure-keyterms-cleared": Configure(keyterms=()),
    "client-configure-keyterms-kept": Configure(features={"numerals": False}, keyterms=None),
    "client-sync": Sync(id=41),
}
# Deepgram writes the sentinel of an utterance that was final already as a whole number; it reads as any other float.
WHOLE_FLOATS = {"utterance-end-already-final"}

every_message = pytest.mark.parametrize("name", EXPECTED)


def literal(name: str) -> str:
    return (WIRE / f"{name}.json").read_text(encoding="utf-8").rstrip("\n")


def decoded(name: str) -> Any:
    return (decode_client if name.startswith("client-") else decode_server)(literal(name))


def test_every_wire_fixture_has_an_expected_value() -> None:
    on_disk = {path.stem for path in WIRE.glob("*.json")}
    assert on_disk - set(EXPECTED) == {"prerecorded", "prerecorded-with-every-option"}
    assert set(EXPECTED) <= on_disk


@every_message
def test_the_literal_text_decodes_to_the_expected_value(name: str) -> None:
    assert decoded(name).message == EXPECTED[name]
    assert type(decoded(name).message) is type(EXPECTED[name])


@every_message
def test_no_field_of_the_wire_is_unknown(name: str) -> None:
    assert decoded(name).unmodelled == {}


@every_message
def test_the_literal_text_is_kept(name: str) -> None:
    assert decoded(name).text == literal(name)


@every_message
def test_encoding_gives_the_same_json(name: str) -> None:
    assert json.loads(encode(EXPECTED[name])) == json.loads(literal(name))


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - WHOLE_FLOATS))
def test_encoding_gives_the_same_bytes_key_order_and_float_format_included(name: str) -> None:
    assert encode(EXPECTED[name]) == literal(name)


# The vendor's own generated models are an oracle that shares no code with ours.
SDK_MODELS: dict[type[Message], Any] = {
    Results: ListenV1Results,
    Metadata: ListenV1Metadata,
    UtteranceEnd: ListenV1UtteranceEnd,
    SpeechStarted: ListenV1SpeechStarted,
    Error: ListenV1Error,
    ConfigureSuccess: ListenV1ConfigureSuccess,
    ConfigureFailure: ListenV1ConfigureFailure,
}


@pytest.mark.parametrize("name", [name for name, message in EXPECTED.items() if type(message) in SDK_MODELS])
def test_deepgrams_own_sdk_accepts_the_fixture_and_reads_the_same_values(name: str) -> None:
    seen = SDK_MODELS[type(EXPECTED[name])].model_validate_json(literal(name))
    assert json.loads(seen.model_dump_json(exclude_unset=True)) == json.loads(literal(name))


@pytest.mark.parametrize("name", [name for name, message in EXPECTED.items() if type(message) in SDK_MODELS])
def test_deepgrams_own_sdk_accepts_what_we_encode(name: str) -> None:
    seen = SDK_MODELS[type(EXPECTED[name])].model_validate_json(encode(EXPECTED[name]))
    assert json.loads(seen.model_dump_json(exclude_unset=True)) == json.loads(literal(name))


def test_the_end_of_a_segment_is_its_start_plus_its_duration() -> None:
    message = EXPECTED["results-finalized"]
    assert isinstance(message, Results)
    assert message.end_audio_s == pytest.approx(14.9)


def test_the_transcript_and_words_are_those_of_the_first_alternative() -> None:
    message = EXPECTED["results-finalized"]
    assert isinstance(message, Results)
    assert message.transcript == "Ja, genau."
    assert [word.word for word in message.words] == ["ja", "genau"]


def test_a_result_without_alternatives_reads_as_silence() -> None:
    silent = Results(channel_index=(0, 1), duration=1.0, start=0.0, channel=Channel(alternatives=()), metadata=METADATA)
    assert (silent.transcript, silent.words) == ("", ())


@pytest.mark.parametrize(("shown", "expected"), [("Quill.", "Quill."), (UNSET, "quill"), ("", "")])
def test_a_word_shows_its_punctuated_form_when_it_has_one(shown: Any, expected: str) -> None:
    assert Word(word="quill", start=0.0, end=0.1, confidence=1.0, punctuated_word=shown).display == expected


def test_messages_are_values_that_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Sync(id=1).id = 2  # type: ignore[misc]
    assert Sync(id=1) == Sync(id=1) != Sync(id=2)
