"""A Dask cluster as a crew: one of its own on this machine, or the scheduler at `tcp://…`.

Workers read the audio themselves, so it must lie at the same path on each of their machines, and need dgharness with
the engine's extra. Only paths, references and rows travel.
"""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

from harness.corpus.desk import desk_of
from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored
from harness.corpus.work import Work, failed
from harness.errors import BadInput

if TYPE_CHECKING:
    from distributed import Client

LOCAL: Final = "local"
CONNECT_TIMEOUT_S: Final = 10.0


class Cluster:
    """The workers of a Dask scheduler, each with as many files at a time as it has threads."""

    def __init__(self, work: Work, client: Client, threads: int) -> None:
        self._work, self._client, self._threads = work, client, threads

    @property
    def places(self) -> int:
        """Threads of all workers, and as many files again, so that no thread waits for its next one."""
        return 2 * self._threads

    async def row(self, item: Item) -> Row:
        """Do one file, wherever there is room; a file that workers die of is given up by Dask after three."""
        from distributed.scheduler import KilledWorker

        future = self._client.submit(_row, item, self._work, pure=False)
        try:
            row: Row = await future
        except KilledWorker:
            row = failed(
                Row(id=item.id, audio=item.audio, segment=item.segment), f"{item.audio}: worker processes died of it"
            )
            return scored(row, item.reference, self._work.normalizers)
        finally:
            if not future.done():
                await future.cancel()
        return row


@contextlib.asynccontextmanager
async def cluster(work: Work, address: str, workers: int) -> AsyncIterator[Cluster]:
    """A cluster as a crew.

    Args:
        work: what to do with each file.
        address: the scheduler's `tcp://HOST:PORT`, or `local` for a cluster of this machine's processes.
        workers: how many of those.

    Raises:
        BadInput: Dask is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise BadInput("--cluster needs the package distributed: pip install 'dgharness[cluster]'") from None
    async with contextlib.AsyncExitStack() as stack:
        where: Any = address
        if address == LOCAL:
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=work.streams,
                processes=True,
                asynchronous=True,
                dashboard_address="127.0.0.1:0",  # a port of its own, and not for the network
                silence_logs=logging.CRITICAL,  # what goes wrong with a file is in its row
            )
            with _deaf_children():
                where = await stack.enter_async_context(local)
        try:
            client = await stack.enter_async_context(Client(where, asynchronous=True, timeout=CONNECT_TIMEOUT_S))
            await client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise BadInput(f"--cluster {address}: no scheduler with workers is there ({error})") from None
        threads: dict[str, int] = await client.nthreads()
        yield Cluster(work, client, sum(threads.values()))


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl-C, which a terminal sends to all; it is ours to act on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _row(item: Item, work: Work) -> Row:
    return desk_of(work).row(item)
