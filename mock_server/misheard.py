"""Seeded recognition errors: a timeline as a recogniser with a chosen word error rate might have heard it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from msgspec.structs import replace as replace_struct

from harness.protocol.messages import Word
from mock_server.timeline import Timeline, bare

SOUND_ALIKE: Final = {
    "a": "the", "the": "a", "to": "two", "two": "to", "for": "four", "four": "for", "their": "there", "there": "their",
    "our": "are", "are": "our", "in": "and", "and": "in", "is": "as", "as": "is", "it": "at", "at": "it", "no": "know",
    "know": "no", "week": "weak", "weather": "whether", "whether": "weather", "hour": "our", "right": "write",
    "write": "right", "eight": "ate", "one": "won", "by": "buy", "buy": "by", "of": "off", "off": "of", "than": "then",
    "then": "than", "your": "her", "we": "he", "he": "we", "this": "these", "that": "the", "on": "an", "an": "on",
}  # fmt: skip
STRAY: Final = ("the", "a", "and", "well", "so", "to")
MISHEARD_CONFIDENCE: Final = 0.62


@dataclass(frozen=True)
class Misheard:
    """What was heard, and how often it differs from what was said."""

    timeline: Timeline
    substitutions: int
    deletions: int
    insertions: int


def mishear(timeline: Timeline, error_rate: float, rng: Random) -> Misheard:
    """Change about `error_rate` of the words: three in five substituted, one deleted, one inserted after it.

    Word times stay, so that an inserted word shares the time of the word before it.
    """
    counts = [0, 0, 0]
    channels = tuple(
        tuple(heard for word in words for heard in _heard(word, error_rate, rng, counts)) for words in timeline.channels
    )
    return Misheard(replace(timeline, channels=channels), *counts)


def _heard(word: Word, error_rate: float, rng: Random, counts: list[int]) -> list[Word]:
    if rng.random() >= error_rate:
        return [word]
    kind = rng.choices((0, 1, 2), weights=(3, 1, 1))[0]
    counts[kind] += 1
    if kind == 0:
        return [_respelled(word, _sound_alike(word.word, rng), word.start, word.end)]
    if kind == 1:
        return []
    middle = round((word.start + word.end) / 2, 3)
    stray = rng.choice([candidate for candidate in STRAY if candidate != word.word])
    return [replace_struct(word, end=middle), _respelled(word, stray, middle, word.end)]


def _sound_alike(word: str, rng: Random) -> str:
    if word in SOUND_ALIKE:
        return SOUND_ALIKE[word]
    if word.endswith("s"):
        return word[:-1] or "so"
    return word + rng.choice(("s", "ed", "er"))


def _respelled(word: Word, token: str, start: float, end: float) -> Word:
    return replace_struct(
        word, word=bare(token), start=start, end=end, confidence=MISHEARD_CONFIDENCE, punctuated_word=token
    )
