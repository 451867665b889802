"""Rules on what a client made of the messages: they need its claim, the text or the error that it reports.

What it should have made: the transcripts of all finals, joined (`harness.transcript`). Words are compared without case
and punctuation; jiwer finds the distance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.conformance.evidence import Session
from harness.conformance.flux import turns_of
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, has_secret, plural
from harness.protocol.flux_messages import TurnEvent, TurnInfo
from harness.protocol.flux_results import as_results
from harness.protocol.messages import Results
from harness.transcript import assemble

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MISSING = r"(?:KeyError|IndexError|undefined|no attribute|has no member|Cannot read)[^\n]{0,200}?"
_PRERECORDED = r"(?P<field>results|channels)"
_OF_RESULTS_ONLY = r"(?P<field>metadata|request_id|is_final|speech_final|channel_index|alternatives)"
"""UtteranceEnd and SpeechStarted have none of these."""


def _unreadable(field: str) -> re.Pattern[str]:
    # «KeyError: 'results'», its mere text «'results'», and JavaScript's «undefined (reading 'channels')».
    return re.compile(rf"{_MISSING}\b{field}\b|\A\s*['\"]{field.replace('?P<field>', '?P<bare>')}['\"]\s*\Z")


_PRERECORDED_SHAPE = _unreadable(_PRERECORDED)
_EVENT_SHAPE = _unreadable(_OF_RESULTS_ONLY)
_MAX_ERROR_CHARACTERS = 10_000
_FLUX = 2
_EXPLAINS = 2
"""A mistake explains a text that lies so many times nearer to what the mistake would give than to the finals."""
_MAX_CLAIM_CHARACTERS = 200_000
"""A longer claim is not compared: the distance takes time and memory with the product of the lengths."""


@dataclass(frozen=True)
class Readings:
    """The texts that a client may have put together from the Results of a session."""

    results: tuple[Results, ...]

    @cached_property
    def finals(self) -> tuple[str, ...]:
        """The right ones: all finals, channel by channel, or in the order of their coming.

        A final that a server sent again may be taken once or each time: whose fault it is, other rules say.
        """
        once = tuple(_without_repeats(self.results))
        readings = (self.results,) if len(once) == len(self.results) else (self.results, once)
        return tuple(text for results in readings for text in _finals_of(results))

    @cached_property
    def with_interims(self) -> tuple[str, ...]:
        """Interims appended or taken for final."""
        return _joined(self.results), _joined(r for r in self.results if not r.is_final)

    @cached_property
    def with_losses(self) -> dict[str, str]:
        """Finals left out, and how."""
        finals = [r for r in self.results if r.is_final]
        return {
            "only messages with speech_final were used": _joined(r for r in finals if r.speech_final),
            "only messages without speech_final were used": _joined(r for r in finals if not r.speech_final),
            "only the last final was used": _joined(r for r in finals[-1:]),
            "only the first final was used": _joined(r for r in finals[:1]),
        }


@dataclass(frozen=True)
class TurnReadings(Readings):
    """The same of a Flux session, whose turns stand as Results: their ends are the finals."""

    turns: tuple[TurnInfo, ...]

    @cached_property
    def finals(self) -> tuple[str, ...]:
        """With or without the turn that was open when the audio ended: it gets no end of its own."""
        ended = super().finals
        open_turn = "" if self.results[-1].is_final else self.results[-1].transcript
        return (*ended, *(f"{text} {open_turn}" for text in ended)) if open_turn else ended

    @cached_property
    def with_interims(self) -> tuple[str, ...]:
        """Also each EagerEndOfTurn taken for an end, beside the ends."""
        ends = (TurnEvent.EAGER_END_OF_TURN, TurnEvent.END_OF_TURN)
        return (*super().with_interims, " ".join(turn.transcript for turn in self.turns if turn.event in ends))


@dataclass(frozen=True)
class _Compared:
    """A claim beside the finals: distance in words, and of what kind."""

    wanted: int
    lost: int
    added: int

    @property
    def distance(self) -> int:
        return self.lost + self.added


def _finals_of(results: tuple[Results, ...]) -> tuple[str, str]:
    whole = assemble(results)
    by_channel = " ".join(whole.text(channel) for channel in whole.channels)
    return by_channel, _joined(r for r in results if r.is_final)


def _without_repeats(results: tuple[Results, ...]) -> Iterator[Results]:
    """Without finals that say of the same audio what a final before them said of it."""
    said: set[tuple[int, float, float, str]] = set()
    for one in results:
        final = (one.channel_index[0], one.start, one.duration, one.transcript)
        if not one.is_final or final not in said:
            yield one
        if one.is_final:
            said.add(final)


def _joined(results: Iterator[Results] | tuple[Results, ...]) -> str:
    return " ".join(r.transcript for r in results if r.transcript)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _compare(wanted: str, claimed: str) -> _Compared:
    from jiwer import process_words

    reference, hypothesis = _words(wanted), _words(claimed)
    if not reference or not hypothesis:
        return _Compared(len(reference), len(reference), len(hypothesis))
    output = process_words(" ".join(reference), " ".join(hypothesis))
    lost, added = output.deletions + output.substitutions, output.insertions + output.substitutions
    return _Compared(len(reference), lost, added)


def _case(session: Session) -> tuple[str, Readings] | None:
    """The claimed text and what was there to read; None when there is nothing to compare."""
    text = session.claim.text if session.claim else None
    if text is None or len(text) > _MAX_CLAIM_CHARACTERS:
        return None
    readings = _turn_readings(session) if session.version == _FLUX else _readings(session)
    return (text, readings) if readings.results else None


def _readings(session: Session) -> Readings:
    return Readings(tuple(results for leg in session.legs for _, results in leg.results))


def _turn_readings(session: Session) -> TurnReadings:
    turns = tuple(turn for leg in session.legs for _, turn in turns_of(leg))
    return TurnReadings(tuple(map(as_results, turns)), turns)


def _nearest(claimed: str, texts: tuple[str, ...]) -> _Compared:
    return min((_compare(text, claimed) for text in texts), key=lambda compared: compared.distance)


def _takes_interims(claimed: str, readings: Readings) -> bool:
    right = _nearest(claimed, readings.finals)
    wrong = _nearest(claimed, readings.with_interims)
    return right.added > 0 and wrong.distance * _EXPLAINS < right.distance


def text_is_not_empty(session: Session) -> Iterator[Hit]:
    """P-EMPTY: a client reports a text when finals with words came. Source: docs, «Interim Results»."""
    case = _case(session)
    if case is None:
        return
    claimed, readings = case
    spoken = [results for results in readings.results if results.is_final and _words(results.transcript)]
    if spoken and not _words(claimed):
        words = sum(len(_words(results.transcript)) for results in spoken)
        yield Hit(
            f"The client's text is empty though the server sent {plural(len(spoken), 'final')} with "
            f"{plural(words, 'word')}.",
            None,
            excerpt(readings.finals[0]),
        )


def interims_are_replaced(session: Session) -> Iterator[Hit]:
    """P-INTERIMS: interims are replaced by what follows, never appended or kept: only finals make the text.

    Of Flux the ends of turns alone do: an EagerEndOfTurn may be taken back by TurnResumed. Source: docs, «Understand
    Endpointing & Interim Results»; deepgram-python-sdk #568; docs, «Flux state machine».
    """
    case = _case(session)
    if case and _words(case[0]) and _takes_interims(*case):
        right = _nearest(case[0], case[1].finals)
        yield Hit(
            f"The client took interims as final: its text has {plural(right.added, 'word')} that the finals with their "
            f"{plural(right.wanted, 'word')} do not have there.",
            None,
            excerpt(case[0]),
        )


def no_word_is_doubled(session: Session) -> Iterator[Hit]:
    """P-DOUBLED: no words beyond those of the finals, such as an utterance handled at speech_final and UtteranceEnd.

    Not judged over several connections, where audio sent twice is transcribed twice. Source: docs, «Understanding End
    of Speech Detection».
    """
    case = _case(session)
    if case is None or len(session.legs) > 1 or not _words(case[0]) or _takes_interims(*case):
        return
    right = _nearest(case[0], case[1].finals)
    if right.added > right.lost:
        yield Hit(
            f"The client's text has {plural(right.added, 'word')} too many beside the {right.wanted:,} of the finals.",
            None,
            excerpt(case[0]),
        )


def no_word_is_lost(session: Session) -> Iterator[Hit]:
    """P-LOST: every word of the finals is in the client's text.

    A final without speech_final counts too; using only the message with speech_final loses the beginning of long
    utterances. Not judged over several connections. Source: docs, «Understand Endpointing & Interim Results»; jambonz
    #772.
    """
    case = _case(session)
    if case is None or len(session.legs) > 1 or not _words(case[0]) or _takes_interims(*case):
        return
    claimed, readings = case
    right = _nearest(claimed, readings.finals)
    if right.lost and right.lost >= right.added:
        why = next((why for why, text in readings.with_losses.items() if _words(text) == _words(claimed)), "")
        guess = f"; it seems that {why}" if why else ""
        yield Hit(f"The client lost {right.lost:,} of {plural(right.wanted, 'word')}{guess}.", None, excerpt(claimed))


def live_shape_is_read(session: Session) -> Iterator[Hit]:
    """P-SHAPE: a live message is read as live: `channel.alternatives`, and by its `type` first.

    `results.channels` is the pre-recorded answer's shape; UtteranceEnd and SpeechStarted have neither metadata nor
    is_final. Source: Deepgram's AsyncAPI against its OpenAPI description.
    """
    error = _error(session)
    if not error:
        return
    if _PRERECORDED_SHAPE.search(error):
        message = (
            "The client read results.channels, the pre-recorded shape, from a live message; live has "
            "channel.alternatives."
        )
        yield Hit(message, _first_heard(session), excerpt(error))
    elif found := _EVENT_SHAPE.search(error):
        name = found["field"] or found["bare"]
        message = (
            f"The client read {name} from a message that has none; look at its type first: UtteranceEnd, "
            f"SpeechStarted and Metadata have other fields than Results."
        )
        yield Hit(message, _first_heard(session), excerpt(error))


def _error(session: Session) -> str | None:
    return session.claim.error[:_MAX_ERROR_CHARACTERS] if session.claim and session.claim.error else None


def _first_heard(session: Session) -> int | None:
    return next((heard.at for leg in session.legs for heard in leg.heard), None)


def client_reports_no_error(session: Session) -> Iterator[Hit]:
    """P-ERROR: a client does not end with an error of its own; one that P-SHAPE explains is left to it.

    Source: the client's claim.
    """
    error = _error(session)
    if error and not _PRERECORDED_SHAPE.search(error) and not _EVENT_SHAPE.search(error):
        yield Hit("The client ended with an error of its own.", None, excerpt(error))


def error_keeps_the_key(session: Session) -> Iterator[Hit]:
    """P-KEY-LEAK: an error text does not show the API key or a token. It is blotted out here.

    Source: deepgram-python-sdk before 7.7.0, whose errors held the request's headers.
    """
    error = _error(session)
    if error and has_secret(error):
        yield Hit("The client's error text shows an API key or a token.", None, excerpt(error))
