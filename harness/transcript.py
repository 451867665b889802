"""Folds the messages of a session into words, utterances and a running text, by Deepgram's own rule.

Source: Deepgram docs, «Understand Endpointing & Interim Results» and «Understanding End of Speech Detection»: the
transcript of every `is_final` is appended; an interim replaces the interim before it and is never appended;
`speech_final` completes the utterance; `UtteranceEnd` completes what was said before its `last_word_end` when no
`speech_final` came, and is ignored when one did. Channels are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from harness.protocol.messages import (
    MalformedMessage,
    Message,
    Metadata,
    Results,
    UnknownMessage,
    UtteranceEnd,
    Word,
)


class EndedBy(StrEnum):
    """What completed an utterance."""

    SPEECH_FINAL = "speech_final"
    UTTERANCE_END = "utterance_end"
    STREAM_END = "stream_end"


@dataclass(frozen=True)
class Utterance:
    """Finals that belong together.

    Attributes:
        channel: 0-based channel.
        transcript: their texts, joined by spaces.
        words: their words, times in seconds of the connection's audio.
        start_audio_s: where the first of these finals begins.
        end_audio_s: where the last of them ends.
        ended_by: what completed it.
    """

    channel: int
    transcript: str
    words: tuple[Word, ...]
    start_audio_s: float
    end_audio_s: float
    ended_by: EndedBy


@dataclass
class _Channel:
    finals: list[Results] = field(default_factory=list)
    open: list[Results] = field(default_factory=list)
    interim: Results | None = None

    def take(self, results: Results) -> None:
        if results.is_final:
            self.finals.append(results)
            self.open.append(results)
            self.interim = None
        else:
            self.interim = results


class Transcript:
    """The transcript so far; feed it every message of a session in order."""

    def __init__(self) -> None:
        self._channels: dict[int, _Channel] = {}
        self.utterances: list[Utterance] = []
        self.metadata: Metadata | None = None

    def feed(self, message: Message | UnknownMessage | MalformedMessage) -> list[Utterance]:
        """Take one message; returns the utterances it completed, none or one."""
        match message:
            case Results():
                return self._results(message)
            case UtteranceEnd():
                # It may come late, when finals of the next utterance are here, or be -1, «finalised already».
                return self._complete(message.channel[0], EndedBy.UTTERANCE_END, message.last_word_end)
            case Metadata():
                self.metadata = message
                return self.finish()
        return []

    def finish(self) -> list[Utterance]:
        """The stream is over: whatever was final and not yet complete becomes the last utterance of its channel."""
        return [done for channel in sorted(self._channels) for done in self._complete(channel, EndedBy.STREAM_END)]

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels heard from, in order."""
        return tuple(sorted(self._channels))

    def finals(self, channel: int = 0) -> tuple[Results, ...]:
        """Every final of one channel."""
        return tuple(self._channels[channel].finals) if channel in self._channels else ()

    def words(self, channel: int = 0) -> tuple[Word, ...]:
        """Every final word of one channel."""
        return tuple(word for final in self.finals(channel) for word in final.words)

    def text(self, channel: int = 0) -> str:
        """The final text of one channel."""
        return _joined(self.finals(channel))

    def interim(self, channel: int = 0) -> str:
        """What the open segment says at present; empty when nothing is open."""
        at_present = self._channels[channel].interim if channel in self._channels else None
        return at_present.transcript if at_present else ""

    def _results(self, results: Results) -> list[Utterance]:
        number = results.channel_index[0]
        self._channels.setdefault(number, _Channel()).take(results)
        # A `speech_final` that is no final contradicts the docs' own rule; one of their samples has it. Tolerated: it
        # completes nothing, because the text may still change.
        if results.is_final and results.speech_final:
            return self._complete(number, EndedBy.SPEECH_FINAL)
        return []

    def _complete(self, number: int, ended_by: EndedBy, last_word_audio_s: float = inf) -> list[Utterance]:
        channel = self._channels.get(number)
        if channel is None:
            return []
        finals = [final for final in channel.open if final.start < last_word_audio_s]
        channel.open = channel.open[len(finals) :]
        transcript = _joined(finals)
        if not transcript:
            return []  # silence may be final and even speech_final; it is no utterance
        words = tuple(word for final in finals for word in final.words)
        done = Utterance(number, transcript, words, finals[0].start, finals[-1].end_audio_s, ended_by)
        self.utterances.append(done)
        return [done]


def assemble(messages: Iterable[Message | UnknownMessage | MalformedMessage]) -> Transcript:
    """The transcript of a whole session."""
    transcript = Transcript()
    for message in messages:
        transcript.feed(message)
    transcript.finish()
    return transcript


def _joined(finals: Iterable[Results]) -> str:
    return " ".join(final.transcript for final in finals if final.transcript)
