"""What is fuzzed: one function of bytes for each way in, which lets nothing through but what is documented.

Each target has seeds, made from the fixtures, and words that its inputs are likely to be made of.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from harness.audio.decode import decode, decode_raw, read_audio, wav_bytes
from harness.audio.decode import encode as encode_audio
from harness.audio.format import AudioFormat, Encoding
from harness.audio.stream_decoder import StreamDecoder
from harness.cases import parse_case
from harness.errors import BadInput
from harness.gate.source import read_baseline
from harness.manifest import ENDINGS, load_manifest
from harness.protocol.codec import (
    decode_client,
    decode_prerecorded,
    decode_server,
    encode,
    encode_prerecorded,
    with_request_id,
)
from harness.protocol.flux_codec import decode_flux_client, decode_flux_server, encode_flux, with_ids
from harness.protocol.flux_messages import FluxMessage
from harness.protocol.flux_options import parse_flux_query
from harness.protocol.messages import Message
from harness.protocol.options import advice, parse_query
from harness.protocol.parameters import BY_NAME, Endpoint
from harness.protocol.refusal import Refusal
from harness.recording.document import lines, parse
from harness.recording.flux_frames import from_flux_frames
from harness.recording.har_export import to_har
from harness.recording.har_import import from_har
from harness.recording.toolkit import from_toolkit, to_toolkit
from harness.scoring.texts import parse_texts
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.notation import fault_text, parse_fault_text
from mock_server.flux.settings import FluxSettings
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.listen_connection import ListenConnection
from mock_server.loading import load_known
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken
from tests.fuzz.conftest import TARGETS as PLACES
from tests.fuzz.conftest import VALUES, Attacker
from tests.fuzz.guided.port import throw
from tests.fuzz.guided.virtual_client import CONTROLS, Choices, talk

FIXTURES: Final = Path(__file__).resolve().parents[3] / "fixtures"
REQUEST_ID: Final = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
SAY: Final = Replies(always=SpokenSource("say", spoken("Please book a table for two. Tomorrow at seven.")))
RAW: Final = "encoding=linear16&sample_rate=16000"
QUERIES: Final = (
    f"model=nova-3&{RAW}",
    f"model=nova-3&{RAW}&interim_results=true&vad_events=true&utterance_end_ms=1000&punctuate=true",
    f"model=nova-3&{RAW}&channels=2&multichannel=true&endpointing=false",
    "model=nova-3",
    f"model=nova-2&{RAW}&diarize=true&search=seven&detect_entities=true&redact=pci",
)
FLUX_QUERIES: Final = (
    f"model=flux-general-en&{RAW}",
    f"model=flux-general-en&{RAW}&eager_eot_threshold=0.4&eot_threshold=0.7&eot_timeout_ms=600",
    "model=flux-general-multi&language_hint=de",
)


@dataclass(frozen=True)
class Target:
    """One way in.

    Attributes:
        test: takes anything; what it raises is a finding.
        seeds: inputs to begin with.
        words: what inputs are likely to be made of.
        longest: bytes of an input at the most.
    """

    test: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()
    longest: int = 4096
    runs: int = field(default=20_000)


# --- messages ---------------------------------------------------------------------------------------------------------


def messages(data: bytes) -> None:
    """Text frames of `/v1/listen`: nothing is raised, and what was understood is written and read as the same."""
    text = data.decode("utf-8", "surrogateescape")
    for read in (decode_server, decode_client):
        decoded = read(text)
        assert isinstance(decoded.unmodelled, dict)
        if isinstance(decoded.message, Message):
            assert read(encode(decoded.message)).message == decoded.message
    with_request_id(data.decode("utf-8", "replace"), REQUEST_ID)


def flux_messages(data: bytes) -> None:
    """The same of `/v2/listen`."""
    text = data.decode("utf-8", "surrogateescape")
    for read in (decode_flux_server, decode_flux_client):
        message = read(text).message
        if isinstance(message, FluxMessage):
            assert read(encode_flux(message)).message == message
    with_ids(data.decode("utf-8", "replace"), REQUEST_ID, 7)


def prerecorded(data: bytes) -> None:
    """Responses of `POST /v1/listen`."""
    try:
        response = decode_prerecorded(data)
    except msgspec.MsgspecError:
        return
    assert decode_prerecorded(encode_prerecorded(response)) == response


# --- requests ---------------------------------------------------------------------------------------------------------


def queries(data: bytes) -> None:
    """Query strings, for each endpoint: options that say the same again, or a refusal that can be sent."""
    text = data.decode("utf-8", "surrogateescape")
    for endpoint in Endpoint:
        options = parse_query(text, endpoint=endpoint)
        if isinstance(options, Refusal):
            options.response(REQUEST_ID)
        else:
            advice(options, endpoint=endpoint)
            assert parse_query(options.to_query(), endpoint=endpoint) == options
    for strict in (True, False):
        flux = parse_flux_query(text, strict=strict)
        if isinstance(flux, Refusal):
            flux.response(REQUEST_ID)
        else:
            assert parse_flux_query(flux.to_query(), strict=strict) == flux


def v1_connection(data: bytes) -> None:
    """Any moves on `/v1/listen`."""
    choices = Choices(data)
    options = parse_query(choices.one_of(QUERIES))
    assert not isinstance(options, Refusal), options
    replies = choices.one_of((SAY, _recorded(), Replies(), Replies(unknown_is_silence=True)))
    settings = choices.one_of((ConnectionSettings(), ConnectionSettings(lag_scale=0.0)))
    journal = Journal("/v1/listen", "", "2026-01-01T00:00:00.000Z", "fuzz", 0.0)
    talk(ListenConnection(options, replies, REQUEST_ID, "2026-01-01T00:00:00.000Z", journal, settings, 0.0), choices)


def flux_connection(data: bytes) -> None:
    """Any moves on `/v2/listen`."""
    choices = Choices(data)
    options = parse_flux_query(choices.one_of(FLUX_QUERIES))
    assert not isinstance(options, Refusal), options
    replies = choices.one_of((SAY, _recorded(), Replies(), Replies(unknown_is_silence=True)))
    settings = choices.one_of((FluxSettings(), FluxSettings(lag_scale=0.0)))
    journal = Journal("/v2/listen", "", "2026-01-01T00:00:00.000Z", "fuzz", 0.0)
    talk(FluxConnection(options, replies, REQUEST_ID, journal, settings, 0.0), choices)


@cache
def _recorded() -> Replies:
    return Replies(load_known([FIXTURES / "recordings" / "command.jsonl"]))


# --- audio ------------------------------------------------------------------------------------------------------------


def audio(data: bytes) -> None:
    """Files, whole and as streams cut by the first byte: decoded, or a sentence."""
    with suppress(BadInput):
        decode(data, "it")
    with suppress(BadInput):
        decode_raw(data, AudioFormat(Encoding.MULAW, 8_000))
    decoder = StreamDecoder(None)
    size = 1 + (data[0] if data else 0) * 16
    for begin in range(0, len(data), size):
        decoder.feed(data[begin : begin + size])
        assert decoder.audio_s >= 0.0
    decoder.finish()
    assert decoder.samples_since(0).ndim == 2


def _audio_seeds() -> Iterable[bytes]:
    clip = read_audio(FIXTURES / "audio" / "command.wav")
    for fmt in (AudioFormat(), AudioFormat(Encoding.MULAW, 8_000), AudioFormat(Encoding.LINEAR32, 8_000, 2)):
        yield wav_bytes(encode_audio(clip, fmt)[:4_000], fmt)
    for name in ("lecture.ogg", "weather.flac"):
        yield (FIXTURES / "audio" / name).read_bytes()[:12_000]


# --- files ------------------------------------------------------------------------------------------------------------


def recordings(data: bytes) -> None:
    """Recordings, ours and other tools': read, and written and read as the same; or a sentence."""
    try:
        recording = parse(data.splitlines(keepends=True), "it.jsonl")
        assert parse((line.encode() for line in lines(recording)), "it.jsonl") == recording
        to_har(recording)
        to_toolkit(recording)
    except BadInput:
        pass
    for read in (
        lambda: [to_har(session.recording, session.audio) for session in from_har(data, "it.har")],
        lambda: to_toolkit(from_toolkit(data, "it.json")),
        lambda: list(lines(from_flux_frames(data, "it.json"))),
    ):
        try:
            read()
        except BadInput as error:
            str(error).encode()  # it can be shown


def texts(data: bytes) -> None:
    """References, manifests, cases, baselines and faults: read, or a sentence."""
    text = data.decode("utf-8", "replace")
    path = _scratch() / f"it{ENDINGS[len(data) % len(ENDINGS)]}"
    path.write_bytes(data)
    for read in (
        lambda: parse_texts(data, "it"),
        lambda: load_manifest(path),
        lambda: parse_case(text, FIXTURES / "cases" / "it.toml", lambda _: text),
        lambda: read_baseline(data, "it"),
        lambda: parse_fault_text(fault_text(parse_fault_text(text))),
    ):
        try:
            read()
        except BadInput as error:
            str(error).encode()


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="dgharness-fuzz-"))


# --- what to begin with -----------------------------------------------------------------------------------------------


def _files(*patterns: str, longest: int = 4_000) -> Callable[[], Iterable[bytes]]:
    return lambda: [
        data for pattern in patterns for path in sorted(FIXTURES.glob(pattern)) if (data := path.read_bytes()[:longest])
    ]


def _flux_seeds() -> Iterable[bytes]:
    turn = {"type": "TurnInfo", "request_id": REQUEST_ID, "sequence_id": 1, "event": "Update", "turn_index": 0}
    word = {"word": "Hi", "confidence": 0.9, "start": 0.1, "end": 0.4}
    span = {"audio_window_start": 0.0, "audio_window_end": 0.8, "transcript": "Hi", "end_of_turn_confidence": 0.2}
    yield json.dumps({**turn, **span, "words": [word]}).encode()
    yield json.dumps({"type": "Connected", "request_id": REQUEST_ID, "sequence_id": 0}).encode()
    yield json.dumps({"type": "Error", "sequence_id": 2, "code": "X", "description": "y"}).encode()
    yield from (control.encode() for control in CONTROLS)


def _moves() -> Iterable[bytes]:
    rng = Random(0)
    yield bytes([0, 0, 0, *(0, 250) * 12, 2, 1, *(0, 250) * 6, 4, 100, 2, 3])
    for first in range(5):
        yield bytes([first, first % 4, 1]) + rng.randbytes(60)


def _attacks() -> Iterable[bytes]:
    attacker, rng = Attacker(), Random(0)
    for _ in range(60):
        yield b"\x01" + attacker.attack(rng).data[:6_000]


def _recording_seeds() -> Iterable[bytes]:
    for name in ("command", "voicemail"):
        data = (FIXTURES / "recordings" / f"{name}.jsonl").read_bytes()[:6_000]
        yield data
        recording = parse(data.splitlines(keepends=True)[:12], name)
        yield to_har(recording)
        yield to_toolkit(recording)
    frames = [json.dumps({"type": "Connected", "request_id": REQUEST_ID, "sequence_id": 0})]
    yield json.dumps({"url": "wss://h/v2/listen?model=flux-general-en", "frames": frames}).encode()


def _text_seeds() -> Iterable[bytes]:
    yield from _files("cases/*.toml", "references/command.json")()
    yield from (b"id\ttext\na\tone two\n", b'{"a": "one", "b": ""}', b'path,text\na.wav,"one, two"\n')
    yield from (b'{"audio_filepath": "a.wav", "text": "x"}\n', b"drop when.side=server", b"latency delay_s=1")


_FIELDS: Final = (
    *(
        "type",
        "channel",
        "channel_index",
        "alternatives",
        "transcript",
        "words",
        "start",
        "end",
        "is_final",
        "keyterms",
    ),
    *("request_id", "sequence_id", "metadata", "null", "true", "1e999", "-1", "Results", "Metadata", "TurnInfo"),
    *("Configure", "thresholds", "Finalize", "CloseStream", "features", "eot_threshold", "[[[[", "{}", "\\ud800"),
)

TARGETS: Final = {
    "messages": Target(messages, _files("wire/*.json"), _FIELDS),
    "flux_messages": Target(flux_messages, _flux_seeds, _FIELDS),
    "prerecorded": Target(prerecorded, _files("wire/prerecorded*.json", "recordings/*.json"), _FIELDS),
    "queries": Target(
        queries, lambda: [query.encode() for query in (*QUERIES, *FLUX_QUERIES)], (*BY_NAME, *VALUES), 1_000
    ),
    "port": Target(throw, _attacks, ("HTTP/1.1", "\r\n\r\n", "Upgrade: websocket", *PLACES), 8_000, runs=3_000),
    "v1_connection": Target(v1_connection, _moves, longest=600, runs=4_000),
    "flux_connection": Target(flux_connection, _moves, longest=600, runs=4_000),
    "audio": Target(audio, _audio_seeds, ("RIFF", "WAVE", "fmt ", "data", "OggS", "fLaC"), 12_000, runs=3_000),
    "recordings": Target(recordings, _recording_seeds, ("entry", "header", "wall_s", "audio_s", *_FIELDS), 6_000),
    "texts": Target(texts, _text_seeds, ("[options]", "[replies]", "reference = ", "id\ttext", *_FIELDS), 4_000),
}
