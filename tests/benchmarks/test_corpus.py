"""A corpus with one and two workers, as processes and as a local Dask cluster, by turns in one run; and its memory.

Each crew does the same synthetic clips at `--speed max`, where only the processor counts. Rounds go by turns, so that
whatever else the machine does falls on all alike; the best of each is compared. Starting a crew is timed apart: it is
paid once, however long the corpus.

pytest tests/benchmarks/test_corpus.py -s
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing
from multiprocessing import get_context
from pathlib import Path
from random import Random

import msgspec
import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.cases import Stream
from harness.cli.corpus import AnswersFrom
from harness.cli.output import TOOL
from harness.corpus.cluster import cluster
from harness.corpus.inputs import Item
from harness.corpus.parquet import write_parquet
from harness.corpus.pool import Crew, inline, processes, rows_of
from harness.corpus.rows import Row, scored, without_times
from harness.corpus.settings import SYNTHETIC, Settings
from harness.corpus.store import Store
from harness.corpus.summary import Counted
from harness.corpus.work import Work
from harness.results import CorpusRun

CLIPS = 120
ROUNDS = 3
SETTINGS = Settings(answers=SYNTHETIC, stream=Stream(speed="max"), streaming_error_rate=0.1)
WORK = Work(SETTINGS, ("basic",), AnswersFrom(None, "", None, 0, "error", False), TOOL)
WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "seven", "wizards", "vex"]

Begin = Callable[[], AbstractAsyncContextManager[Crew]]
CREWS: dict[str, Begin] = {
    "this process": lambda: inline(WORK),
    "1 worker process": lambda: processes(WORK, 1),
    "2 worker processes": lambda: processes(WORK, 2),
    "Dask, 1 worker": lambda: cluster(WORK, "local", 1),
    "Dask, 2 workers": lambda: cluster(WORK, "local", 2),
}


@pytest.fixture
def clips(tmp_path: Path) -> list[Item]:
    """Clips of two seconds of noise, each with its text."""
    rng = Random(1)
    items = []
    for number in range(CLIPS):
        path = tmp_path / f"clip{number}.wav"
        noise = bytes(b % 4 if index % 2 else b for index, b in enumerate(rng.randbytes(64_000)))
        path.write_bytes(wav_bytes(noise, AudioFormat()))
        items.append(Item(path.stem, str(path), " ".join(rng.choices(WORDS, k=5))))
    return items


async def timed(begin: Begin, clips: list[Item]) -> tuple[float, float, list[bytes]]:
    """Seconds until the first file is done with every worker, seconds for the others, and the rows but for times."""
    began_s = time.perf_counter()
    async with begin() as crew:
        first = [row async for row in rows_of(clips[:4], crew)]  # every worker has loaded what it needs
        ready_s = time.perf_counter()
        async with aclosing(rows_of(clips[4:], crew)) as rows:
            done = first + [row async for row in rows]
        took_s = time.perf_counter() - ready_s
    done.sort(key=lambda row: int(row.id.removeprefix("clip")))
    return ready_s - began_s, took_s, [msgspec.json.encode(without_times(row)) for row in done]


def test_one_worker_and_two(clips: list[Item]) -> None:
    ready: dict[str, list[float]] = {name: [] for name in CREWS}
    took: dict[str, list[float]] = {name: [] for name in CREWS}
    rows: dict[str, list[bytes]] = {}
    for _ in range(ROUNDS):
        for name, begin in CREWS.items():
            ready_s, took_s, rows[name] = asyncio.run(timed(begin, clips))
            ready[name].append(ready_s)
            took[name].append(took_s)
    assert all(of_one == rows["this process"] for of_one in rows.values())
    alone_s = min(took["this process"])
    print(f"\n{CLIPS} clips of 2 s, {os.cpu_count()} cores")
    for name in CREWS:
        took_s = min(took[name])
        each = f"{(CLIPS - 4) / took_s:5.1f} files/s, {alone_s / took_s:4.2f} times this process alone"
        print(f"  {name:20} {each}; ready after {min(ready[name]):.1f} s")
    for name in ("worker process", "Dask"):
        one, two = (min(of_one) for crew, of_one in took.items() if name in crew)
        print(f"  {name}: two take {two / one:.2f} of the time of one")


def summed(folder: Path, utterances: int) -> tuple[float, float, float]:
    """Rows of 20 words through a folder and added up: MiB before them, MiB at the peak, seconds."""
    rng = Random(2)
    items = [Item(f"utterance-{n:07}", f"{n}.wav", " ".join(rng.choices(WORDS, k=20))) for n in range(utterances)]
    before_mib, began_s = peak_mib(), time.perf_counter()
    run = CorpusRun(tool=TOOL, run_id="bench", created="now", settings=msgspec.to_builtins(SETTINGS), files=utterances)
    with Store(folder) as store:
        for item in items:
            said = str(item.reference)
            heard = " ".join(rng.choice(WORDS) if rng.random() < 0.1 else word for word in said.split())
            store.add(scored(Row(id=item.id, audio=item.audio, streaming=heard, prerecorded=said), said, ["basic"]))
        counted = Counted(seed=0)
        write_parquet(folder / "rows.parquet", counted.pass_on(store.in_order(items, ["basic"])), run)
        assert counted.result(run).totals[0].utterances == utterances
    return before_mib, peak_mib(), time.perf_counter() - began_s


def peak_mib() -> float:
    """Of this process alone; `ru_maxrss` would begin with that of its parent."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("utterances", [10_000, 100_000])
def test_memory_of_many_rows(tmp_path: Path, utterances: int) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        before_mib, peak, took_s = pool.submit(summed, tmp_path / "out", utterances).result()
    print(f"\n  {utterances:,} rows scored, kept, ordered, added up: {took_s:.1f} s, peak {peak:.0f} MiB RSS", end="")
    print(f" ({before_mib:.0f} MiB before the first row, with the list of files)")
