"""Rules on how a client ends a session: CloseStream, then listening until Metadata and the server's close."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.evidence import Leg
from harness.conformance.rule import Hit
from harness.conformance.wording import plural, seconds
from harness.protocol.closing import INTERNAL_ERROR
from harness.protocol.messages import CloseStream
from harness.recording.entries import Close, Direction, Lost, Side


def _client_closed(leg: Leg) -> int | None:
    """Where the client closed first; its own ping timeout (1011) is another rule's."""
    if leg.end is None:
        return None
    at, end = leg.end
    by_client = isinstance(end, Close) and end.direction is Direction.UPSTREAM and end.code != INTERNAL_ERROR
    return at if by_client else None


def close_stream_is_sent(leg: Leg) -> Iterator[Hit]:
    """C-CLOSE-STREAM: a client that has sent audio ends with CloseStream, never by closing the socket.

    Without it the server drops what it has not transcribed yet. Source: docs, «Close Stream»; deepgram-js-sdk #22, #23,
    #198; pipecat #5347.
    """
    if not leg.frames or leg.asked_to_close is not None:
        return
    closed = _client_closed(leg)
    if closed is not None:
        yield Hit("The client closed the connection without CloseStream; the last words are lost.", closed)
    elif leg.end is None and leg.complete:
        yield Hit("The session ended without CloseStream; the last words are lost.", leg.places[-1].at)


def last_answers_are_awaited(leg: Leg) -> Iterator[Hit]:
    """C-DRAIN: after CloseStream the client listens until Metadata; a fixed wait loses the last finals.

    Source: docs, «Close Stream»; deepgram-js-sdk #198; omi PR #13624; pipecat #5347.
    """
    closed = _client_closed(leg)
    if closed is None or leg.asked_to_close is None or not leg.frames or closed < leg.asked_to_close:
        return
    if leg.metadata is None or leg.metadata[0] > closed:
        since_s = leg.end[1].wall_s - _wall_s(leg, leg.asked_to_close) if leg.end else 0.0
        missed = sum(heard.at > closed for heard in leg.heard)
        message = f"The client closed {seconds(since_s)} after CloseStream without waiting for Metadata."
        yield Hit(message, closed, f"{plural(missed, 'message')} came later" if missed else "")


def _wall_s(leg: Leg, index: int) -> float:
    return next(place.entry.wall_s for place in leg.places if place.at == index)


def connection_is_not_cut(leg: Leg) -> Iterator[Hit]:
    """C-CUT: a connection ends with a close frame, not by dropping it while answers are owed.

    Judged on a server's recording, where a loss that was not the server's is the client's or the network's. Source:
    deepgram-js-sdk #198; the handshakes of Python SDK 3 and 4.
    """
    if leg.side is not Side.SERVER or leg.end is None or not leg.frames or leg.metadata is not None:
        return
    at, end = leg.end
    if isinstance(end, Lost) and end.by is not Side.SERVER:
        after = "after CloseStream" if leg.asked_to_close is not None else "without CloseStream"
        yield Hit(f"The connection was dropped {after}, before Metadata and without a close frame.", at, end.why[:120])


def server_closes_first(leg: Leg) -> Iterator[Hit]:
    """C-CLOSE-FIRST: after Metadata the client leaves the close to the server; advice, for nothing is lost then.

    Source: docs, «Close Stream».
    """
    closed = _client_closed(leg)
    if closed is not None and leg.metadata is not None and leg.metadata[0] < closed:
        yield Hit("The client closed after Metadata without waiting for the server's own close.", closed)


def no_message_after_close_stream(leg: Leg) -> Iterator[Hit]:
    """C-TEXT-AFTER-CLOSE: no text frame after CloseStream, not even the KeepAlive of a running timer.

    Told once per leg. Source: docs, «Close Stream»; deepgram-python-sdk #127.
    """
    if leg.close_stream is None:
        return
    late = [told for told in leg.told if told.at > leg.close_stream]
    if late:
        kinds = ", ".join(dict.fromkeys(type(told.message).__name__ for told in late))
        yield Hit(f"{plural(len(late), 'text frame')} ({kinds}) came after CloseStream.", late[0].at)


def close_stream_is_the_message(leg: Leg) -> Iterator[Hit]:
    """C-EMPTY-CLOSE: the stream is ended with the CloseStream message, not with an empty binary frame.

    Deprecated since October 2022; an empty frame with audio after it is C-EMPTY-FRAME. Source: Deepgram changelog,
    17 October 2022; deepgram-python-sdk #146.
    """
    last_audio = leg.frames[-1].at if leg.frames else -1
    ending = [at for at in leg.empties if at > last_audio]
    if ending and not any(isinstance(told.message, CloseStream) and told.at < ending[0] for told in leg.told):
        yield Hit("The stream was ended with an empty binary frame, which is deprecated; send CloseStream.", ending[0])
