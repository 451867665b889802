"""What the server said of the speech, message by message, on the timeline of the source.

Of `/v1/listen` these are the Results, of Flux (`/v2/listen`) the TurnInfo: a turn that goes on is an interim, its end a
final. A turn that was going on when the session ended counts as final there, as its client has to take it.

After a reconnection the server repeats a little of what it had made final before; those words are taken out here, by
the rule of the streaming client's own seam: a word goes whose middle lies in what was final when the leg began, and so
does the last final word, said again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import inf

from msgspec import UNSET

from harness.protocol.codec import decode_server
from harness.protocol.flux_codec import decode_flux_server
from harness.protocol.flux_messages import FluxWord, TurnEvent, TurnInfo
from harness.protocol.messages import Results, Word
from harness.recording.document import Recording
from harness.recording.entries import Direction, Text
from harness.scoring.normalize import basic
from harness.scoring.sending import TOLERANCE_AUDIO_S, Sending


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it is shown; its times are seconds of the source, None where the wire gives none."""

    text: str
    start_audio_s: float | None = None
    end_audio_s: float | None = None

    @property
    def key(self) -> str:
        """What is left of it without case and punctuation, or the word itself where nothing is."""
        return "".join(basic(self.text).split()) or "".join(self.text.split())

    @property
    def middle_audio_s(self) -> float | None:
        """Where it is centred."""
        if self.start_audio_s is None or self.end_audio_s is None:
            return None
        return (self.start_audio_s + self.end_audio_s) / 2


@dataclass(frozen=True, slots=True)
class Heard:
    """One message.

    Attributes:
        at_s: when it came, or left where the server recorded, on the running clock (`Sending.running_s`).
        leg: its connection.
        channel: 0-based.
        end_audio_s: how far into the source it reaches: `start + duration`, or `audio_window_end`.
        lag_audio_s: seconds of audio sent on its connection by then, less how far into that it reaches.
        words: what it says, less what was final on an earlier connection.
        is_final: whether this stretch of the transcript will not change any more.
        speech_final: whether an endpoint made it final; of Flux always False.
        from_finalize: whether Finalize did.
        turn_event: of Flux; empty for `/v1/listen`.
        turn_trigger: what ended a turn of Flux; empty where the wire does not say.
        closing: whether the client had said on this connection by then that no more would come.
        implied: whether no message said so: a turn of Flux that the session's end left as it was.
    """

    at_s: float
    leg: int
    channel: int
    end_audio_s: float
    lag_audio_s: float
    words: tuple[Token, ...]
    is_final: bool
    speech_final: bool = False
    from_finalize: bool = False
    turn_event: str = ""
    turn_trigger: str = ""
    closing: bool = False
    implied: bool = False


@dataclass
class _Said:
    """What a channel has made final, and had when the present connection began."""

    covered_audio_s: float = 0.0
    last: Token | None = None
    given_audio_s: float = 0.0
    given: Token | None = None


@dataclass
class _Reader:
    """Folds the messages of a session."""

    sending: Sending
    flux: bool
    leg: int | None = None
    channels: dict[int, _Said] = field(default_factory=dict)

    def read(self, entry: Text, closing: bool) -> Heard | None:
        """One message; None for one that says nothing of the speech."""
        if entry.leg != self.leg:
            self.leg = entry.leg
            for said in self.channels.values():
                said.given_audio_s, said.given = said.covered_audio_s, said.last
        message = (decode_flux_server if self.flux else decode_server)(entry.text).message
        if isinstance(message, TurnInfo):
            heard = self._turn(entry, message)
        elif isinstance(message, Results):
            heard = self._results(entry, message)
        else:
            return None
        return replace(self._fresh(heard), closing=closing)

    def _results(self, entry: Text, results: Results) -> Heard:
        words = results.words or results.transcript.split()
        return Heard(
            at_s=self.sending.running_s(entry.wall_s),
            leg=entry.leg,
            channel=results.channel_index[0],
            end_audio_s=self.sending.to_source(entry.leg, results.end_audio_s, end=True),
            lag_audio_s=entry.audio_s - results.end_audio_s,
            words=tuple(self._token(entry.leg, word) for word in words),
            is_final=results.is_final,
            speech_final=results.is_final and results.speech_final,
            from_finalize=results.from_finalize,
        )

    def _turn(self, entry: Text, turn: TurnInfo) -> Heard:
        return Heard(
            at_s=self.sending.running_s(entry.wall_s),
            leg=entry.leg,
            channel=0,
            end_audio_s=self.sending.to_source(entry.leg, turn.audio_window_end, end=True),
            lag_audio_s=entry.audio_s - turn.audio_window_end,
            words=tuple(self._token(entry.leg, word) for word in turn.words or turn.transcript.split()),
            is_final=turn.event == TurnEvent.END_OF_TURN,
            turn_event=turn.event,
            turn_trigger="" if turn.trigger is UNSET else turn.trigger,
        )

    def _token(self, leg: int, word: Word | FluxWord | str) -> Token:
        if isinstance(word, str):
            return Token(word)
        text = word.display if isinstance(word, Word) else word.word
        if word.start is UNSET or word.end is UNSET:
            return Token(text)
        to_source = self.sending.to_source
        return Token(text, to_source(leg, word.start), to_source(leg, word.end, end=True))

    def _fresh(self, heard: Heard) -> Heard:
        said = self.channels.setdefault(heard.channel, _Said())
        words = tuple(_unsaid(heard.words, said)) if said.given_audio_s > 0 else heard.words
        if heard.is_final:
            said.covered_audio_s = max(said.covered_audio_s, heard.end_audio_s)
            said.last = words[-1] if words else said.last
        return replace(heard, words=words)


def read_heard(recording: Recording, sending: Sending) -> tuple[Heard, ...]:
    """Everything that the server said of the speech, in order; messages that cannot be read are passed over."""
    flux = recording.header.path.rstrip("/").endswith("/v2/listen")
    closing_s = {entry.leg: entry.wall_s for entry in closings(recording)}
    reader = _Reader(sending, flux)
    entries = recording.texts(Direction.DOWNSTREAM)
    read = (reader.read(entry, entry.wall_s >= closing_s.get(entry.leg, inf)) for entry in entries)
    heard = [message for message in read if message is not None]
    last = heard[-1] if flux and heard else None
    if last is not None and last.words and not last.is_final:
        ended_s = max(getattr(entry, "wall_s", 0.0) for entry in recording.entries)
        at_s = sending.running_s(ended_s)
        heard.append(replace(last, at_s=at_s, is_final=True, turn_event="", closing=True, implied=True))
    return tuple(heard)


def closings(recording: Recording) -> Iterator[Text]:
    """The client's CloseStream messages."""
    return (entry for entry in recording.texts(Direction.UPSTREAM) if '"CloseStream"' in entry.text)


def _unsaid(words: Iterable[Token], said: _Said) -> Iterator[Token]:
    last = said.given
    for word in words:
        middle_s = word.middle_audio_s
        if middle_s is None or word.start_audio_s is None or word.end_audio_s is None:
            yield word
            continue
        # The last word is said again once at most; the same word after it is a word of its own.
        if last is not None and last.start_audio_s is not None and last.end_audio_s is not None:
            overlaps = (
                last.start_audio_s < word.end_audio_s and word.start_audio_s < last.end_audio_s - TOLERANCE_AUDIO_S
            )
            if overlaps and word.key == last.key:
                last = None
                continue
        if middle_s >= said.given_audio_s - TOLERANCE_AUDIO_S:
            yield word
