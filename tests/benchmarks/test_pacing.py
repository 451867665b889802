"""Does an absolute schedule keep time where sleeping a chunk after each send does not?

A minute of audio in 20 ms chunks, by both kinds of sender at once over loopback TCP, in one event loop, so that both
meet the same machine and the same disturbances. The figures are printed (`pytest tests/benchmarks -s`); what is
asserted is only how the two compare, since absolute times belong to the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

import pytest

from harness.audio.chunking import chunk_size, split
from harness.audio.format import AudioFormat
from harness.audio.pacing import PacingStats, Schedule, SendLog, Speed

FORMAT = AudioFormat()
CHUNK_MS = 20
DURATION_AUDIO_S = 60.0

Sender = Callable[[asyncio.StreamWriter], Awaitable[PacingStats]]


def _chunks() -> list[bytes]:
    return list(split(bytes(FORMAT.aligned_bytes(DURATION_AUDIO_S)), chunk_size(FORMAT, CHUNK_MS)))


async def _send(writer: asyncio.StreamWriter, log: SendLog, due_wall_s: float, chunk: bytes) -> None:
    log.record(due_wall_s, monotonic(), len(chunk))
    writer.write(chunk)
    await writer.drain()


async def send_by_deadline(writer: asyncio.StreamWriter) -> PacingStats:
    """Sleep until each chunk is due."""
    log = SendLog(FORMAT.bytes_per_second)
    schedule = Schedule(Speed(), monotonic())
    sent_bytes = 0
    for chunk in _chunks():
        due_wall_s = schedule.due_wall_s(FORMAT.seconds(sent_bytes))
        await asyncio.sleep(max(0.0, due_wall_s - monotonic()))
        await _send(writer, log, due_wall_s, chunk)
        sent_bytes += len(chunk)
    return log.stats()


async def send_by_sleeping(writer: asyncio.StreamWriter) -> PacingStats:
    """Sleep one chunk after each send, as streaming examples often do."""
    log = SendLog(FORMAT.bytes_per_second)
    start_wall_s = monotonic()
    for k, chunk in enumerate(_chunks()):
        await _send(writer, log, start_wall_s + k * CHUNK_MS / 1000, chunk)
        await asyncio.sleep(CHUNK_MS / 1000)
    return log.stats()


async def _discard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass
    writer.close()


async def _over_loopback(sender: Sender, port: int) -> PacingStats:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await sender(writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def _side_by_side() -> tuple[PacingStats, PacingStats]:
    server = await asyncio.start_server(_discard, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await asyncio.gather(_over_loopback(send_by_deadline, port), _over_loopback(send_by_sleeping, port))


def _row(name: str, stats: PacingStats) -> str:
    cells = (
        stats.drift_s,
        stats.lateness_p50_s,
        stats.lateness_p99_s,
        stats.max_lateness_s,
        stats.jitter_p99_s,
        stats.longest_gap_wall_s,
    )
    return f"{name:<18}" + "".join(f"{1000 * cell:>12.2f}" for cell in cells)


@pytest.mark.timeout(180)
def test_an_absolute_schedule_does_not_drift_where_sleeping_does() -> None:
    deadline, sleeping = asyncio.run(_side_by_side())
    heads = ("drift", "late p50", "late p99", "late max", "jitter p99", "longest gap")
    print(f"\n{DURATION_AUDIO_S:g} s of audio in {CHUNK_MS} ms chunks, both at once; milliseconds")
    print(f"{'':<18}" + "".join(f"{head:>12}" for head in heads))
    print(_row("absolute deadline", deadline))
    print(_row("sleep per chunk", sleeping))
    assert deadline.sends == sleeping.sends == 3_000
    assert sleeping.drift_s > 0
    assert abs(deadline.drift_s) < sleeping.drift_s / 20
    assert deadline.lateness_p99_s < sleeping.lateness_p50_s
