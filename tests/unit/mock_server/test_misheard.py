"""Seeded recognition errors: their rate, their kinds, their counts, with jiwer and rapidfuzz as judges."""

from __future__ import annotations

from random import Random

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from harness.protocol.messages import Word
from harness.scoring.normalize import normalizer
from mock_server.misheard import SOUND_ALIKE, STRAY, mishear
from mock_server.timeline import Timeline, spoken

VOCABULARY = [*SOUND_ALIKE, "booking", "tables", "tomorrow", "seven", "s", "guests", "window"]


def _words(timeline: Timeline) -> list[str]:
    return [word.word for words in timeline.channels for word in words]


def test_no_error_rate_changes_nothing() -> None:
    timeline = spoken("please book a table for two")
    heard = mishear(timeline, 0.0, Random(1))
    assert heard.timeline == timeline
    assert (heard.substitutions, heard.deletions, heard.insertions) == (0, 0, 0)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_about_as_many_words_go_wrong_as_was_asked_in_the_promised_shares(rate: float) -> None:
    heard = mishear(spoken(" ".join(VOCABULARY * 200)), rate, Random(7))
    n = len(VOCABULARY) * 200
    errors = heard.substitutions + heard.deletions + heard.insertions
    assert errors / n == pytest.approx(rate, rel=0.08)
    assert heard.substitutions / errors == pytest.approx(0.6, abs=0.04)
    assert heard.deletions / errors == pytest.approx(0.2, abs=0.04)
    assert len(_words(heard.timeline)) == n - heard.deletions + heard.insertions


def test_the_seed_decides_and_nothing_else() -> None:
    timeline = spoken(" ".join(VOCABULARY))
    assert mishear(timeline, 0.3, Random(3)) == mishear(timeline, 0.3, Random(3))
    assert mishear(timeline, 0.3, Random(3)) != mishear(timeline, 0.3, Random(4))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12), st.integers(0, 10**6))
def test_a_single_error_counts_as_jiwer_counts_it(tokens: list[str], seed: int) -> None:
    timeline = spoken(" ".join(tokens))
    heard = mishear(timeline, 0.15, Random(seed))
    errors = (heard.substitutions, heard.deletions, heard.insertions)
    hypothesis = " ".join(_words(heard.timeline))
    if sum(errors) == 1:
        found = jiwer.process_words(" ".join(tokens), hypothesis)
        assert (found.substitutions, found.deletions, found.insertions) == errors


@settings(max_examples=300)
@given(st.lists(st.sampled_from(VOCABULARY), max_size=30), st.floats(0, 1), st.integers(0, 10**6))
def test_touching_errors_never_count_for_more_than_were_made(tokens: list[str], rate: float, seed: int) -> None:
    timeline = spoken(" ".join(tokens))
    heard = mishear(timeline, rate, Random(seed))
    distance = Levenshtein.distance(tokens, _words(heard.timeline))
    assert distance <= heard.substitutions + heard.deletions + heard.insertions
    assert distance >= abs(heard.insertions - heard.deletions)


@pytest.mark.parametrize("name", ["basic", "whisper-english"])
def test_what_is_misheard_is_still_wrong_when_it_is_normalised(name: str) -> None:
    normalise = normalizer(name)
    for word, heard in SOUND_ALIKE.items():
        assert normalise(word) != normalise(heard)
        assert len(normalise(word).split()) == len(normalise(heard).split()) == 1
    for stray in STRAY:
        assert len(normalise(stray).split()) == 1


def test_times_and_speakers_stay_and_an_inserted_word_shares_the_time_of_the_one_before_it() -> None:
    said = Word(word="two", start=1.0, end=2.0, confidence=0.9, punctuated_word="2.", speaker=1, language="en")
    timeline = Timeline(((said,),))
    kinds = set()
    for seed in range(60):
        heard = mishear(timeline, 1.0, Random(seed))
        words = heard.timeline.channels[0]
        kinds.add(len(words))
        assert all(word.speaker == 1 and word.language == "en" for word in words)
        if len(words) == 2:
            assert (words[0].word, words[0].display) == ("two", "2.")
            assert [(w.start, w.end) for w in words] == [(1.0, 1.5), (1.5, 2.0)]
            assert words[1].word != "two"
        elif words:
            assert (words[0].word, words[0].start, words[0].end) == ("to", 1.0, 2.0)
    assert kinds == {0, 1, 2}
