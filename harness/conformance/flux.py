"""Rules on how a server leads a Flux session: `/v2/listen`, its sequence, its turns and their windows.

Source: Deepgram's AsyncAPI of `/v2/listen` and docs, «Flux state machine»; one real session of 105 frames
(deepgram-dotnet-sdk, `Fixtures/Flux/frames.json`) keeps all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.evidence import Leg
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, seconds
from harness.protocol.flux_codec import decode_flux_server
from harness.protocol.flux_messages import Connected, FluxMessage, TurnEvent, TurnInfo
from harness.protocol.messages import MalformedMessage
from harness.recording.entries import Direction, Text

TOLERANCE_AUDIO_S = 1e-3
"""Deepgram's times come from 32-bit floats."""


def messages_parse(leg: Leg) -> Iterator[Hit]:
    """F0: every message parses.

    Source: Deepgram AsyncAPI `/v2/listen`.
    """
    for at, entry in _downstream(leg):
        message = decode_flux_server(entry.text).message
        if isinstance(message, MalformedMessage):
            kind = f"A {message.type}" if message.type else "A message"
            yield Hit(f"{kind} cannot be read: {excerpt(message.problem)}.", at, excerpt(entry.text))


def sequence_is_contiguous(leg: Leg) -> Iterator[Hit]:
    """F1: Connected comes first with `sequence_id` 0, and every message after it has the next one.

    Source: Deepgram AsyncAPI `/v2/listen`; the real session.
    """
    wanted = 0
    for at, entry in _downstream(leg):
        message = decode_flux_server(entry.text).message
        found = getattr(message, "sequence_id", None)
        if wanted == 0 and not isinstance(message, Connected):
            yield Hit("The first message is not Connected.", at, excerpt(entry.text))
        elif found is not None and found != wanted:
            yield Hit(f"A message has sequence_id {found}; wanted {wanted}.", at, excerpt(entry.text))
        wanted = wanted + 1 if not isinstance(found, int) else found + 1


def windows_follow_their_audio(leg: Leg) -> Iterator[Hit]:
    """F2: `audio_window_end` never goes back, and never beyond the audio sent and one frame.

    Source: docs, «Flux state machine».
    """
    last_audio_s = 0.0
    slack_audio_s = (leg.typical_audio_s or 0.0) + leg.settings.segment_slack_s
    for at, turn in turns_of(leg):
        end_audio_s = turn.audio_window_end
        if end_audio_s < last_audio_s - TOLERANCE_AUDIO_S:
            yield Hit(f"A window ends at {seconds(end_audio_s)}, before the last one's {seconds(last_audio_s)}.", at)
        # A recording that was made of frames alone shows no audio to hold this against.
        if leg.frames and leg.typical_audio_s is not None and end_audio_s > leg.clock_audio_s[at] + slack_audio_s:
            sent = seconds(leg.clock_audio_s[at])
            yield Hit(f"A window ends at {seconds(end_audio_s)} when {sent} of audio had been sent.", at)
        last_audio_s = max(last_audio_s, end_audio_s)


def a_turn_keeps_its_window(leg: Leg) -> Iterator[Hit]:
    """F3: `audio_window_start` stays as it is within a turn, and is where the last turn's window ended.

    Source: docs, «Flux state machine».
    """
    before: TurnInfo | None = None
    for at, turn in turns_of(leg):
        if before is not None:
            ended = before.event == TurnEvent.END_OF_TURN
            wanted = before.audio_window_end if ended else before.audio_window_start
            if abs(turn.audio_window_start - wanted) > TOLERANCE_AUDIO_S:
                found = seconds(turn.audio_window_start)
                yield Hit(f"Turn {turn.turn_index}'s window starts at {found}; wanted {seconds(wanted)}.", at)
        before = turn


def turns_are_counted(leg: Leg) -> Iterator[Hit]:
    """F4: `turn_index` goes up by one after EndOfTurn, and at no other time.

    Source: docs, «Flux state machine».
    """
    before: TurnInfo | None = None
    for at, turn in turns_of(leg):
        wanted = 0 if before is None else before.turn_index + (before.event == TurnEvent.END_OF_TURN)
        if turn.turn_index != wanted:
            yield Hit(f"A message is of turn {turn.turn_index}; wanted {wanted}.", at)
        before = turn


def events_follow_each_other(leg: Leg) -> Iterator[Hit]:
    """F5: one StartOfTurn a turn, with words; TurnResumed only after EagerEndOfTurn.

    Source: docs, «Flux state machine».
    """
    started, eager = False, False
    for at, turn in turns_of(leg):
        match turn.event:
            case TurnEvent.START_OF_TURN:
                if started:
                    yield Hit(f"Turn {turn.turn_index} starts twice.", at)
                if not turn.transcript:
                    yield Hit(f"StartOfTurn of turn {turn.turn_index} has no words.", at)
                started = True
            case TurnEvent.EAGER_END_OF_TURN:
                eager = True
            case TurnEvent.TURN_RESUMED:
                if not eager:
                    yield Hit("TurnResumed came without an EagerEndOfTurn before it.", at)
                eager = False
            case TurnEvent.END_OF_TURN:
                started = eager = False


def an_end_says_what_the_eager_one_said(leg: Leg) -> Iterator[Hit]:
    """F6: EndOfTurn has the transcript of the EagerEndOfTurn before it, unless the turn was resumed in between.

    Source: docs, «Flux state machine».
    """
    eager: str | None = None
    for at, turn in turns_of(leg):
        if turn.event == TurnEvent.EAGER_END_OF_TURN:
            eager = turn.transcript
        elif turn.event in (TurnEvent.TURN_RESUMED, TurnEvent.END_OF_TURN):
            if turn.event == TurnEvent.END_OF_TURN and eager is not None and turn.transcript != eager:
                yield Hit("EndOfTurn says something else than its EagerEndOfTurn.", at, excerpt(turn.transcript))
            eager = None


def only_ends_have_triggers(leg: Leg) -> Iterator[Hit]:
    """F7: `trigger` comes with EndOfTurn only.

    Source: deepgram-sdk 7.17.0, `listen.v2.types`.
    """
    for at, turn in turns_of(leg):
        if isinstance(turn.trigger, str) and turn.event != TurnEvent.END_OF_TURN:
            yield Hit(f"{turn.event} has a trigger.", at, excerpt(turn.trigger))


def _downstream(leg: Leg) -> Iterator[tuple[int, Text]]:
    return ((at, entry) for at, entry in leg.of(Text) if entry.direction is Direction.DOWNSTREAM)


def turns_of(leg: Leg) -> Iterator[tuple[int, TurnInfo]]:
    """The turns as they were told, each with its index in the recording."""
    for at, entry in _downstream(leg):
        message: FluxMessage | object = decode_flux_server(entry.text).message
        if isinstance(message, TurnInfo):
            yield at, message
