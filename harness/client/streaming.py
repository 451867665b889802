"""Streams audio the way it should be done: paced sender, concurrent receiver, KeepAlive in pauses, drained to the end.

What to do and when is decided by the pure `Streamer`; this shell owns the socket and the clock. One task feeds the
source into the machine's bounded buffer, one carries out what the machine asks for, one receives. Nothing waits for a
reply in order to send.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random
from ssl import SSLCertVerificationError
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Response

from harness.client.endpoint import Endpoint
from harness.client.log import LOG, WIRE
from harness.client.streams import AudioToSend
from harness.clock import Clock, SystemClock, rfc3339
from harness.errors import BadInput
from harness.protocol.closing import CUT
from harness.protocol.flux_options import FluxOptions
from harness.protocol.options import ListenOptions
from harness.recording.entries import Header, Side
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.dialect import dialect_for
from harness.streamer.machine import Phase, Streamer
from harness.streamer.notes import Notes, Observer, StreamOutcome
from harness.streamer.settings import StreamSettings

CLOSE_TIMEOUT_S: Final = 2.0
"""How long the server may take to answer our close frame; we close first only when nothing more is hoped for."""

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
FEED_BYTES: Final = 4096
"""The source is fed in pieces, so that a whole file at once does not fill the buffer beyond its bound."""


async def stream(
    endpoint: Endpoint,
    options: ListenOptions | FluxOptions,
    audio: AudioToSend,
    settings: StreamSettings | None = None,
    *,
    tool: str = "dgharness",
    seed: int = 0,
    observer: Observer | None = None,
    on_header: Callable[[Header], None] | None = None,
    clock: Clock | None = None,
    replies: str | None = None,
    synthetic: bool | None = None,
) -> StreamOutcome:
    """Stream audio to a server and take in everything it says, until Metadata and the close.

    Args:
        endpoint: server and key.
        options: the query string, and by its type which endpoint; must declare the format of `audio`, or none when it
            has a container's header. Of Flux, a turn that ended is a final, and one that goes on an interim.
        audio: what to send.
        settings: chunking, pacing, time-outs, reconnection.
        tool: name and version for the recording's header.
        seed: of the reconnection's jitter.
        observer: told every entry as it happens.
        on_header: told the recording's header before anything else.
        replies: what produces the answers, for the recording's header; the host's name when None.
        synthetic: whether they are made up rather than recognised; None when that is not known.
        clock: where the time comes from.

    Returns:
        What came of it. A refused, lost, timed-out or interrupted session, or a source that cannot be read on, is an
        outcome with a `failure`, not an exception: what was received stays.

    Raises:
        BadInput: the chunk size is out of range.
    """
    settings, clock = settings or StreamSettings(), clock or SystemClock()
    dialect = dialect_for(options)
    header = Header(
        side=Side.CLIENT,
        path=dialect.path,
        query=options.to_query(),
        created=rfc3339(clock.unix_ms()),
        tool=tool,
        replies=endpoint.host if replies is None else replies,
        synthetic=synthetic,
    )
    notes = Notes(audio.format, audio.source, observer, clock.now_s(), container=audio.container)
    rng = Random(seed)
    streamer = Streamer(
        audio.format, settings, rng, notes, endpoint.host, clock.now_s(), header=audio.header, dialect=dialect
    )
    if on_header is not None:
        on_header(header)
    await _Shell(endpoint, header, audio, settings, streamer, clock).run()
    if notes.failure is not None:
        LOG.warning("failed", extra={"why": notes.failure})
    notes.end()
    return notes.outcome(header, streamer.ledger())


class _Opening(connect):
    """Goes where it was told and nowhere else: a redirect is a refusal, for it could lead off this machine."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class _Shell:
    """Carries out what the machine asks for; lives for one call of `stream`."""

    def __init__(
        self,
        endpoint: Endpoint,
        header: Header,
        audio: AudioToSend,
        settings: StreamSettings,
        streamer: Streamer,
        clock: Clock,
    ) -> None:
        self._audio = audio
        self._endpoint, self._url = endpoint, endpoint.websocket_url(header.query, header.path)
        self._settings, self._streamer, self._clock = settings, streamer, clock
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._connection: ClientConnection | None = None
        self._receiving: asyncio.Task[None] | None = None

    async def run(self) -> None:
        feeding = asyncio.create_task(self._feed())
        feeding.add_done_callback(lambda _: self._news.set())
        try:
            await self._carry_out(feeding)
        except asyncio.CancelledError:
            self._streamer.interrupt()
        except BadInput as error:  # the source could not be read on
            self._streamer.give_up(str(error))
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            await self._let_go()

    async def _carry_out(self, feeding: asyncio.Task[None]) -> None:
        actions: deque[Action] = deque(self._streamer.begin())
        while actions or self._streamer.phase is not Phase.DONE:
            self._note_room()
            if actions:
                actions.extend(await self._execute(actions.popleft()))
                continue
            if feeding.done():
                feeding.result()
            await self._wait()
            actions.extend(self._streamer.wake(self._clock.now_s()))

    async def _wait(self) -> None:
        """Until there is news, or the machine wants to be woken."""
        wakeup_s = self._streamer.next_wakeup_s
        delay_s = None if wakeup_s is None else wakeup_s - self._clock.now_s()
        if delay_s is not None and delay_s <= 0:
            await asyncio.sleep(0)  # others get their turn even when everything is due
            return
        timer = None if delay_s is None else asyncio.get_running_loop().call_later(delay_s, self._news.set)
        await self._news.wait()
        self._news.clear()
        if timer is not None:
            timer.cancel()

    async def _feed(self) -> None:
        async for block in self._audio.blocks:
            for begin in range(0, len(block), FEED_BYTES):
                if not self._settings.live:
                    await self._room.wait()
                self._streamer.feed(block[begin : begin + FEED_BYTES], self._clock.now_s())
                self._note_room()
            self._news.set()
        self._streamer.end_of_source()

    def _note_room(self) -> None:
        if self._streamer.wants_audio:
            self._room.set()
        else:
            self._room.clear()

    # --- what the machine asks for ----------------------------------------------------------------------------------

    async def _execute(self, action: Action) -> list[Action]:
        match action:
            case Connect():
                return await self._connect()
            case SendAudio(data):
                await self._send(data)
            case SendText(text):
                await self._send(text)
            case HangUp():
                if self._connection is not None:  # given up: an answer to a close frame would be waited for in vain
                    self._connection.transport.abort()
                await self._let_go()
        return []

    async def _send(self, data: bytes | str) -> None:
        """Hand a frame to the socket; a peer that does not read must not keep the machine's timers from running."""
        assert self._connection is not None
        wakeup_s = self._streamer.next_wakeup_s
        patience_s = None if wakeup_s is None else max(0.05, wakeup_s - self._clock.now_s())
        with suppress(ConnectionClosed, TimeoutError):  # the receiver tells how a connection ended
            async with asyncio.timeout(patience_s):
                await self._connection.send(data)

    async def _connect(self) -> list[Action]:
        LOG.info("connecting", extra={"url": self._url})
        try:
            connection = await _Opening(
                self._url,
                additional_headers=self._endpoint.authorization,
                compression=None,  # audio does not compress, and Deepgram declines it anyway
                proxy=None if self._endpoint.is_loopback else True,
                open_timeout=self._settings.connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                max_size=MAX_MESSAGE_BYTES,
                logger=WIRE,
            )
        except InvalidStatus as refused:
            self._refused(refused.response)
        except TimeoutError:
            why = f"no answer within {self._settings.connect_timeout_s:g} s"
            self._streamer.connect_failed(why, self._clock.now_s())
        except (OSError, InvalidHandshake, InvalidURI) as error:
            untrusted = isinstance(error, SSLCertVerificationError)  # and will be the next time
            self._streamer.connect_failed(f"cannot be reached ({_why(error)})", self._clock.now_s(), fatal=untrusted)
        else:
            return self._connected(connection)
        return []

    def _connected(self, connection: ClientConnection) -> list[Action]:
        headers = _headers(connection.response) if connection.response else {}
        LOG.info("open", extra={"request_id": headers.get("dg-request-id")})
        self._connection = connection
        self._receiving = asyncio.create_task(self._receive(connection))
        return self._streamer.connected(headers, self._clock.now_s())

    def _refused(self, response: Response) -> None:
        body = (response.body or b"").decode("utf-8", "replace")
        now_s = self._clock.now_s()
        self._streamer.refused(response.status_code, _headers(response), body, response.reason_phrase, now_s)

    async def _let_go(self) -> None:
        """End the connection, if there is one, in good order when the other side plays along."""
        connection, receiving = self._connection, self._receiving
        self._connection = self._receiving = None
        if connection is not None:
            await connection.close()
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    # --- what comes -------------------------------------------------------------------------------------------------

    async def _receive(self, connection: ClientConnection) -> None:
        try:
            async for message in connection:
                if isinstance(message, str):
                    self._streamer.receive_text(message, self._clock.now_s())
                else:
                    self._streamer.receive_binary(message, self._clock.now_s())
                self._news.set()
        except ConnectionClosed:
            pass  # how it ended is read off the connection, well or badly
        close, lost = connection.protocol.close_rcvd, connection.protocol.close_exc
        code, reason = (CUT, _why(lost.__cause__ or lost)) if close is None else (int(close.code), close.reason)
        LOG.info("closed", extra={"code": code, "reason": reason})
        self._streamer.closed(code, reason, self._clock.now_s())
        self._news.set()


def _headers(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.raw_items()}


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
