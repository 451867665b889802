"""Makes a Flux script of a timeline: words appear as they are spoken, and the confidence that a turn is over rises in
the silence after them, fast after a full stop, slower after a comma, slowest where the text has no punctuation.

After one real session (105 frames): a word is shown while it is being spoken, ends at the edge of the window, and has
no punctuation until it is over; the confidence while somebody speaks is about 0.01 to 0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, exp
from random import Random
from typing import Final

from harness.protocol.flux_messages import FluxWord
from harness.protocol.messages import Word
from mock_server.flux.script import STEP_AUDIO_S, Look
from mock_server.script import words_from
from mock_server.timeline import Timeline

SPEAKING_CONFIDENCE: Final = (0.002, 0.1)
HIGHEST_CONFIDENCE: Final = 0.99
LAG_WALL_S: Final = (0.06, 0.16)

# How fast the confidence rises in silence: 1 - exp(-(silence / scale)²), 0.63 after one scale. At the default threshold
# of 0.7 a sentence is over after 0.3 to 0.4 s; the documentation claims a median of about 0.26 s.
SENTENCE_SCALE_AUDIO_S: Final = (0.25, 0.35)
CLAUSE_SCALE_AUDIO_S: Final = (0.25, 0.6)
UNPUNCTUATED_SCALE_AUDIO_S: Final = (0.8, 1.2)

LAST_SILENCE_AUDIO_S: Final = 3.0
"""How much silence is looked at after the last word: the confidence is then as high as it gets."""

STRETCH_PAUSE_AUDIO_S: Final = 0.4
"""The pause after which the words begin anew; a turn that goes on carries the earlier ones along."""


@dataclass(frozen=True)
class SynthesisedTurns:
    """The looks at a text that nobody ever spoke.

    Attributes:
        name: what the script was made from.
        timeline: the words; mixed into one channel, because Flux hears mono.
        seed: of all chance in it.
    """

    name: str
    timeline: Timeline
    seed: int = 0

    def looks(self, from_audio_s: float = 0.0) -> Iterator[Look]:
        """A look at every 80 ms, up to the last word and some seconds of silence."""
        words = words_from(self.timeline.spread(1).channels[0], from_audio_s)
        rng = Random(f"{self.seed}/{self.name}/flux")
        begin, shown, scale_audio_s = 0, 0, 1.0
        steps = ceil((words[-1].end + LAST_SILENCE_AUDIO_S) / STEP_AUDIO_S) if words else 0
        for step in range(1, steps + 1):
            at_audio_s = round(step * STEP_AUDIO_S, 4)
            while shown < len(words) and _middle_audio_s(words[shown]) <= at_audio_s:
                shown, scale_audio_s = shown + 1, _scale_audio_s(words[shown].display, rng)
            following = words[shown] if shown < len(words) else None
            heard = tuple(_heard(word, at_audio_s) for word in words[begin:shown])
            silent_audio_s = at_audio_s - words[shown - 1].end if heard else 0.0
            new_stretch = following is not None and _middle_audio_s(following) <= at_audio_s + STEP_AUDIO_S
            ends_stretch = new_stretch and silent_audio_s >= STRETCH_PAUSE_AUDIO_S
            yield Look(
                at_audio_s,
                heard,
                _confidence(silent_audio_s, scale_audio_s, following, at_audio_s, rng),
                round(rng.uniform(*LAG_WALL_S), 4),
                ends_stretch,
            )
            if ends_stretch:
                begin = shown


def _heard(word: Word, at_audio_s: float) -> FluxWord:
    """A word as it is shown while the audio has come so far: one still being spoken ends there, unpunctuated."""
    over = at_audio_s >= word.end
    text = word.display if over else word.display.rstrip(".,;:!?") or word.display
    return FluxWord(word=text, confidence=word.confidence, start=word.start, end=min(word.end, at_audio_s))


def _scale_audio_s(text: str, rng: Random) -> float:
    if text.endswith((".", "?", "!")):
        return rng.uniform(*SENTENCE_SCALE_AUDIO_S)
    return rng.uniform(*(CLAUSE_SCALE_AUDIO_S if text.endswith((",", ";", ":")) else UNPUNCTUATED_SCALE_AUDIO_S))


def _confidence(
    silent_audio_s: float, scale_audio_s: float, following: Word | None, at_audio_s: float, rng: Random
) -> float:
    if silent_audio_s <= 0 or (following is not None and following.start < at_audio_s):
        return round(rng.uniform(*SPEAKING_CONFIDENCE), 4)
    return over_confidence(silent_audio_s, scale_audio_s)


def over_confidence(silent_audio_s: float, scale_audio_s: float) -> float:
    """How sure it is after so much silence that the speaker has finished; 0.63 after one scale."""
    return round(min(HIGHEST_CONFIDENCE, 1 - exp(-((silent_audio_s / scale_audio_s) ** 2))), 4)


def _middle_audio_s(word: Word) -> float:
    return (word.start + word.end) / 2
