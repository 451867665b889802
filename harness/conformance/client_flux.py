"""Rules on a client of `/v2/listen`: what it asks for, how it configures, and that it does not leave a turn hanging."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.client_query import first_entry, spelled_right
from harness.conformance.evidence import Leg, Session
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, plural, seconds
from harness.protocol.flux_codec import decode_flux_client, decode_flux_server
from harness.protocol.flux_messages import (
    FluxConfigure,
    FluxConfigureFailure,
    FluxConfigureSuccess,
    TurnEvent,
    TurnInfo,
)
from harness.protocol.flux_options import V1_ONLY, parse_flux_query
from harness.protocol.messages import CloseStream
from harness.protocol.refusal import Refusal
from harness.recording.entries import Binary, Close, Direction, Lost, Text


def query_is_accepted(session: Session) -> Iterator[Hit]:
    """C-FLUX-QUERY: Flux does not refuse the query: one of its models, thresholds in range, hints where they are known.

    Booleans are left to C-QUERY-BOOLEAN, parameters of `/v1/listen` to C-FLUX-PARAMETER. Source: Deepgram's AsyncAPI of
    `/v2/listen`; deepgram-js-sdk #435.
    """
    verdict = parse_flux_query(spelled_right(session), strict=False)
    if isinstance(verdict, Refusal):
        yield Hit(
            f"Flux refuses this query with {verdict.status}: {excerpt(verdict.message)}",
            first_entry(session),
            excerpt(session.asked.query),
        )


def query_is_for_flux(session: Session) -> Iterator[Hit]:
    """C-FLUX-PARAMETER: no parameter of `/v1/listen`, which Flux refuses or ignores: no source says which.

    Source: Deepgram's AsyncAPI of `/v2/listen`; discussion #1627.
    """
    for name in dict.fromkeys(name for name, _ in session.asked.pairs):
        if name in V1_ONLY:
            yield Hit(f"{name} is a parameter of /v1/listen; Flux does not have it.", first_entry(session))


def configures_wait_for_their_answer(leg: Leg) -> Iterator[Hit]:
    """C-FLUX-CONFIGURE: a Configure waits until the one before it was answered; Flux caps those without an answer.

    Told once per leg. Source: pipecat, `services/deepgram/flux/base.py`, which keeps one in flight.
    """
    pending, most, too_early, at = 0, 0, 0, 0
    for index, entry in leg.of(Text):
        if entry.direction is Direction.UPSTREAM:
            if not isinstance(decode_flux_client(entry.text).message, FluxConfigure):
                continue
            pending += 1
            too_early += pending > 1
            if pending > max(most, 1):
                most, at = pending, index
        elif isinstance(decode_flux_server(entry.text).message, FluxConfigureSuccess | FluxConfigureFailure):
            pending = max(0, pending - 1)
    if too_early:
        message = (
            f"{plural(too_early, 'Configure')} went out before the last one was answered, up to {most} at a time; Flux "
            "caps how many may be."
        )
        yield Hit(message, at)


def turns_are_fed_until_they_end(leg: Leg) -> Iterator[Hit]:
    """C-FLUX-SILENCE: after StartOfTurn audio goes on, silence if need be, until EndOfTurn.

    A turn ends by what is heard, its timeout included: without audio it never does. What the server still says of audio
    that came in a burst is waited for. Told once per leg, for the longest wait. Source: pipecat #5735 and its watchdog.
    """
    open_turn, since_s = False, 0.0
    longest: tuple[float, int] | None = None
    for place in leg.places:
        entry = place.entry
        if _is_awaited(entry):
            quiet_s = entry.wall_s - since_s
            if open_turn and quiet_s > leg.settings.gap_wall_s and (longest is None or quiet_s > longest[0]):
                longest = quiet_s, place.at
            since_s = entry.wall_s
            if not isinstance(entry, Binary):
                break
        turn = _turn(entry)
        if turn is not None:
            open_turn = turn.event != TurnEvent.END_OF_TURN and bool(turn.transcript)
            since_s = entry.wall_s
    if longest is not None:
        message = (
            f"No audio came for {seconds(longest[0])} while a turn was open, which ends by what is heard alone; send "
            "silence until EndOfTurn."
        )
        yield Hit(message, longest[1])


def _is_awaited(entry: object) -> bool:
    """Whether it is audio, or what tells that no more comes."""
    match entry:
        case Binary(direction=Direction.UPSTREAM) | Close() | Lost():
            return True
        case Text(direction=Direction.UPSTREAM, text=text):
            return isinstance(decode_flux_client(text).message, CloseStream)
    return False


def _turn(entry: object) -> TurnInfo | None:
    if not isinstance(entry, Text) or entry.direction is not Direction.DOWNSTREAM:
        return None
    message = decode_flux_server(entry.text).message
    return message if isinstance(message, TurnInfo) else None
