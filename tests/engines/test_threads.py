"""The threads of the real engines: as many as they are given, and however many, the same words."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from harness.audio.decode import read_audio
from harness.errors import BadInput
from mock_server.engines.base import RATE, Engine, Heard, Mono
from mock_server.engines.table import NAMES, load_engine

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ("booking.wav", "readback.wav", "directions.wav")
LONGEST_AUDIO_S = 4
LOOK_EVERY = 2 * RATE


def loaded(name: str, threads: int) -> Engine:
    try:
        return load_engine(name, threads)
    except BadInput as error:
        pytest.skip(str(error))


def clip(name: str) -> Mono:
    audio = read_audio(ROOT / "fixtures" / "audio" / name)
    assert audio.sample_rate == RATE
    return np.asarray(audio.samples.mean(axis=1)[: LONGEST_AUDIO_S * RATE], np.float32)


def heard(engine: Engine, samples: Mono) -> list[tuple[Heard, ...]]:
    """All that is said of a clip: while it grows, and once it is whole."""
    listening = engine.listen()
    said = []
    for begin in range(0, len(samples), LOOK_EVERY):
        listening.feed(samples[begin : begin + LOOK_EVERY])
        said.append(listening.words())
    listening.close()
    return [*said, engine.transcribe(samples)]


@pytest.mark.parametrize("name", NAMES)
def test_clips_that_are_heard_side_by_side_say_what_they_say_alone(name: str) -> None:
    clips = [clip(each) for each in CLIPS]
    one, several = loaded(name, 1), loaded(name, len(CLIPS))
    alone = [heard(one, samples) for samples in clips]
    with ThreadPoolExecutor(len(CLIPS)) as pool:
        together = list(pool.map(lambda samples: heard(several, samples), clips))
    assert all(words for said in alone for words in said[-1:])
    assert together == alone


def test_moonshine_has_a_transcriber_for_each_stretch_at_a_time_and_no_more_than_threads() -> None:
    pytest.importorskip("moonshine_voice", reason="the extra moonshine is not installed")
    from mock_server.engines.moonshine import Moonshine

    engine = Moonshine(2)
    first = engine.take()
    engine.give_back(first)
    assert engine.take() is first, "one after the other need no second"
    second = engine.take()
    assert second is not first
    assert engine.take() in (first, second), "a third waits for its turn"


def test_moonshine_starts_no_threads_of_its_own() -> None:
    pytest.importorskip("moonshine_voice", reason="the extra moonshine is not installed")
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("what threads a process has is read from /proc")
    program = (
        "import os\n"
        "from mock_server.engines.moonshine import Moonshine\n"
        f"before = len(os.listdir({str(tasks)!r}))\n"
        "engine = Moonshine(2)\n"
        f"print(len(os.listdir({str(tasks)!r})) - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "0\n"


def test_whisper_decodes_in_as_many_threads_as_it_is_given() -> None:
    pytest.importorskip("faster_whisper", reason="the extra whisper is not installed")
    from mock_server.engines.whisper import Whisper

    assert Whisper(3)._model.model.num_workers == 3
