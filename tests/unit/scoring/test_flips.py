"""Utterances whose verdict depends on the normaliser."""

from __future__ import annotations

from harness.scoring.flips import flips
from harness.scoring.normalize import normalizer
from harness.scoring.paired import score_pairs

SAID = {"a": "I'm here", "b": "one two", "c": "x y"}
STREAMED = {"a": "I'm here", "b": "One, two", "c": "x z"}
POSTED = {"a": "I am here", "b": "one two", "c": "x y"}


def test_an_utterance_flips_when_a_normaliser_takes_the_difference_away() -> None:
    names = ("none", "basic", "whisper-english")
    scored = {name: score_pairs(SAID, STREAMED, POSTED, normalizer(name)) for name in names}
    found = {flip.id: flip.errors for flip in flips(scored)}
    assert found == {
        "a": {"none": (0, 2), "basic": (0, 2), "whisper-english": (0, 0)},
        "b": {"none": (1, 0), "basic": (0, 0), "whisper-english": (0, 0)},
    }


def test_one_normaliser_flips_nothing() -> None:
    assert flips({"basic": score_pairs(SAID, STREAMED, POSTED, normalizer("basic"))}) == ()
