"""A client that was cut off is recognised, and goes on where its audio says."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from harness.audio.decode import Audio
from harness.audio.fingerprint import fingerprint
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pcm import Samples, from_float
from mock_server.legs import (
    REMEMBERED_AUDIO_S,
    REMEMBERED_LEGS,
    REMEMBERED_WALL_S,
    SILENT_WALL_S,
    Leg,
    Legs,
    Place,
    find_place,
)
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

FMT = AudioFormat(Encoding.LINEAR16, 8000)
SOURCE = SpokenSource("talk", spoken("so it goes"))
SECOND = FMT.bytes_per_second
NOTHING: Samples = np.zeros((0, 1), np.float32)


def noise(duration_audio_s: float, seed: int = 1) -> bytes:
    return Random(seed).randbytes(FMT.aligned_bytes(duration_audio_s))


def leg(heard: bytes, place_audio_s: float = 0.0) -> Leg:
    made = Leg(0, FMT, place_audio_s, SOURCE)
    made.heard(heard)
    made.heard_audio_s = FMT.seconds(len(heard))
    return made


def place(heard: bytes, before: Leg, *, last_chance: bool = False) -> Place | None:
    return find_place(leg(heard), before, NOTHING, 8000, last_chance=last_chance)


# --- where it goes on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("from_audio_s", [0.0, 1.5, 4.0, 4.75])
@pytest.mark.parametrize("heard_audio_s", [0.25, 0.5, 1.9])
def test_bytes_that_came_before_say_where_it_goes_on(from_audio_s: float, heard_audio_s: float) -> None:
    whole = noise(8.0)
    before = leg(whole[: 5 * SECOND], place_audio_s=100.0)
    begin = FMT.aligned_bytes(from_audio_s)
    heard = whole[begin : begin + FMT.aligned_bytes(heard_audio_s)]
    assert place(heard, before) == Place(100.0 + from_audio_s, before)


def test_a_quarter_of_a_second_is_waited_for() -> None:
    before = leg(noise(5.0))
    assert place(noise(5.0)[:3000], before) is None
    assert place(noise(5.0)[:3000], before, last_chance=True) == Place(0.0, before)


def test_a_place_between_two_frames_is_none() -> None:
    whole = noise(5.0)
    assert place(whole[1:4001], leg(whole)) is None


def test_unknown_audio_is_waited_for_and_then_a_new_session() -> None:
    before = leg(noise(5.0))
    assert place(noise(1.0, seed=2), before) is None
    assert place(noise(2.0, seed=2), before) == Place(0.0, None)
    assert place(noise(0.1, seed=2), before, last_chance=True) == Place(0.0, None)


def test_audio_that_begins_alike_and_goes_on_otherwise_is_another() -> None:
    whole = noise(5.0)
    heard = whole[SECOND : SECOND + 4000] + noise(2.0, seed=2)
    assert place(heard, leg(whole)) == Place(0.0, None)


def test_two_places_are_told_apart_by_what_follows() -> None:
    jingle, first, second = noise(0.5), noise(1.0, seed=2), noise(1.0, seed=3)
    before = leg(jingle + first + jingle + second)
    assert place(jingle[:4000], before) is None
    assert place(jingle + first[:2000], before) == Place(0.0, before)
    assert place(jingle + second[:2000], before) == Place(1.5, before)


def test_two_places_that_cannot_be_told_apart_are_the_later_one() -> None:
    before = leg(noise(2.5) + noise(2.5))
    assert place(noise(2.0), before) == Place(2.5, before)


def test_the_connection_before_may_have_heard_hardly_anything() -> None:
    for heard_before in (b"", noise(5.0)[:100]):
        before = leg(heard_before)
        assert place(noise(5.0)[:4000], before) == Place(0.0, before)


def test_a_minute_of_digital_silence_is_looked_through_at_once() -> None:
    """The search once took time by the square of the silence: this ran for minutes."""
    before = leg(noise(1.0) + bytes(FMT.aligned_bytes(59.0)))
    assert place(bytes(SECOND), before) is None
    found = place(bytes(2 * SECOND), before)
    assert found is not None
    assert found.continues is before
    assert place(bytes(SECOND) + noise(0.5, seed=2), before) is None


def test_silence_before_speech_is_found_by_the_speech() -> None:
    whole = noise(1.0) + bytes(3 * SECOND) + noise(1.0, seed=2)
    before = leg(whole)
    assert place(whole[2 * SECOND : 3 * SECOND], before) is None
    assert place(whole[int(2.5 * SECOND) : int(4.3 * SECOND)], before) == Place(2.5, before)


def test_only_the_latest_minute_is_remembered() -> None:
    long = noise(REMEMBERED_AUDIO_S + 40.0)
    before = leg(b"")
    for begin in range(0, len(long), SECOND):
        before.heard(long[begin : begin + SECOND])
        assert len(before.tail) <= 1.25 * FMT.aligned_bytes(REMEMBERED_AUDIO_S)
    assert place(long[5 * SECOND : 7 * SECOND], before) == Place(0.0, None)
    assert place(long[50 * SECOND : 51 * SECOND], before) == Place(50.0, before)


def test_sound_finds_the_place_where_bytes_do_not() -> None:
    draw = np.random.default_rng(4)
    samples = (0.1 * draw.normal(size=(8000 * 10, 1))).astype(np.float32)
    recording = fingerprint(Audio(samples, 8000), None)
    before = leg(from_float(samples[: 8000 * 3], FMT))
    before.known = recording
    piece = samples[8000 * 6 : 8000 * 7] * np.float32(0.5)
    found = find_place(leg(from_float(piece, FMT)), before, piece, 8000)
    assert found is not None
    assert found.continues is before
    assert found.audio_s == pytest.approx(6.0, abs=0.002)


def test_a_container_is_continued_by_its_sound_and_by_nothing_else() -> None:
    samples = np.random.default_rng(5).normal(0, 0.2, (10 * 8000, 1)).astype(np.float32)
    before = Leg(0, None, 0.0, SOURCE, fingerprint(Audio(samples, 8000), None), heard_audio_s=5.0)
    new = Leg(1, None, heard_audio_s=1.0)

    found = find_place(new, before, samples[4 * 8000 : 5 * 8000], 8000)

    assert found is not None
    assert found.continues is before
    assert found.audio_s == pytest.approx(4.0, abs=0.002)
    before.known = None
    assert find_place(new, before, samples[4 * 8000 : 5 * 8000], 8000) is None
    assert find_place(new, before, NOTHING, 0, last_chance=True) == Place(0.0, None)


# --- who comes back ---------------------------------------------------------------------------------------------------


def test_an_unfinished_connection_is_remembered_once() -> None:
    legs = Legs()
    first, before = legs.begin("ann", FMT, 0.0)
    assert (first.number, before) == (0, None)
    first.source = SOURCE
    legs.ended("ann", first, 10.0, finished=False)
    second, before = legs.begin("ann", FMT, 11.0)
    assert (second.number, before) == (1, first)
    assert legs.begin("ann", FMT, 11.0)[1] is None


def test_a_connection_that_was_closed_in_order_is_forgotten() -> None:
    legs = Legs()
    first, _ = legs.begin("ann", FMT, 0.0)
    first.source = SOURCE
    legs.runs("ann", first)
    legs.ended("ann", first, 10.0, finished=True)
    assert legs.begin("ann", FMT, 11.0)[1] is None


@pytest.mark.parametrize(("silent_wall_s", "is_continued"), [(SILENT_WALL_S - 0.1, False), (SILENT_WALL_S + 0.1, True)])
def test_a_connection_that_was_sent_nothing_for_a_while_may_be_gone_unnoticed(
    silent_wall_s: float, is_continued: bool
) -> None:
    legs = Legs()
    first, _ = legs.begin("ann", FMT, 0.0)
    first.source, first.heard_s = SOURCE, 50.0
    legs.runs("ann", first)
    assert (legs.begin("ann", FMT, 50.0 + silent_wall_s)[1] is first) is is_continued


@pytest.mark.parametrize(
    ("client", "fmt", "after_s"),
    [
        ("bob", FMT, 1.0),
        ("ann", AudioFormat(Encoding.LINEAR16, 16_000), 1.0),
        ("ann", None, 1.0),
        ("ann", FMT, REMEMBERED_WALL_S + 1),
    ],
)
def test_another_client_another_format_and_one_that_comes_too_late_begin_anew(
    client: str, fmt: AudioFormat | None, after_s: float
) -> None:
    legs = Legs()
    first, _ = legs.begin("ann", FMT, 0.0)
    first.source = SOURCE
    legs.ended("ann", first, 10.0, finished=False)
    assert legs.begin(client, fmt, 10.0 + after_s)[1] is None


def test_only_so_many_clients_are_remembered() -> None:
    legs = Legs()
    for number in range(REMEMBERED_LEGS + 1):
        one, _ = legs.begin(str(number), FMT, 0.0)
        one.source = SOURCE
        legs.ended(str(number), one, 1.0, finished=False)
    assert legs.begin("0", FMT, 2.0)[1] is None
    assert legs.begin("1", FMT, 2.0)[1] is not None
