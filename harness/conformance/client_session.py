"""Rules on what a client says while the session is open, and on `/v2/listen` what it must not say."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise

from harness.conformance.evidence import Leg
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, plural, seconds
from harness.protocol.messages import Finalize, KeepAlive, MalformedMessage, UnknownMessage
from harness.recording.entries import Binary, Close, Direction, Side, Text

_CONTROL_TYPES = ("KeepAlive", "Finalize", "CloseStream", "Configure", "Sync")
_BY_LETTERS = {name.lower(): name for name in _CONTROL_TYPES}


def pauses_are_kept_alive(leg: Leg) -> Iterator[Hit]:
    """C-KEEPALIVE: from the first audio to CloseStream, no more than 10 s pass without a frame; 3 to 5 s are advised.

    The server closes with NET-0001 otherwise. Told once per leg, for the longest silence. Source: docs, «Audio Keep
    Alive»; deepgram-python-sdk #319, #478; pipecat #1113.
    """
    sent = [(at, entry.wall_s) for at, entry in leg.upstream if not isinstance(entry, Close)]
    first = next((place for place, (at, _) in enumerate(sent) if leg.frames and at == leg.frames[0].at), None)
    if first is None:
        return
    closed = next((place for place, (at, _) in enumerate(sent) if at == leg.asked_to_close), None)
    moments = sent[first:] if closed is None else sent[first : closed + 1]
    if closed is None and leg.end is not None:
        moments = [*moments, (leg.end[0], leg.end[1].wall_s)]
    silences = [(after_s - before_s, at) for (_, before_s), (at, after_s) in pairwise(moments)]
    too_long = [silence for silence in silences if silence[0] > leg.settings.idle_wall_s]
    if too_long:
        longest_s, at = max(too_long)
        clock = "client" if leg.side is Side.CLIENT else "server"
        message = (
            f"No frame was sent for {seconds(longest_s)} (by the {clock}'s clock) while the session was open; after "
            f"{seconds(leg.settings.idle_wall_s)} Deepgram closes, so send KeepAlive every 3 to 5 s."
        )
        yield Hit(message, at, f"{plural(len(too_long), 'such silence')}")


def messages_are_known(leg: Leg) -> Iterator[Hit]:
    """C-UNKNOWN-TEXT: a text frame is one of KeepAlive, Finalize, CloseStream, Configure, Sync, spelled exactly so.

    Deepgram answers others with an Error of variant SchemaError, or ignores them: a misspelled KeepAlive keeps nothing
    alive. Source: Deepgram's AsyncAPI description and spec-mock-go-sdk.
    """
    for told in leg.told:
        match told.message:
            case UnknownMessage(type=None):
                yield Hit("A text frame has no string type.", told.at, excerpt(told.entry.text))
            case UnknownMessage(type=str(kind)):
                yield Hit(f"{excerpt(kind)} is no message of a client{_meant(kind)}", told.at, excerpt(told.entry.text))
            case MalformedMessage(problem=problem):
                yield Hit(
                    f"A text frame cannot be read: {excerpt(problem)}{'' if problem.endswith('.') else '.'}",
                    told.at,
                    excerpt(told.entry.text),
                )


def _meant(kind: str) -> str:
    letters = "".join(letter for letter in kind[:80].lower() if letter.isalpha())
    near = get_close_matches(letters, _BY_LETTERS, n=1)
    return f"; {_BY_LETTERS[near[0]]} may be meant." if near else "."


def nothing_follows_the_close(leg: Leg) -> Iterator[Hit]:
    """C-SEND-AFTER-END: nothing is sent once the connection has been closed.

    Judged on a client's recording only: what a server sees then may have been under way. Source: deepgram-python-sdk
    #127.
    """
    if leg.end is None or leg.side is not Side.CLIENT:
        return
    late = [(at, entry) for at, entry in leg.upstream if at > leg.end[0] and isinstance(entry, Text | Binary)]
    if late:
        yield Hit(f"{plural(len(late), 'frame')} went out after the connection had ended.", late[0][0])


def pings_are_answered(leg: Leg) -> Iterator[Hit]:
    """C-PING-TIMEOUT: the client does not end the connection itself with 1011.

    WebSocket libraries do so when their own ping was not answered in time, mostly because the client's event loop was
    blocked. Source: deepgram-python-sdk #326.
    """
    for at, entry in leg.of(Close):
        if entry.direction is Direction.UPSTREAM and entry.code == 1011 and leg.end is not None and leg.end[0] == at:
            yield Hit(
                "The client closed with 1011, as its library does when a ping went unanswered; its event loop may have "
                "been blocked.",
                at,
                excerpt(entry.reason),
            )


def flux_gets_no_v1_controls(leg: Leg) -> Iterator[Hit]:
    """C-FLUX-CONTROL: no KeepAlive or Finalize on `/v2/listen`, where they end the connection.

    Source: deepgram-python-sdk #618, #649.
    """
    for told in leg.told:
        if isinstance(told.message, KeepAlive | Finalize):
            yield Hit(
                f"{type(told.message).__name__} is not understood on /v2/listen and ends the connection.", told.at
            )
