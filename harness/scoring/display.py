"""What stands on a viewer's screen after each message, by Deepgram's own rule of assembly.

A final is appended and stays; an interim replaces the interim before it (docs, «Understand Endpointing & Interim
Results»). A message speaks for the audio that it covers and no further: words of the interim before it that lie beyond
its end stand until a message covers them. So a final that ends before its last interim, as real ones do, takes nothing
back; nor does the first interim of a new connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.scoring.heard import Heard, Token


@dataclass(frozen=True, slots=True)
class FinalWord:
    """A word of the final transcript, and when it came."""

    token: Token
    at_s: float


@dataclass(frozen=True, slots=True)
class Screen:
    """What one channel shows from one message to the next.

    Attributes:
        heard: the message.
        finals: how many words of the final transcript stand there.
        restated: the words not final that stood where the message now speaks.
        open_words: the words not final that stand there now.
        reach_audio_s: how far into the source they reach.
    """

    heard: Heard
    finals: int
    restated: tuple[Token, ...]
    open_words: tuple[Token, ...]
    reach_audio_s: float


@dataclass(frozen=True, slots=True)
class Display:
    """One channel over the whole session."""

    channel: int
    words: tuple[FinalWord, ...]
    screens: tuple[Screen, ...]

    @property
    def text(self) -> str:
        """The final transcript, as its words are shown."""
        return " ".join(word.token.text for word in self.words)


def displays(heard: Iterable[Heard]) -> tuple[Display, ...]:
    """What each channel showed, by channel."""
    channels: dict[int, list[Heard]] = {}
    for message in heard:
        channels.setdefault(message.channel, []).append(message)
    return tuple(_display(channel, channels[channel]) for channel in sorted(channels))


def _display(channel: int, messages: list[Heard]) -> Display:
    words: list[FinalWord] = []
    screens: list[Screen] = []
    open_words: tuple[Token, ...] = ()
    reach_audio_s = 0.0
    for message in messages:
        beyond = tuple(word for word in open_words if _beyond(word, message.end_audio_s))
        restated = tuple(word for word in open_words if not _beyond(word, message.end_audio_s))
        if message.is_final:
            words += [FinalWord(word, message.at_s) for word in message.words]
            open_words = beyond
        else:
            open_words = message.words + beyond
        reach_audio_s = max(message.end_audio_s, reach_audio_s) if beyond else message.end_audio_s
        screens.append(Screen(message, len(words), restated, open_words, reach_audio_s))
    return Display(channel, tuple(words), tuple(screens))


def _beyond(word: Token, end_audio_s: float) -> bool:
    return word.middle_audio_s is not None and word.middle_audio_s >= end_audio_s
