"""How much of what was shown was taken back: revisions of interims, as counts that add.

Compared are what a message says and the words that stood where it speaks (`harness.scoring.display`), without case and
punctuation. A word counts as often as it is changed.

Sources: Shangguan, Knister, He, McGraw and Beaufays, "Analyzing the Quality and Stability of a Streaming End-to-End
On-Device Speech Recognizer", Interspeech 2020 (unstable partial word and segment ratio); Arivazhagan, Cherry, Macherey
and Foster, "Re-translation versus Streaming for Simultaneous Translation", IWSLT 2020 (normalised erasure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Self

from harness.scoring.alignment import Alignment, align_words
from harness.scoring.display import Display, Screen
from harness.scoring.heard import Token


@dataclass(frozen=True, slots=True)
class Stability:
    """Counts of one stream, or of many added up.

    Attributes:
        interims: interims that show words.
        revisions: messages, interim or final, that were no plain continuation of the words that stood there.
        segments: finals with words, and those without that took words back; of Flux turns.
        unstable_segments: segments with at least one revision.
        words: words of the final transcript.
        unstable_words: words shown and then replaced or removed, each as often as that happened.
        erased_words: words shown and then rewritten because they, or a word before them in the segment, changed.
        reformatted_words: words shown of which only case or punctuation changed.
    """

    interims: int = 0
    revisions: int = 0
    segments: int = 0
    unstable_segments: int = 0
    words: int = 0
    unstable_words: int = 0
    erased_words: int = 0
    reformatted_words: int = 0

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, type(self)):
            return NotImplemented
        return type(self)(*(ours + theirs for ours, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def unstable_word_ratio(self) -> float | None:
        """UPWR: unstable words for each word of the final transcript; above 1 when most words change often."""
        return self.unstable_words / self.words if self.words else None

    @property
    def unstable_segment_ratio(self) -> float | None:
        """UPSR: the share of segments in which something was taken back."""
        return self.unstable_segments / self.segments if self.segments else None

    @property
    def normalized_erasure(self) -> float | None:
        """Erased words for each word of the final transcript."""
        return self.erased_words / self.words if self.words else None


def stability(channels: Sequence[Display]) -> Stability:
    """The counts of a stream, all of its channels added up."""
    return sum(map(_of_channel, channels), Stability())


def _of_channel(display: Display) -> Stability:
    restatements = [screen for screen in display.screens if screen.restated]
    changes = dict(zip(map(id, restatements), _changes(restatements), strict=True))
    total = Stability(words=len(display.words))
    unstable = False
    for screen in display.screens:
        unstable_words, erased_words, reformatted_words = changes.get(id(screen), (0, 0, 0))
        unstable = unstable or erased_words > 0
        ends = screen.heard.is_final and (bool(screen.heard.words) or unstable)
        total += Stability(
            interims=int(not screen.heard.is_final and bool(screen.heard.words)),
            revisions=int(erased_words > 0),
            segments=int(ends),
            unstable_segments=int(ends and unstable),
            unstable_words=unstable_words,
            erased_words=erased_words,
            reformatted_words=reformatted_words,
        )
        unstable = unstable and not screen.heard.is_final
    return total


def _changes(screens: Sequence[Screen]) -> list[tuple[int, int, int]]:
    """Unstable, erased and reformatted words of each restatement."""
    alignments = align_words(
        [_keys(screen.restated) for screen in screens], [_keys(screen.heard.words) for screen in screens]
    )
    return [_change(screen, path) for screen, (path, _) in zip(screens, alignments, strict=True)]


def _change(screen: Screen, path: Alignment) -> tuple[int, int, int]:
    before, now = screen.restated, screen.heard.words
    unstable_words = reformatted_words = 0
    kept: int | None = None  # words up to the first change
    old = new = 0
    for run in path.operations:
        olds, news = len(run.reference), len(run.hypothesis)
        # What is added behind all that stood there rewrites nothing; what is put in before it moves it.
        if run.kind != "equal" and kept is None:
            kept = old
        if run.kind == "equal":
            pairs = zip(before[old : old + olds], now[new : new + news], strict=True)
            reformatted_words += sum(was.text != word.text for was, word in pairs)
        else:
            unstable_words += olds
        old, new = old + olds, new + news
    return unstable_words, 0 if kept is None else len(before) - kept, reformatted_words


def _keys(words: Sequence[Token]) -> str:
    return " ".join(word.key for word in words)
