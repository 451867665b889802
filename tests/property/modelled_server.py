"""A server that knows what it hears: the source's samples are their own positions, and words stand at known places.

Whatever was left out or sent again, it knows which samples those are; a word is said every 0.6 s of the source.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from harness.protocol.codec import encode
from harness.protocol.messages import Alternative, Channel, Metadata, Results, ResultsMetadata, Word

WORD_EVERY: Final = 600
WORD_FROM: Final = 100
WORD_TO: Final = 450
LENGTH: Final = WORD_TO - WORD_FROM


@dataclass
class Connection:
    """The server's end: what it heard, and how far it has said it.

    Attributes:
        opened_s: when it was opened.
        heard: positions in the source, sample by sample.
        sends: each frame's time, and how many samples had come before it.
        final: how many samples are final.
        asked_to_close: whether CloseStream came.
        last_upstream_s: when anything came last.
    """

    opened_s: float
    heard: array[int] = field(default_factory=lambda: array("H"))
    sends: list[tuple[float, int]] = field(default_factory=list)
    final: int = 0
    asked_to_close: bool = False
    last_upstream_s: float = 0.0

    def words(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that lie whole within some of its samples, by its own clock."""
        said = np.asarray(self.heard[start:end], np.int64)
        found = []
        for begin in np.flatnonzero(said % WORD_EVERY == WORD_FROM):
            last = int(begin) + LENGTH - 1
            if last < len(said) and said[last] == said[begin] + LENGTH - 1:
                at, text = start + int(begin), f"w{said[begin] // WORD_EVERY}"
                found.append(Word(word=text, start=at / 1000, end=(at + LENGTH) / 1000, confidence=0.9))
        return tuple(found)

    def boundary(self, wanted: int) -> int:
        """The last place up to a wanted one that is within no word: unasked, a recogniser makes no half words final."""
        while wanted > self.final and WORD_FROM < (self.heard[wanted - 1] + 1) % WORD_EVERY < WORD_TO:
            wanted -= 1
        return wanted

    def results(self, until: int, *, is_final: bool, whole_words: bool) -> str:
        """What it says of the samples up to some place that it has not made final yet."""
        end = self.boundary(until) if whole_words else until
        words = self.words(self.final, end)
        results = Results(
            channel_index=(0, 1),
            start=self.final / 1000,
            duration=(end - self.final) / 1000,
            is_final=is_final,
            from_finalize=not whole_words,
            channel=Channel(
                alternatives=(
                    Alternative(transcript=" ".join(word.word for word in words), confidence=0.9, words=words),
                )
            ),
            metadata=ResultsMetadata(request_id="r"),
        )
        self.final = end if is_final else self.final
        return encode(results)

    def metadata(self) -> str:
        """Its last message."""
        metadata = Metadata(
            transaction_key="deprecated",
            request_id="r",
            sha256="0" * 64,
            created="2026-01-01T00:00:00Z",
            duration=len(self.heard) / 1000,
            channels=1,
        )
        return encode(metadata)
