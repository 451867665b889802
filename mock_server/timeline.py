"""What is said, and when: the words of each channel on the audio clock. Scripts and answers are made of it.

A timeline comes from a text spoken at a natural rate, from a reference with measured phrases, from the finals of a
recorded session, or from a pre-recorded response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace as replace_struct

from harness.errors import BadInput
from harness.protocol.messages import Alternative, ModelInfo, Results, Word
from harness.protocol.prerecorded import PrerecordedResponse

# About 155 words a minute at five letters a word: the rate of unhurried English conversation.
SECONDS_PER_WORD: Final = 0.09
SECONDS_PER_LETTER: Final = 0.055
LEAD_IN_AUDIO_S: Final = 0.25
PAUSE_AFTER: Final = {",": 0.25, ";": 0.3, ":": 0.3, ".": 0.6, "?": 0.6, "!": 0.6}

_EDGE_PUNCTUATION = re.compile(r"^[^\w']+|[^\w']+$")


@dataclass(frozen=True)
class Phrase:
    """Words spoken without a pause; `channel` is 0-based."""

    text: str
    start_audio_s: float
    end_audio_s: float
    channel: int = 0


@dataclass(frozen=True)
class Timeline:
    """The words of each channel, in order of time.

    Attributes:
        channels: for each channel its words; `word` is lower case, `punctuated_word` as it was written.
        duration_audio_s: how long the audio plays, or None when any length is answered.
        model: what claims to have recognised them; None when the words were made up.
        model_uuid: the id of that model, when it is known.
    """

    channels: tuple[tuple[Word, ...], ...]
    duration_audio_s: float | None = None
    model: ModelInfo | None = None
    model_uuid: str | None = None

    def spread(self, channels: int) -> Timeline:
        """The same speech on so many channels: mixed into one, or with silent channels added.

        Mixed, each channel's words are one speaker's, as diarisation would find, unless they say whose they are.
        """
        if channels == len(self.channels):
            return self
        if channels == 1:
            voices = [word for number, words in enumerate(self.channels) for word in _voiced(words, number)]
            mixed = sorted(voices, key=lambda word: word.start)
            return replace(self, channels=(tuple(mixed),))
        return replace(self, channels=(*self.channels, *((),) * channels)[:channels])


def _voiced(words: tuple[Word, ...], speaker: int) -> Iterator[Word]:
    for word in words:
        yield replace_struct(word, speaker=speaker) if word.speaker is UNSET else word


def spoken(text: str) -> Timeline:
    """A text spoken on one channel at a natural rate, with pauses where its punctuation has them."""
    words: list[Word] = []
    at_audio_s = LEAD_IN_AUDIO_S
    for token in text.split():
        duration_audio_s = SECONDS_PER_WORD + SECONDS_PER_LETTER * len(token)
        words.append(_word(token, at_audio_s, at_audio_s + duration_audio_s))
        at_audio_s += duration_audio_s + PAUSE_AFTER.get(token[-1], 0.0)
    return Timeline((tuple(words),))


def from_phrases(phrases: Iterable[Phrase], channels: int, duration_audio_s: float | None) -> Timeline:
    """A reference whose phrases were measured: within each, time is shared out by the length of the words.

    Raises:
        BadInput: a phrase lies on a channel that there is not, or ends before it starts.
    """
    said: list[list[Word]] = [[] for _ in range(channels)]
    for phrase in sorted(phrases, key=lambda phrase: phrase.start_audio_s):
        if not 0 <= phrase.channel < channels:
            raise BadInput(f"the phrase {phrase.text!r} is on channel {phrase.channel}; wanted 0 to {channels - 1}")
        if not 0 <= phrase.start_audio_s <= phrase.end_audio_s:
            span = f"from {phrase.start_audio_s:g} to {phrase.end_audio_s:g} s"
            raise BadInput(f"the phrase {phrase.text!r} lasts {span}; wanted an end after a start of 0 or more")
        said[phrase.channel].extend(_shared_out(phrase))
    return Timeline(tuple(tuple(words) for words in said), duration_audio_s)


def from_finals(finals: Sequence[Results], duration_audio_s: float | None) -> Timeline:
    """What a recorded session heard, from its finals of all channels."""
    count = max((final.channel_index[1] for final in finals), default=1)
    channels = tuple(
        tuple(word for final in finals if final.channel_index[0] == number for word in final.words)
        for number in range(count)
    )
    info = finals[0].metadata.model_info if finals else None
    uuid = finals[0].metadata.model_uuid if finals else None
    return Timeline(
        channels,
        duration_audio_s,
        info if isinstance(info, ModelInfo) else None,
        uuid if isinstance(uuid, str) else None,
    )


def from_prerecorded(response: PrerecordedResponse) -> Timeline:
    """What a pre-recorded answer heard."""
    channels = tuple(
        channel.alternatives[0].words if channel.alternatives else () for channel in response.results.channels
    )
    infos = response.metadata.model_info
    uuid, model = next(iter(infos.items()), (None, None)) if isinstance(infos, dict) else (None, None)
    return Timeline(channels, response.metadata.duration, model, uuid)


def alternative_of(words: tuple[Word, ...]) -> Alternative:
    """The one alternative for some words; silence has empty text, no words and confidence 0."""
    confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
    return Alternative(
        transcript=" ".join(word.display for word in words), confidence=round(confidence, 4), words=words
    )


def bare(token: str) -> str:
    """A token as the wire's `word` has it: lower case, punctuation at its edges gone."""
    return _EDGE_PUNCTUATION.sub("", token).lower() or token.lower()


def _word(token: str, start_audio_s: float, end_audio_s: float) -> Word:
    return Word(
        word=bare(token),
        start=round(start_audio_s, 3),
        end=round(end_audio_s, 3),
        confidence=0.99,
        punctuated_word=token,
    )


def _shared_out(phrase: Phrase) -> list[Word]:
    tokens = phrase.text.split()
    weights = [len(token) + SECONDS_PER_WORD / SECONDS_PER_LETTER for token in tokens]
    scale = (phrase.end_audio_s - phrase.start_audio_s) / sum(weights) if weights else 0.0
    words, at_audio_s = [], phrase.start_audio_s
    for token, weight in zip(tokens, weights, strict=True):
        words.append(_word(token, at_audio_s, at_audio_s + weight * scale))
        at_audio_s += weight * scale
    return words
