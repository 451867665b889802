"""How late a stream's words, messages and turns came, measured from its recording alone.

`_wall_s` delays run from when audio was sent to when a message came (or left, where the server recorded), on the
running clock of `harness.scoring.sending`; there are none unless audio was sent in real time. `_audio_s` waits of turns
and endpoints are read off the messages: how much audio the server had heard beyond the last word when it decided.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.protocol.codec import decode_client, decode_server
from harness.protocol.flux_messages import TurnEvent, TurnTrigger
from harness.protocol.messages import Finalize, Metadata, UtteranceEnd
from harness.recording.document import Recording
from harness.recording.entries import Direction
from harness.scoring.delay_measure import DelayMeasure
from harness.scoring.display import displays
from harness.scoring.heard import Heard, Token, closings, read_heard
from harness.scoring.reading import Reading, read_over_time
from harness.scoring.sending import TOLERANCE_AUDIO_S, Pieces, Sending


@dataclass(frozen=True)
class Delays:
    """The delays of one stream.

    Attributes:
        clock: whose it is, `client` or `server`: which side recorded.
        speed: audio seconds per wall second; None when the recording does not tell, infinite at full speed.
        why_not: why there are no wall delays, in one sentence; None when there are.
        note: what is only assumed about a stream of several connections; None when nothing is.
        paused_wall_s: pauses of the sender, which are in no delay.
        interims: messages that are not final.
        silent_interims: those of them without words; they have a cursor lag like the others.
        finals: messages that are.
        words: words of the final transcript.
        timed_words: those of them whose sending is known.
        turns: turns of Flux that ended.
        eager_ends_of_turn: turns that Flux thought to have ended, or soon to end.
        turns_resumed: how often it thought better of it.
        values: every single delay, in seconds; measures without one are left out.
        word_end_audio_s: where the words of `word_shown_wall_s` and `word_final_wall_s` end in the source, in order.
        interim_end_audio_s: how far the interims of `cursor_lag_audio_s` reach into the source, in order.
    """

    clock: str
    speed: float | None
    why_not: str | None
    note: str | None
    paused_wall_s: float
    interims: int
    silent_interims: int
    finals: int
    words: int
    timed_words: int
    turns: int
    eager_ends_of_turn: int
    turns_resumed: int
    values: Mapping[DelayMeasure, Sequence[float]]
    word_end_audio_s: Sequence[float]
    interim_end_audio_s: Sequence[float]


@dataclass(frozen=True)
class Stream:
    """A recording laid out for measuring."""

    recording: Recording
    sending: Sending
    heard: tuple[Heard, ...]
    readings: tuple[Reading, ...]

    @classmethod
    def of(cls, recording: Recording, pieces: Pieces | None = None) -> Stream:
        """Lay a recording out; `pieces` as for `Sending`."""
        sending = Sending(recording, pieces)
        heard = read_heard(recording, sending)
        return cls(recording, sending, heard, tuple(map(read_over_time, displays(heard))))


def delays(stream: Stream) -> Delays:
    """Every delay of a stream."""
    sending, heard = stream.sending, stream.heard
    why_not = sending.why_not_real_time
    timed = list(_timed_words(stream))
    interims = [message for message in heard if not message.is_final]
    values: dict[DelayMeasure, list[float]] = {measure: [] for measure in DelayMeasure}
    _waits(values, stream)
    if why_not is None:
        values[DelayMeasure.CURSOR_LAG] = [message.lag_audio_s for message in interims]
        values[DelayMeasure.WORD_SHOWN] = [shown_s - sent_s for _, sent_s, shown_s, _ in timed]
        values[DelayMeasure.WORD_FINAL] = [final_s - sent_s for _, sent_s, _, final_s in timed]
        _firsts(values, stream)
        _ends(values, stream)
        _requests(values, stream)
    events = [message.turn_event for message in heard]
    return Delays(
        clock=stream.recording.header.side.value,
        speed=sending.speed,
        why_not=why_not,
        note=_note(sending),
        paused_wall_s=sending.paused_wall_s,
        interims=len(interims),
        silent_interims=sum(not message.words for message in interims),
        finals=sum(message.is_final and not message.implied for message in heard),
        words=sum(len(reading.display.words) for reading in stream.readings),
        timed_words=len(timed),
        turns=events.count(TurnEvent.END_OF_TURN),
        eager_ends_of_turn=events.count(TurnEvent.EAGER_END_OF_TURN),
        turns_resumed=events.count(TurnEvent.TURN_RESUMED),
        values={measure: found for measure, found in values.items() if found},
        word_end_audio_s=[end_audio_s for end_audio_s, *_ in timed] if why_not is None else [],
        interim_end_audio_s=[message.end_audio_s for message in interims] if why_not is None else [],
    )


def _note(sending: Sending) -> str | None:
    if not sending.unplaced:
        return None
    legs = ", ".join(map(str, sending.unplaced))
    return f"where connection {legs} began in the source is not known; taken to go on where the one before it ended"


def _timed_words(stream: Stream) -> Iterator[tuple[float, float, float, float]]:
    """Each word whose sending is known: where it ends, when that was sent, when it was shown, when it was final."""
    for reading in stream.readings:
        for index, word in enumerate(reading.display.words):
            end_audio_s = word.token.end_audio_s
            sent_s = None if end_audio_s is None else stream.sending.sent_s(end_audio_s)
            if end_audio_s is not None and sent_s is not None:
                yield end_audio_s, sent_s, reading.shown_s(index), word.at_s


def _firsts(values: dict[DelayMeasure, list[float]], stream: Stream) -> None:
    began_s = stream.sending.first_s
    with_words = [message for message in stream.heard if message.words]
    finals = [message for message in with_words if message.is_final and not message.implied]
    if began_s is not None:
        values[DelayMeasure.FIRST_INTERIM] = [message.at_s - began_s for message in with_words[:1]]
        values[DelayMeasure.FIRST_FINAL] = [message.at_s - began_s for message in finals[:1]]


def _last_words(heard: Sequence[Heard]) -> Iterator[tuple[Heard, Token]]:
    """Each message with the last word that its utterance has by then; a final without words may end an utterance."""
    last: dict[int, Token | None] = {}
    for message in heard:
        word = message.words[-1] if message.words else last.get(message.channel)
        if word is not None:
            yield message, word
        if message.is_final:
            last[message.channel] = None if message.speech_final or message.turn_event else word


def _ending(message: Heard, last_audio_s: float) -> tuple[DelayMeasure, DelayMeasure] | None:
    """What a message is the end of, as the wall and the audio measure; what the client asked to end is no such end."""
    if message.turn_event == TurnEvent.EAGER_END_OF_TURN:
        return DelayMeasure.EAGER_END_OF_TURN, DelayMeasure.EAGER_END_OF_TURN_WAIT
    if message.turn_event == TurnEvent.END_OF_TURN and message.turn_trigger != TurnTrigger.MANUAL:
        return DelayMeasure.END_OF_TURN, DelayMeasure.END_OF_TURN_WAIT
    by_close = message.closing and message.end_audio_s >= last_audio_s - TOLERANCE_AUDIO_S
    if message.speech_final and not message.from_finalize and not by_close:
        return DelayMeasure.END_OF_SPEECH, DelayMeasure.ENDPOINT_WAIT
    return None


def _waits(values: dict[DelayMeasure, list[float]], stream: Stream) -> None:
    for message, word in _last_words(stream.heard):
        measures = _ending(message, stream.sending.end_audio_s)
        if measures is not None and word.end_audio_s is not None:
            values[measures[1]].append(message.end_audio_s - word.end_audio_s)


def _ends(values: dict[DelayMeasure, list[float]], stream: Stream) -> None:
    sending = stream.sending
    for message, word in _last_words(stream.heard):
        measures = _ending(message, sending.end_audio_s)
        sent_s = sending.sent_s(word.end_audio_s) if word.end_audio_s is not None else None
        # What came after CloseStream may have come for its sake.
        if measures is not None and sent_s is not None and not message.closing:
            values[measures[0]].append(message.at_s - sent_s)
    for entry in stream.recording.texts(Direction.DOWNSTREAM):
        said = decode_server(entry.text).message
        # -1 says that the utterance was final already: it is the end of nothing.
        if isinstance(said, UtteranceEnd) and said.last_word_end >= 0:
            sent_s = sending.sent_s(sending.to_source(entry.leg, said.last_word_end, end=True))
            if sent_s is not None:
                values[DelayMeasure.UTTERANCE_END].append(sending.running_s(entry.wall_s) - sent_s)


def _requests(values: dict[DelayMeasure, list[float]], stream: Stream) -> None:
    """From what the client asked for to the answer."""
    sending, heard = stream.sending, stream.heard
    asked = [
        (entry.leg, sending.running_s(entry.wall_s))
        for entry in stream.recording.texts(Direction.UPSTREAM)
        if '"ForceEndTurn"' in entry.text or isinstance(decode_client(entry.text).message, Finalize)
    ]
    answers = [m for m in heard if m.from_finalize or m.turn_trigger == TurnTrigger.MANUAL]
    for number, (leg, asked_s) in enumerate(asked):
        until_s = next((later_s for later, later_s in asked[number + 1 :] if later == leg), None)
        answered = (m.at_s for m in answers if m.leg == leg and m.at_s >= asked_s)
        answer_s = next(answered, None)
        # The flagged answer may never come when little was pending (docs, «Finalize»); the next request has its own.
        if answer_s is not None and (until_s is None or answer_s <= until_s):
            values[DelayMeasure.FINALIZE].append(answer_s - asked_s)
    for closing in list(closings(stream.recording))[-1:]:
        closed_s = sending.running_s(closing.wall_s)
        of_leg = (m for m in heard if m.leg == closing.leg and m.closing and m.is_final and not m.implied)
        finals = [m.at_s for m in of_leg if m.words]
        said = ((e.wall_s, decode_server(e.text).message) for e in stream.recording.texts(Direction.DOWNSTREAM))
        metadata = [sending.running_s(wall_s) for wall_s, message in said if isinstance(message, Metadata)]
        after = bisect_left(metadata, closed_s)
        values[DelayMeasure.CLOSE_FINAL] = [at_s - closed_s for at_s in finals[-1:]]
        values[DelayMeasure.CLOSE_METADATA] = [at_s - closed_s for at_s in metadata[after : after + 1]]
