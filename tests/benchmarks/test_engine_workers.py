"""Engines in one and in two worker processes: each with a thread for every core, and each with its share of them.

The same clips of real speech at `--speed max`, where only the processor counts; seconds of work for a second of audio.
Rounds go by turns, so that whatever else the machine does falls on all alike; the best of each is compared, and the
rows have to be the same. Processes start, and load their engine, before the clock does. With one file at a time in each
process Whisper uses one thread whatever it has; Moonshine's own pool is at work for every one.

pytest tests/benchmarks/test_engine_workers.py -s
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from harness.audio.decode import read_audio
from harness.cases import Stream
from harness.cli.corpus import AnswersFrom
from harness.cli.output import TOOL
from harness.cores import cores
from harness.corpus.inputs import Item
from harness.corpus.pool import processes, rows_of
from harness.corpus.rows import without_times
from harness.corpus.settings import Settings
from harness.corpus.work import Answer, Work
from harness.errors import BadInput
from mock_server.engines.table import load_engine

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
CLIPS = ("booking.wav", "support.flac", "readback.wav", "directions.wav")
FIRST = "voicemail.wav"
ROUNDS = 2
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class OneForEveryCore(AnswersFrom):
    """The engine has a thread for every core, whatever its share."""

    @contextmanager
    def open(self, threads: int) -> Iterator[Answer]:
        """Get ready; Moonshine's own pool is as large as the machine."""
        os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "0"
        with super().open(cores()) as answer:
            yield answer


KINDS: dict[str, type[AnswersFrom]] = {"a thread for every core": OneForEveryCore, "its share": AnswersFrom}


def items(names: tuple[str, ...]) -> list[Item]:
    return [Item(f"{number}-{name}", str(AUDIO / name), None) for number, name in enumerate(names)]


async def timed(work: Work, workers: int) -> tuple[float, list[bytes]]:
    """Seconds for all clips, and the rows but for times."""
    async with processes(work, workers) as crew:
        ready = [row async for row in rows_of(items((FIRST,) * workers), crew)]
        assert not any(row.failed for row in ready)
        began_s = time.perf_counter()
        async with aclosing(rows_of(items(CLIPS), crew)) as rows:
            done = [row async for row in rows]
        took_s = time.perf_counter() - began_s
    done.sort(key=lambda row: row.id)
    return took_s, [msgspec.json.encode(without_times(row)) for row in done]


@pytest.mark.parametrize("engine", ["moonshine", "whisper"])
def test_one_worker_and_two(engine: str) -> None:
    try:
        load_engine(engine, 1)
    except BadInput as error:
        pytest.skip(str(error))
    settings = Settings(answers=engine, stream=Stream(speed="max"))
    audio_s = sum(read_audio(AUDIO / name).duration_audio_s for name in CLIPS)
    took: dict[tuple[str, int], list[float]] = {(kind, workers): [] for kind in KINDS for workers in (1, 2)}
    rows: list[list[bytes]] = []
    for _ in range(ROUNDS):
        for (kind, workers), seconds in took.items():
            work = Work(settings, ("basic",), KINDS[kind](None, "", engine, 0, "error", False), TOOL)
            took_s, done = asyncio.run(timed(work, workers))
            seconds.append(took_s)
            rows.append(done)
    assert all(of_one == rows[0] for of_one in rows)
    print(f"\n{engine}, {audio_s:.0f} s of audio streamed and posted, {cores()} cores")
    for (kind, workers), seconds in took.items():
        rounds = ", ".join(f"{took_s / audio_s:.3f}" for took_s in seconds)
        print(f"  {workers} worker(s), {kind:23}: real-time factor {min(seconds) / audio_s:.3f} ({rounds})")
