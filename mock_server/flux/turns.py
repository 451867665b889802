"""Turns looks into TurnInfo: which event each one is, under the thresholds in force (state machine of docs/flux/state).

A recorded look is said literally as long as the client's turn is the recorded one and its event holds under the
client's thresholds. The live service's judgement is not a function of the numbers it reports: in the real session
confidences of 0.63 and 0.78 brought no EagerEndOfTurn at a threshold of 0.5. So it stands where the client has asked
for what the recorded client had asked for. Everything else is derived.

Pure: looks come in, messages go out; ids and sequence numbers are put in by the connection when they are sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.flux_messages import FluxWord, TurnEvent, TurnInfo, TurnTrigger
from mock_server.flux.script import TOLERANCE_AUDIO_S, Look, Recorded, middle_audio_s
from mock_server.flux.thresholds import Thresholds

UPDATE_EVERY_AUDIO_S: Final = 0.24
"""How often an Update comes though nothing has changed (one real session: 0.24 s, in 32-bit floats)."""

EMPTY_TURN_CONFIDENCE: Final = 0.1
"""What is said of a turn without words where no recording says it: such a turn does not end."""

WATCHFUL: Final = 0.5
"""From this confidence on the real session reports every step of 80 ms."""


class TurnState(Enum):
    """Where a turn stands."""

    INITIAL = "initial"
    ONGOING = "ongoing"
    AWAITING_END = "awaiting-end"
    """EagerEndOfTurn was said: TurnResumed or EndOfTurn follows."""


@dataclass(frozen=True)
class Saying:
    """One message to be sent; `text` is its literal text when a recording has it exactly so."""

    message: TurnInfo
    text: str | None = None


class Turns:
    """The turns of one connection.

    Args:
        thresholds: those of the query string.

    Attributes:
        thresholds: those in force now.
        state: where the present turn stands.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self.state = TurnState.INITIAL
        self._reconfigured = False
        self._index = 0
        self._start_audio_s = 0.0
        self._carried: tuple[FluxWord, ...] = ()  # of stretches that ended while our turn went on
        self._last_look = Look(0.0, (), 0.0)
        self._said_at_audio_s = 0.0
        self._said_confidence = 0.0
        self._said_transcript = ""
        self._eager_transcript = ""
        self._heard_words = 0
        self._changed_at_audio_s = 0.0

    def configure(self, thresholds: Thresholds) -> None:
        """A Configure was accepted: these hold from the next look on."""
        self.thresholds, self._reconfigured = thresholds, True

    def take(self, look: Look) -> Saying | None:
        """The next look; returns what is said of it, or None when it is not worth an Update."""
        heard = self._heard(look)
        if len(heard) != self._heard_words:
            self._heard_words, self._changed_at_audio_s = len(heard), look.at_audio_s
        self._last_look = look
        event, trigger = self._recorded_event(look) or self._event(look, heard)
        saying = None
        if event is not TurnEvent.UPDATE or self._update_is_due(look):
            saying = self._say(look, heard, event, trigger)
        if look.ends_stretch and event is not TurnEvent.END_OF_TURN:
            self._carried = heard
        return saying

    def force_end(self, cursor_audio_s: float) -> Saying | None:
        """ForceEndTurn: end the turn as far as it was heard; None when there is none in progress."""
        if self.state is TurnState.INITIAL:
            return None
        last = self._last_look
        look = Look(max(cursor_audio_s, last.at_audio_s), (), last.confidence)
        return self._say(look, self._heard_so_far(), TurnEvent.END_OF_TURN, TurnTrigger.MANUAL)

    def last_words(self) -> Saying | None:
        """No more audio comes: an Update of what was heard and was not worth one; None when all of it was said."""
        heard = self._heard_so_far()
        if self.state is TurnState.INITIAL or transcript_of(heard) == self._said_transcript:
            return None
        return self._say(self._last_look, heard, TurnEvent.UPDATE, None)

    # --- which event it is --------------------------------------------------------------------------------------------

    def _recorded_event(self, look: Look) -> tuple[TurnEvent, TurnTrigger | None] | None:
        """The event that the recording has here, when it holds for this client too."""
        recorded = look.recorded
        if recorded is None or not self._is_our_turn(recorded):
            return None
        event = _event_of(recorded.message)
        if event is None or event not in _FROM[self.state]:
            return None
        # Thresholds say when a turn ends, not when it begins.
        begins = self.state is TurnState.INITIAL and event is not TurnEvent.END_OF_TURN
        return (event, None) if begins or self._asks_as_recorded(recorded) else None

    def _event(self, look: Look, heard: tuple[FluxWord, ...]) -> tuple[TurnEvent, TurnTrigger | None]:
        if not heard:
            return TurnEvent.UPDATE, None
        if self.state is TurnState.INITIAL:
            return TurnEvent.START_OF_TURN, None
        if self.state is TurnState.AWAITING_END and transcript_of(heard) != self._eager_transcript:
            return TurnEvent.TURN_RESUMED, None  # EndOfTurn says what EagerEndOfTurn said, so it cannot come yet
        if self.thresholds.ends(look.confidence):
            return TurnEvent.END_OF_TURN, TurnTrigger.MODEL
        if self._silent_audio_s(look, heard) >= self.thresholds.timeout_audio_s - TOLERANCE_AUDIO_S:
            return TurnEvent.END_OF_TURN, TurnTrigger.TIMEOUT
        perhaps_over = self.thresholds.perhaps_ends(look.confidence)
        if self.state is TurnState.AWAITING_END:
            return (TurnEvent.UPDATE if perhaps_over else TurnEvent.TURN_RESUMED), None
        return (TurnEvent.EAGER_END_OF_TURN if perhaps_over else TurnEvent.UPDATE), None

    def _update_is_due(self, look: Look) -> bool:
        """A recording's looks are those that were said; of others some are."""
        waited_audio_s = look.at_audio_s - self._said_at_audio_s
        watchful = self._said_confidence >= WATCHFUL
        return look.recorded is not None or watchful or waited_audio_s >= UPDATE_EVERY_AUDIO_S - TOLERANCE_AUDIO_S

    def _asks_as_recorded(self, recorded: Recorded) -> bool:
        """By its present thresholds, or by its query if that is all it has said."""
        if recorded.thresholds == self.thresholds:
            return True
        return not self._reconfigured and recorded.asked == self.thresholds

    def _is_our_turn(self, recorded: Recorded) -> bool:
        return abs(recorded.message.audio_window_start - self._start_audio_s) < TOLERANCE_AUDIO_S

    def _heard(self, look: Look) -> tuple[FluxWord, ...]:
        """The words of our turn, which need not be the model's."""
        start_audio_s = self._start_audio_s
        # Words without times lie where their stretch begins, so that a turn has all of them or none.
        stretch_audio_s = look.recorded.message.audio_window_start if look.recorded is not None else inf
        ours = (word for word in look.words if middle_audio_s(word, stretch_audio_s) >= start_audio_s)
        return (*self._carried, *ours)

    def _heard_so_far(self) -> tuple[FluxWord, ...]:
        return self._carried if self._last_look.ends_stretch else self._heard(self._last_look)

    def _silent_audio_s(self, look: Look, heard: tuple[FluxWord, ...]) -> float:
        end = heard[-1].end
        return look.at_audio_s - (end if isinstance(end, float) else self._changed_at_audio_s)

    # --- saying it ----------------------------------------------------------------------------------------------------

    def _say(self, look: Look, heard: tuple[FluxWord, ...], event: TurnEvent, trigger: TurnTrigger | None) -> Saying:
        saying = self._literal(look, event) or self._made(look, heard, event, trigger)
        message = saying.message
        self._said_at_audio_s, self._said_confidence = message.audio_window_end, message.end_of_turn_confidence
        self._said_transcript = message.transcript
        self.state = _TO.get(event, self.state)
        if event is TurnEvent.EAGER_END_OF_TURN:
            self._eager_transcript = message.transcript
        elif event is TurnEvent.END_OF_TURN:
            self._index += 1
            self._start_audio_s = message.audio_window_end
            self._carried = ()
        return saying

    def _literal(self, look: Look, event: TurnEvent) -> Saying | None:
        """The recorded message, when it says of our turn what is to be said."""
        recorded = look.recorded
        if recorded is None or not self._is_our_turn(recorded) or self._carried:
            return None
        message = recorded.message
        if message.event == event and message.turn_index == self._index:
            return Saying(message, recorded.text)
        return None

    def _made(self, look: Look, heard: tuple[FluxWord, ...], event: TurnEvent, trigger: TurnTrigger | None) -> Saying:
        made = TurnInfo(
            request_id="",
            event=event,
            turn_index=self._index,
            audio_window_start=self._start_audio_s,
            audio_window_end=look.at_audio_s,
            transcript=transcript_of(heard),
            words=heard,
            end_of_turn_confidence=look.confidence if heard else EMPTY_TURN_CONFIDENCE,
            trigger=UNSET if trigger is None else trigger,
            sequence_id=0,
        )
        if look.recorded is None:
            return Saying(made)
        # What else the recording says, such as the languages heard, stays.
        theirs = look.recorded.message
        why = theirs.trigger if theirs.event == event else made.trigger
        return Saying(replace(made, trigger=why, languages=theirs.languages, languages_hinted=theirs.languages_hinted))


def _event_of(message: TurnInfo) -> TurnEvent | None:
    """The event of a message; None for one that is newer than this table."""
    return TurnEvent(message.event) if message.event in set(TurnEvent) else None


def transcript_of(words: tuple[FluxWord, ...]) -> str:
    """The words of a turn as text: they are cased and punctuated already."""
    return " ".join(word.word for word in words)


_FROM: Final = {
    TurnState.INITIAL: frozenset({TurnEvent.UPDATE, TurnEvent.START_OF_TURN, TurnEvent.END_OF_TURN}),
    TurnState.ONGOING: frozenset({TurnEvent.UPDATE, TurnEvent.EAGER_END_OF_TURN, TurnEvent.END_OF_TURN}),
    TurnState.AWAITING_END: frozenset({TurnEvent.UPDATE, TurnEvent.TURN_RESUMED, TurnEvent.END_OF_TURN}),
}
"""The events that may follow each state."""

_TO: Final = {
    TurnEvent.START_OF_TURN: TurnState.ONGOING,
    TurnEvent.EAGER_END_OF_TURN: TurnState.AWAITING_END,
    TurnEvent.TURN_RESUMED: TurnState.ONGOING,
    TurnEvent.END_OF_TURN: TurnState.INITIAL,
}
"""The state that each event leads to; an Update changes nothing."""
