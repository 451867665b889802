"""Finding the source of a posted file and of a stream: by name, by hash, by the audio itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.audio.decode import Audio, decode, encode, wav_bytes
from harness.audio.format import AudioFormat, Encoding
from harness.protocol.options import ListenOptions
from mock_server.library import Known, Replies, Unidentified
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

CLIPS = ("booking", "support", "directions", "voicemail", "dialogue", "lecture")
MONO16 = AudioFormat()
READ = Callable[[str], Audio]
Options = Callable[[str], ListenOptions]


@pytest.fixture(scope="module")
def known(clip: READ) -> dict[str, Known]:
    """Every clip with a source that says its name."""
    return {name: Known(SpokenSource(name, spoken(f"this is {name}")), audio=clip(name)) for name in CLIPS}


@pytest.fixture(scope="module")
def replies(known: dict[str, Known]) -> Replies:
    return Replies(known.values())


# --- by name --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["tag=nothing&tag=support", "extra=recording:support", "tag=booking&extra=recording:support"]
)
def test_a_query_names_its_recording(query: str, replies: Replies, options: Options) -> None:
    source = replies.identify(options(f"model=nova-3&{query}")).source
    assert source is not None
    assert source.name == "support"
    found = replies.for_file(b"", "0" * 64, None, options(f"model=nova-3&{query}"))
    assert found is source


def test_a_name_that_is_not_here_is_answered_with_the_nearest(replies: Replies, options: Options) -> None:
    sentence = replies.check_named(options("model=nova-3&extra=recording:suport"))
    assert sentence is not None
    assert sentence.startswith("no recording is named 'suport'; nearest: support")
    assert replies.check_named(options("model=nova-3&extra=recording:support")) is None
    assert replies.check_named(options("model=nova-3&tag=suport")) is None
    assert Replies().check_named(options("extra=recording:x")) == (
        "no recording is named 'x'; this server has no recordings"
    )


# --- a posted file --------------------------------------------------------------------------------------------------


def _for_file(replies: Replies, data: bytes) -> str:
    audio = decode(data, "posted")
    found = replies.for_file(data, hashlib.sha256(data).hexdigest(), audio, ListenOptions())
    return found.sentence if isinstance(found, Unidentified) else found.name


def test_a_file_is_known_by_its_bytes_alone() -> None:
    only_hash = Known(SpokenSource("hashed", spoken("x")), file_sha256="ab" * 32)
    found = Replies([only_hash]).for_file(b"?", "ab" * 32, None, ListenOptions())
    assert not isinstance(found, Unidentified)
    assert found.name == "hashed"


@pytest.mark.parametrize("name", CLIPS)
def test_a_file_is_known_by_its_samples_whatever_its_container(
    name: str, replies: Replies, clip_path: Callable[[str], Any]
) -> None:
    assert _for_file(replies, clip_path(name).read_bytes()) == name


def test_a_wav_header_written_anew_changes_nothing(replies: Replies, clip: READ) -> None:
    plain = wav_bytes(encode(clip("booking"), MONO16), MONO16)
    assert _for_file(replies, plain) == "booking"
    body = plain[plain.index(b"data") + 8 :]
    listed = b"LIST\x04\x00\x00\x00INFO"
    rewritten = plain[:36] + listed + b"data" + (0xFFFFFFFF).to_bytes(4, "little") + body
    assert _for_file(replies, rewritten) == "booking"
    assert hashlib.sha256(plain).digest() != hashlib.sha256(rewritten).digest()


def test_an_unknown_file_is_answered_with_what_was_looked_for_and_the_nearest_in_length(
    replies: Replies, clip: READ
) -> None:
    unknown = wav_bytes(encode(clip("booking"), MONO16)[:-640], MONO16)
    sha256 = hashlib.sha256(unknown).hexdigest()
    assert _for_file(replies, unknown) == (
        f"no recording answers the posted file (sha256 {sha256[:12]}…, 18.18 s); "
        "nearest in length: booking (18.20 s), support (17.32 s), lecture (19.75 s)"
    )
    undecodable = replies.for_file(b"?", "ab" * 32, None, ListenOptions())
    assert isinstance(undecodable, Unidentified)
    assert undecodable.sentence == (
        "no recording answers the posted file (sha256 abababababab…, which cannot be decoded); "
        "here are booking, support, directions, voicemail, dialogue and 1 more"
    )


def test_unknown_is_silence_and_always_answer_any_file(known: dict[str, Known]) -> None:
    quiet = Replies(known.values(), unknown_is_silence=True).for_file(b"?", "00", None, ListenOptions())
    assert not isinstance(quiet, Unidentified)
    assert quiet.name == "silence"
    say = SpokenSource("say", spoken("hello"))
    assert Replies(known.values(), always=say).for_file(b"?", "00", None, ListenOptions()) is say


# --- a stream -------------------------------------------------------------------------------------------------------

FORMATS = {
    "linear16": "encoding=linear16&sample_rate=16000",
    "linear16-8k": "encoding=linear16&sample_rate=8000",
    "linear32": "encoding=linear32&sample_rate=48000",
    "mulaw": "encoding=mulaw&sample_rate=8000",
    "alaw": "encoding=alaw&sample_rate=8000",
    "stereo": "encoding=linear16&sample_rate=16000&channels=2",
}


def _raw(audio: Audio, options: ListenOptions) -> bytes:
    fmt = options.raw_format
    assert fmt is not None
    if audio.channels == 2 and fmt.channels == 1:
        return encode(audio, fmt)
    return encode(audio, fmt) if audio.channels in (1, fmt.channels) else b""


@pytest.mark.parametrize("query", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("name", ["booking", "support", "dialogue"])
def test_a_stream_is_known_by_its_leading_audio_in_any_encoding(
    name: str, query: str, replies: Replies, clip: READ, options: Options, talk_to: Any
) -> None:
    asked = f"model=nova-3&{query}"
    data = _raw(clip(name), options(asked))
    talk = talk_to(replies, asked)
    talk.binary(data[: len(data) // 2]).binary(data[len(data) // 2 :]).close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.transcript == f"this is {name}"


def _splits(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[i : i + 640] for i in range(0, len(data), 640)]
    yield [data[i : i + 7001] for i in range(0, len(data), 7001)]
    yield [data[:1], data[1:2], data[2:3], data[3:100_003], data[100_003:]]
    lead = 48_000
    yield [*(data[i : i + 1] for i in range(lead)), data[lead:]]


def test_a_stream_is_known_in_any_chunks_and_says_the_same(replies: Replies, clip: READ, talk_to: Any) -> None:
    data = encode(clip("directions"), MONO16)
    spoken_texts = set()
    for chunks in _splits(data):
        talk = talk_to(replies)
        for chunk in chunks:
            talk.binary(chunk)
        talk.close_stream()
        assert talk.closed_with == (1000, "")
        spoken_texts.add(tuple(talk.texts))
    assert len(spoken_texts) == 1
    assert "this is directions" in " ".join(" ".join(texts) for texts in spoken_texts)


@pytest.mark.parametrize("name", ["booking", "voicemail", "dialogue", "support", "lecture"])
def test_a_container_is_streamed_as_it_is(
    name: str, replies: Replies, clip: READ, clip_path: Callable[[str], Any], talk_to: Any
) -> None:
    data = clip_path(name).read_bytes()
    talk = talk_to(replies, "model=nova-3")
    for start in range(0, len(data), 4000):
        talk.binary(data[start : start + 4000])
    talk.close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.transcript == f"this is {name}"
    assert talk.metadata.duration == pytest.approx(clip(name).duration_audio_s, abs=0.03)
    assert talk.metadata.channels == clip(name).channels


def test_a_container_says_by_itself_how_many_channels_are_answered(
    clip: READ, clip_path: Callable[[str], Any], talk_to: Any
) -> None:
    known = Known(SpokenSource("dialogue", spoken("hello")), audio=clip("dialogue"))
    data = clip_path("dialogue").read_bytes()
    for replies in (Replies([known]), Replies(always=known.source)):
        talk = talk_to(replies, "model=nova-3&multichannel=true")
        talk.finalize()
        for start in range(0, len(data), 50_000):
            talk.binary(data[start : start + 50_000])
        talk.close_stream()
        assert {results.channel_index for results in talk.finals} == {(0, 2), (1, 2)}
        assert talk.closed_with == (1000, "")


def test_a_stream_of_nothing_known_is_refused_with_what_it_resembles_most(
    known: dict[str, Known], clip: READ, talk_to: Any
) -> None:
    replies = Replies([known["booking"], known["directions"]])
    talk = talk_to(replies).audio(encode(clip("support"), MONO16)[:160_000])
    assert talk.closed_with == (1011, "dgharness: no recording matches this audio")
    (error,) = talk.messages
    assert error.code == "DGHARNESS_NO_RECORDING"
    assert error.variant == "Closing"
    assert error.description.startswith("no recording begins like the first ")
    assert "nearest: " in error.description
    assert "booking (similarity 0." in error.description
    notes = [entry.text for entry in talk.connection.journal.recording().entries if type(entry).__name__ == "Note"]
    assert notes == [error.description]


@pytest.mark.parametrize(
    ("name", "told"), [("booking", True), ("dialogue", True), ("late", True), ("silence", False), ("hum", False)]
)
def test_a_recording_knows_whether_a_stream_of_it_would_be_recognised(name: str, told: bool, clip: READ) -> None:
    quiet = {"silence": 0.0, "hum": 1e-4}
    noise = np.random.default_rng(0).normal(0, 1, (48_000, 1)).astype(np.float32)
    if name in quiet:
        audio = Audio(np.float32(quiet[name]) * noise, 16_000)
    elif name == "late":
        audio = Audio(np.concatenate([0 * noise] * 7 + [clip("booking").samples]), clip("booking").sample_rate)
    else:
        audio = clip(name)
    assert Known(SpokenSource(name, spoken("hello there")), audio=audio).is_told_by_its_audio is told
    assert not Known(SpokenSource(name, spoken("hello there"))).is_told_by_its_audio


def test_a_server_without_recordings_says_so(clip: READ, talk_to: Any) -> None:
    talk = talk_to(Replies()).audio(encode(clip("support"), MONO16)[:160_000])
    assert talk.closed_with[0] == 1011
    assert talk.messages[0].description.endswith("this server has no recordings")


def test_unknown_is_silence_answers_an_unknown_stream_with_silence(
    known: dict[str, Known], clip: READ, talk_to: Any
) -> None:
    replies = Replies([known["booking"]], unknown_is_silence=True)
    talk = talk_to(replies).audio(encode(clip("support"), MONO16)).close_stream()
    assert talk.closed_with == (1000, "")
    assert [(r.start, r.duration, r.transcript) for r in talk.finals][:3] == [
        (0.0, 5.0, ""),
        (5.0, 5.0, ""),
        (10.0, 5.0, ""),
    ]


def _departures(talk: Any) -> list[str]:
    talk.connection.finish(talk.now_s)
    entries = talk.connection.journal.recording().entries
    return [entry.text for entry in entries if type(entry).__name__ == "Note"]


@pytest.mark.parametrize("always", [False, True])
def test_a_stream_that_leaves_its_recording_is_noticed_where_it_does(
    always: bool, known: dict[str, Known], clip: READ, talk_to: Any
) -> None:
    entry = known["booking"]
    replies = Replies([entry], always=entry.source if always else None)
    first, second = encode(clip("booking"), MONO16), encode(clip("support"), MONO16)
    talk = talk_to(replies).audio(first[: 32_000 * 8] + second[: 32_000 * 6]).close_stream()
    (note,) = _departures(talk)
    assert note.startswith("the stream left recording booking at ")
    left_at_audio_s = float(note.split(" at ")[1].split(" s ")[0])
    assert left_at_audio_s == pytest.approx(8.0, abs=0.5)


def test_a_stream_that_leaves_at_its_very_end_is_noticed_too(known: dict[str, Known], clip: READ, talk_to: Any) -> None:
    first, second = encode(clip("booking"), MONO16), encode(clip("support"), MONO16)
    talk = (
        talk_to(Replies([known["booking"]]))
        .audio(first[: 32_000 * 5] + second[32_000 : 32_000 + 28_000])
        .close_stream()
    )
    assert len(_departures(talk)) == 1


@pytest.mark.parametrize("always", [False, True])
def test_a_stream_that_stays_leaves_no_note(always: bool, known: dict[str, Known], clip: READ, talk_to: Any) -> None:
    entry = known["booking"]
    replies = Replies([entry], always=entry.source if always else None)
    talk = talk_to(replies).audio(encode(clip("booking"), MONO16)).close_stream()
    assert _departures(talk) == []


def test_whatever_is_sent_gets_the_answer_that_is_always_given(talk_to: Any) -> None:
    talk = talk_to(SpokenSource("say", spoken("hello there"))).audio(bytes(64_000)).close_stream()
    assert talk.transcript == "hello there"


def test_a_stream_too_short_to_tell_is_told_at_its_end(known: dict[str, Known], clip: READ, talk_to: Any) -> None:
    data = encode(clip("booking"), MONO16)[: int(32_000 * 0.9)]
    talk = talk_to(Replies([known["booking"], known["support"]])).audio(data).close_stream()
    assert talk.closed_with == (1000, "")
    assert talk.metadata.duration == 0.9


def test_silence_alone_begins_like_no_recording(known: dict[str, Known], talk_to: Any) -> None:
    talk = talk_to(Replies([known["booking"]])).audio(bytes(64_000)).close_stream()
    assert talk.closed_with[0] == 1011
    assert talk.messages[0].description.startswith("no recording begins like the first 2.00 s of this stream")


def test_five_hundred_candidates_are_told_apart(known: dict[str, Known], clip: READ, talk_to: Any) -> None:
    rng = np.random.default_rng(1)
    speech = clip("story").samples
    crowd = []
    for number in range(500):
        start = int(rng.integers(0, len(speech) - 16_000 * 7))
        piece = speech[start : start + 16_000 * 7] * np.float32(rng.uniform(0.3, 1.0))
        crowd.append(Known(SpokenSource(f"crowd-{number}", spoken("x")), audio=Audio(piece, 16_000)))
    replies = Replies([*crowd, known["booking"]])
    talk = talk_to(replies).audio(encode(clip("booking"), MONO16)[:160_000]).close_stream()
    assert talk.transcript.startswith("this is booking")


def test_the_samples_of_a_known_source_are_identified_only_when_they_are_at_hand(known: dict[str, Known]) -> None:
    without = replace(known["booking"], audio=None)
    assert (without.pcm_sha256, without.fingerprint) == (None, None)
    assert known["booking"].fingerprint is known["booking"].fingerprint
    assert AudioFormat(Encoding.LINEAR16).frame_bytes == 2
