"""Streams audio the way it should be done: paced sender, concurrent receiver, KeepAlive in pauses, drained to the end.

The session machine decides what is legal and when timers run out; this shell owns the socket and four tasks: one fills
the bounded send buffer, one sends by absolute deadlines, one receives, one minds the timers. Nothing waits for a reply
in order to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from harness.audio.chunking import Chunker, chunk_size
from harness.audio.pacing import Schedule
from harness.client.endpoint import LISTEN_PATH, Endpoint
from harness.client.log import LOG
from harness.client.notes import Notes
from harness.client.streams import AudioToSend, Observer, StreamOutcome, StreamSettings
from harness.clock import Clock, SystemClock, rfc3339
from harness.errors import BadInput
from harness.protocol.messages import CloseStream, Finalize, KeepAlive, Message
from harness.protocol.options import ListenOptions
from harness.protocol.session import Closed, Event, ListenSession, MessageReceived, Role, State, TimerFired, TimerKind
from harness.recording.entries import Header, Side

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
LONGEST_NAP_S: Final = 0.5
"""How long the timer task sleeps at most: a CloseStream may start an earlier timer meanwhile."""


async def stream(
    endpoint: Endpoint,
    options: ListenOptions,
    audio: AudioToSend,
    settings: StreamSettings | None = None,
    *,
    tool: str = "dgharness",
    observer: Observer | None = None,
    on_header: Callable[[Header], None] | None = None,
    clock: Clock | None = None,
) -> StreamOutcome:
    """Stream audio to a server and take in everything it says, until Metadata and the close.

    Args:
        endpoint: server and key.
        options: the query string; must declare the format of `audio`.
        audio: what to send.
        settings: chunking, pacing, time-outs.
        tool: name and version for the recording's header.
        observer: told every entry as it happens.
        on_header: told the recording's header before anything else.
        clock: where the time comes from.

    Returns:
        What came of it. A refused, lost, timed-out or interrupted session, or a source that cannot be read on, is an
        outcome with a `failure`, not an exception: what was received stays.

    Raises:
        BadInput: the chunk size is out of range.
    """
    settings, clock = settings or StreamSettings(), clock or SystemClock()
    header = Header(
        side=Side.CLIENT,
        path=LISTEN_PATH,
        query=options.to_query(),
        created=rfc3339(clock.unix_ms()),
        tool=tool,
        replies=endpoint.host,
    )
    notes = Notes(audio, observer, clock)
    streaming = _Streaming(endpoint, header.query, audio, settings, notes, clock)
    if on_header is not None:
        on_header(header)
    await streaming.run()
    return notes.outcome(header)


class _Over(Exception):
    """The session is over, well or badly: ends the other tasks."""


class _Streaming:
    """One running session; lives for one call of `stream`."""

    def __init__(
        self,
        endpoint: Endpoint,
        query: str,
        audio: AudioToSend,
        settings: StreamSettings,
        notes: Notes,
        clock: Clock,
    ) -> None:
        self._endpoint, self._query, self._audio, self._settings = endpoint, query, audio, settings
        self._notes, self._clock = notes, clock
        self._chunk_size = chunk_size(audio.format, settings.chunk_ms)
        chunks = max(2, int(settings.buffer_audio_s * 1000 / settings.chunk_ms))
        self._buffer: asyncio.Queue[bytes | None] = asyncio.Queue(chunks)
        self._session: ListenSession

    async def run(self) -> None:
        try:
            await self._connect_and_converse()
        except BadInput as error:
            self._notes.fail(str(error))
        except asyncio.CancelledError:
            # What was received stays: an interrupted session is a partial one (the CLI cancels on Ctrl-C).
            self._notes.interrupted = True
            self._notes.fail("interrupted")
        finally:
            self._notes.end()

    async def _connect_and_converse(self) -> None:
        url, host = self._endpoint.websocket_url(self._query), self._endpoint.host
        LOG.info("connecting", extra={"url": url})
        try:
            connection = await connect(
                url,
                additional_headers=self._endpoint.authorization,
                compression=None,  # audio does not compress, and Deepgram declines it anyway
                proxy=None if self._endpoint.is_loopback else True,
                open_timeout=self._settings.connect_timeout_s,
                max_size=MAX_MESSAGE_BYTES,
            )
        except InvalidStatus as refused:
            why = self._notes.refused(refused.response)
            self._notes.fail(f"{host}: refused with HTTP {refused.response.status_code}: {why}")
        except TimeoutError:
            self._notes.fail(f"{host}: no answer within {self._settings.connect_timeout_s:g} s")
        except (OSError, InvalidHandshake, InvalidURI) as error:
            self._notes.fail(f"{host}: cannot be reached ({_why(error)})")
        else:
            async with connection:
                await self._converse(connection)

    async def _converse(self, connection: ClientConnection) -> None:
        self._notes.opened(connection.response)
        self._session = ListenSession(Role.CLIENT, self._clock.now_s(), self._settings.timers)
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._receive(connection),
                self._fill_buffer(),
                self._send(connection),
                self._watch_timers(connection),
            )
        ]
        try:
            await asyncio.gather(*tasks)
        except _Over:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- receiving --------------------------------------------------------------------------------------------------

    async def _receive(self, connection: ClientConnection) -> None:
        try:
            async for message in connection:
                if isinstance(message, str):
                    events = self._session.receive_text(message, self._clock.now_s())
                    self._react(events)
                    self._notes.received_text(message)
                else:
                    self._session.receive_binary(message, self._clock.now_s())
                    self._notes.received_binary(message)
        except ConnectionClosed:
            pass  # how it ended is read off the connection, well or badly
        self._note_close(connection)
        raise _Over

    def _note_close(self, connection: ClientConnection) -> None:
        close, lost = connection.protocol.close_rcvd, connection.protocol.close_exc
        if close is None:
            code, reason = 1006, _why(lost.__cause__ or lost)
            self._notes.lost(reason)
        else:
            code, reason = int(close.code), close.reason
            self._notes.closed(code, reason)
        self._react(self._session.receive_close(code, reason, self._clock.now_s()))

    def _react(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case MessageReceived(decoded):
                    self._notes.understood(decoded)
                case Closed(code, reason, after):
                    # Success is Metadata seen before the close; 1000 alone proves nothing (Deepgram's own examples).
                    if after is not State.FINISHED:
                        self._notes.fail(_early_end(code, reason, after))

    # --- sending ----------------------------------------------------------------------------------------------------

    async def _fill_buffer(self) -> None:
        chunker = Chunker(self._chunk_size)
        async for block in self._audio.blocks:
            for chunk in chunker.feed(block):
                await self._buffer.put(chunk)
        rest = chunker.flush()
        if rest:
            await self._buffer.put(rest)
        await self._buffer.put(None)

    async def _send(self, connection: ClientConnection) -> None:
        try:
            await self._send_audio(connection)
            if self._settings.finalize:
                await self._say(connection, Finalize())
            await self._say(connection, CloseStream())
        except ConnectionClosed:
            pass  # the receiver tells how it ended

    async def _send_audio(self, connection: ClientConnection) -> None:
        schedule = Schedule(self._settings.speed, self._clock.now_s())
        while True:
            source_stalled = self._buffer.empty()
            chunk = await self._buffer.get()
            if chunk is None:
                return
            if source_stalled:
                schedule.resume(self._notes.audio_s, self._clock.now_s())
            due_s = schedule.due_wall_s(self._notes.audio_s)
            # Even when nothing is waited for the receiver must get its turn.
            await asyncio.sleep(max(0.0, due_s - self._clock.now_s()))
            sent_s = self._clock.now_s()
            self._session.send_audio(chunk, sent_s)
            # Noted before the send is awaited: from here on the frame is the socket's, whatever back-pressure follows.
            self._notes.sent_audio(chunk, sent_s if self._settings.speed.is_max else due_s, sent_s)
            await connection.send(chunk)

    async def _say(self, connection: ClientConnection, message: Message) -> None:
        text = self._session.send(message, self._clock.now_s())
        self._notes.sent_text(text)
        await connection.send(text)

    # --- time -------------------------------------------------------------------------------------------------------

    async def _watch_timers(self, connection: ClientConnection) -> None:
        while self._session.state is not State.CLOSED:
            wakeup_s = self._session.next_wakeup_s
            nap_s = LONGEST_NAP_S if wakeup_s is None else min(LONGEST_NAP_S, wakeup_s - self._clock.now_s())
            await asyncio.sleep(max(0.0, nap_s))
            for event in self._session.wake(self._clock.now_s()):
                if isinstance(event, TimerFired):
                    await self._timer_fired(event.kind, connection)

    async def _timer_fired(self, kind: TimerKind, connection: ClientConnection) -> None:
        timers, host = self._settings.timers, self._endpoint.host
        if kind is TimerKind.KEEP_ALIVE:
            try:
                # Text, never binary: Deepgram takes a binary KeepAlive for audio (docs, «Audio Keep Alive»).
                await self._say(connection, KeepAlive())
            except ConnectionClosed:
                return  # the receiver tells how it ended
        elif kind is TimerKind.ANSWER:
            self._notes.fail(f"{host}: said nothing for {timers.answer_after_s:g} s while audio was sent")
            raise _Over
        else:
            self._notes.fail(f"{host}: no Metadata within {timers.drain_after_s:g} s of CloseStream")
            raise _Over


def _early_end(code: int, reason: str, after: State) -> str:
    said = f" ({reason})" if reason else ""
    wanted = "before CloseStream was sent" if after is State.OPEN else "before Metadata had come"
    return f"the connection ended with {code}{said} {wanted}"


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
