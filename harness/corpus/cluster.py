"""A Dask cluster as a crew: one of its own on this machine, or the scheduler at `tcp://…` or `tls://…`.

Workers read the audio themselves, so it must lie at the same path on each of their machines, and need this version of
dgharness with the engine's extra. Only paths, references, settings and rows travel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from harness.cores import cores, share
from harness.corpus.cluster_tls import TCP, TLS, check_handshake, security_for, speaks_tls
from harness.corpus.desk import desk_of, dismiss
from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored
from harness.corpus.work import Work, failed
from harness.errors import BadInput

if TYPE_CHECKING:
    from distributed import Client

LOCAL: Final = "local"
CONNECT_TIMEOUT_S: Final = 10.0
DISMISS_TIMEOUT_S: Final = 10.0
"""How long workers may take to close their sessions at the end of a run that was interrupted."""

_PACKAGE: Final = "dgharness"
_ADDRESS: Final = re.compile(r"(?:tcp|tls)://.+:([0-9]{1,5})")
_PORTS: Final = range(1, 65_536)


def check_address(address: str) -> None:
    """Refuse what cannot be a cluster.

    Raises:
        BadInput: it is neither `local` nor the address of a scheduler.
    """
    if address == LOCAL:
        return
    found = _ADDRESS.fullmatch(address)
    if found is None or int(found[1]) not in _PORTS:
        raise BadInput(
            f"--cluster {address}: is no address of a scheduler; wanted {TCP}HOST:PORT, {TLS}HOST:PORT, or {LOCAL}"
        )


class Cluster:
    """The workers of a Dask scheduler, each with as many files at a time as it has threads."""

    def __init__(self, work: Work, client: Client, threads: int, address: str) -> None:
        self._work, self._client, self._threads, self._address = work, client, threads, address
        self._folder = os.getcwd()

    @property
    def places(self) -> int:
        """Threads of all workers, and as many files again, so that no thread waits for its next one."""
        return 2 * self._threads

    async def row(self, item: Item) -> Row:
        """Do one file, wherever there is room; a file that workers die of is given up by Dask after three.

        Raises:
            BadInput: the scheduler is gone, or a worker cannot begin.
        """
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        future = self._client.submit(_row, replace(item, folder=self._folder), self._work, pure=False)
        try:
            row: Row = await future
        except KilledWorker:
            row = failed(
                Row(id=item.id, audio=item.audio, segment=item.segment), f"{item.audio}: worker processes died of it"
            )
            return scored(row, item.reference, self._work.normalizers)
        except FutureCancelledError as error:
            raise BadInput(
                f"--cluster {self._address}: the scheduler is gone, or has dropped this run ({error.reason}); "
                "what is done is kept, and --resume does the others"
            ) from None
        finally:
            if not future.done():
                await future.cancel()
        return row


@contextlib.asynccontextmanager
async def cluster(work: Work, address: str, workers: int) -> AsyncIterator[Cluster]:
    """A cluster as a crew.

    Args:
        work: what to do with each file.
        address: the scheduler's `tcp://HOST:PORT`, or `tls://HOST:PORT` with the certificates of Dask's configuration,
            or `local` for a cluster of this machine's processes.
        workers: how many of those.

    Raises:
        BadInput: Dask is not installed, there is no scheduler with workers at the address or no trust between it and
            this side, or a worker has not this version of dgharness.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.utils import silence_logging_cmgr
    except ImportError:
        raise BadInput("--cluster needs the package distributed: pip install 'dgharness[cluster]'") from None
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))  # what goes wrong is said in a sentence
        where: Any = address
        security = security_for(address)
        if address == LOCAL:
            work = replace(work, threads=share(workers))
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
        elif address.startswith(TLS):
            await check_handshake(address, security, CONNECT_TIMEOUT_S)
        try:
            client = Client(where, asynchronous=True, timeout=CONNECT_TIMEOUT_S, security=security)
            stack.push_async_exit(client)  # one that never connects is closed too: it would complain to the terminal
            async with asyncio.timeout(CONNECT_TIMEOUT_S):  # Dask's own is over once somebody takes the connection
                await client
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise await _nobody_there(address, error) from None
        await _check_workers(client, address, work.tool)
        threads: dict[str, int] = await client.nthreads()
        work = replace(work, run=client.id)
        stack.push_async_callback(_dismiss_all, client, work)
        yield Cluster(work, client, sum(threads.values()), address)


async def _nobody_there(address: str, error: Exception) -> BadInput:
    if address.startswith(TCP) and await speaks_tls(address, CONNECT_TIMEOUT_S):
        wanted = f"wanted {address.replace(TCP, TLS)}, and certificates in Dask's configuration"
        return BadInput(f"--cluster {address}: who is there speaks TLS; {wanted}")
    reason = str(error) or f"nothing came within {CONNECT_TIMEOUT_S:g} s"
    return BadInput(f"--cluster {address}: no scheduler is there ({reason})")


async def _check_workers(client: Client, address: str, tool: str) -> None:
    """Ask every worker for its version, by what it has in any case: one without dgharness dies of a file."""
    try:
        await client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
    except TimeoutError:
        raise BadInput(
            f"--cluster {address}: the scheduler has no workers, and none came within {CONNECT_TIMEOUT_S:g} s"
        ) from None
    found: dict[str, str | Exception] = await client.run(version, _PACKAGE, on_error="return")
    for worker, its in found.items():
        has = f"no {_PACKAGE}" if isinstance(its, Exception) else f"{_PACKAGE} {its}"
        if has != tool:
            raise BadInput(f"--cluster {address}: its worker at {worker} has {has}; wanted {tool}, as here")


async def _dismiss_all(client: Client, work: Work) -> None:
    """Have workers break off what they do for this run. To cancel a file in Dask does not: its thread goes on."""
    with contextlib.suppress(OSError):  # a TimeoutError is one, and so is a scheduler that is gone
        async with asyncio.timeout(DISMISS_TIMEOUT_S):
            if client.status == "running":
                await client.run(_dismiss, work, on_error="ignore")


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl-C, which a terminal sends to all; it is ours to act on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- what workers do ------------------------------------------------------------------------------------------------


def _row(item: Item, work: Work) -> Row:
    has = f"{_PACKAGE} {version(_PACKAGE)}"
    if has != work.tool:  # it came after the others had been asked
        raise BadInput(f"--cluster: a worker that came later has {has}; wanted {work.tool}, as here")
    return desk_of(work, _threads()).row(item)


def _threads() -> int:
    """What Dask gives this worker: who started the workers of a machine has shared it out.

    No more than there are cores, though: threads may be many because files wait for a server, or for real time.
    """
    from distributed import get_worker

    given: int = get_worker().state.nthreads
    return min(given, cores())


async def _dismiss(work: Work) -> None:
    await asyncio.to_thread(dismiss, work)
