from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from harness.audio.container import open_container
from harness.audio.decode import Audio
from harness.audio.regrowth import GROWTH, MIN_STEP_BYTES, RegrowingContainer

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]


def test_the_work_is_bounded_by_the_growth(
    monkeypatch: pytest.MonkeyPatch, speech: MakeSpeech, write_container: WriteContainer
) -> None:
    data = write_container(speech(1, 30.0), "flac", "flac")
    sizes: list[int] = []

    def counting(file: object) -> object:
        sizes.append(len(file.getvalue()))  # type: ignore[attr-defined]
        return open_container(file)  # type: ignore[arg-type]

    monkeypatch.setattr("harness.audio.regrowth.open_container", counting)
    container = RegrowingContainer(None)
    for start in range(0, len(data), 640):
        container.feed(data[start : start + 640])
    container.finish()
    assert container.audio_s == pytest.approx(30.0)
    assert sum(sizes) < (1 / (GROWTH - 1) + 2) * len(data)
    steps = [later - earlier for earlier, later in pairwise(sizes[:-1])]  # the last pass ends the stream
    assert min(steps) >= MIN_STEP_BYTES


def test_the_bytes_are_let_go_at_the_end(speech: MakeSpeech, write_container: WriteContainer) -> None:
    container = RegrowingContainer(None)
    container.feed(write_container(speech(1, 2.0), "flac", "flac"))
    container.finish()
    seconds = container.audio_s
    container.finish()
    assert container.audio_s == seconds == 2.0
    assert not container.undecodable


def test_what_changes_its_format_midway_is_heard_up_to_there(
    speech: MakeSpeech, write_container: WriteContainer
) -> None:
    mono, stereo = (write_container(speech(2, 1.0, 16_000, channels), "mp3", "libmp3lame") for channels in (1, 2))
    container = RegrowingContainer(None)
    container.feed(mono + stereo)
    container.finish()
    assert container.channels == 1
    assert container.audio_s == pytest.approx(1.0, abs=0.2)
    assert len(container.samples_since(0)) == round(container.audio_s * 16_000)


def test_a_film_without_sound_is_undecodable(tmp_path: Path) -> None:
    path = tmp_path / "silent.webm"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        film.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        film.mux(stream.encode(None))
    container = RegrowingContainer(None)
    container.feed(path.read_bytes())
    container.finish()
    assert container.undecodable
