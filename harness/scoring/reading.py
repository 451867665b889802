"""How each word of the final transcript read over time: what stood in its place, message by message.

Words that are not final are aligned with the words of the final transcript from the first that is not final yet to
where they reach: a shortest edit path, blind to case and punctuation (`Token.key`). A word that no word of the final
transcript stands for is read together with the one before it, at their head with the one after it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from harness.scoring.alignment import Alignment, align_words
from harness.scoring.display import Display, Screen


@dataclass(frozen=True, slots=True)
class Sight:
    """What stood in a word's place from `at_s` on, on the running clock, and whether the word itself was there."""

    at_s: float
    text: str
    right: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One channel.

    Attributes:
        display: what it showed.
        sights: of each word of the final transcript, what stood in its place, oldest first; nothing before the first.
    """

    display: Display
    sights: tuple[tuple[Sight, ...], ...]

    def shown_s(self, word: int) -> float:
        """When a word stood in its place for the first time; its final does at the latest."""
        return next(sight.at_s for sight in self.sights[word] if sight.right)

    def text_at(self, word: int, at_s: float) -> str:
        """What stood in a word's place at a moment."""
        sights = self.sights[word]
        at = bisect_right(sights, at_s, key=lambda sight: sight.at_s) - 1
        return sights[at].text if at >= 0 else ""


def read_over_time(display: Display) -> Reading:
    """The reading of one channel."""
    sights: list[list[Sight]] = [[] for _ in display.words]
    stretches = [_stretch(display, screen) for screen in display.screens]
    open_texts = [" ".join(word.key for word in screen.open_words) for screen in display.screens]
    keys = [word.token.key for word in display.words]
    aligned = align_words([" ".join(keys[first:last]) for first, last in stretches], open_texts)
    final, reached = 0, 0
    for screen, (first, _), (path, _) in zip(display.screens, stretches, aligned, strict=True):
        at_s = screen.heard.at_s
        for word in range(final, screen.finals):
            _see(sights[word], Sight(at_s, display.words[word].token.text, right=True))
        final = screen.finals
        now = dict(_read(path, screen, first, len(keys)))
        reached = max(reached, max(now, default=-1) + 1)
        for word in range(first, reached):
            text, right = now.get(word, ("", False))
            _see(sights[word], Sight(at_s, text, right))
        if first == len(keys) > 0:
            # No final word comes after these: whatever is shown behind the last one is too many.
            shown = (display.words[-1].token, *screen.open_words)
            _see(sights[-1], Sight(at_s, " ".join(token.text for token in shown), right=True))
    return Reading(display, tuple(map(tuple, sights)))


def _see(sights: list[Sight], sight: Sight) -> None:
    before = sights[-1] if sights else Sight(0.0, "", right=False)
    if (before.text, before.right) != (sight.text, sight.right):
        sights.append(sight)


def _stretch(display: Display, screen: Screen) -> tuple[int, int]:
    """The words of the final transcript, first and behind the last, that the words not final are read against."""
    last = screen.finals
    while last < len(display.words):
        middle_s = display.words[last].token.middle_audio_s
        # Words without times, as Flux sent before 2026, are as many as are shown.
        beyond = (
            last - screen.finals >= len(screen.open_words) if middle_s is None else middle_s >= screen.reach_audio_s
        )
        if beyond:
            break
        last += 1
    return screen.finals, last


def _read(path: Alignment, screen: Screen, first: int, total: int) -> Iterator[tuple[int, tuple[str, bool]]]:
    """What stands in each word's place: its index, the text there, and whether the word is in it."""
    texts: dict[int, list[str]] = {}
    right: set[int] = set()
    word, shown = first, 0
    for run in path.operations:
        olds, news = len(run.reference), len(run.hypothesis)
        tokens = [token.text for token in screen.open_words[shown : shown + news]]
        if run.kind == "insert":
            beside = min(max(first, word - 1), total - 1)
            if beside >= first:
                texts.setdefault(beside, []).extend(tokens)
        elif run.kind != "delete":
            for place, token in enumerate(tokens):
                texts.setdefault(word + place, []).append(token)
            right |= set(range(word, word + news)) if run.kind == "equal" else set()
        word, shown = word + olds, shown + news
    yield from ((place, (" ".join(found), place in right)) for place, found in texts.items())
