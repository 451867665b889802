from __future__ import annotations

from dataclasses import dataclass

from harness.scoring.alignment import align_words
from harness.scoring.normalize import normalizer
from harness.scoring.word_times import Hearing, origins, reference_times, token_times

BASIC, WHISPER = normalizer("basic"), normalizer("whisper-english")


@dataclass(frozen=True)
class Spoken:
    display: str
    start: float
    end: float


def test_each_token_comes_from_its_word() -> None:
    assert origins(["Well-known", "words"], ["well", "known", "words"], BASIC) == [0, 0, 1]


def test_a_word_that_the_normaliser_leaves_out_gives_no_token() -> None:
    assert origins(["So", "–", "what"], ["so", "what"], BASIC) == [0, 2]


def test_a_number_of_two_words_comes_from_one_of_them() -> None:
    tokens = WHISPER("we saw twenty one ships").split()
    assert tokens == ["we", "saw", "21", "ships"]
    found = origins(["we", "saw", "twenty", "one", "ships"], tokens, WHISPER)
    assert [found[0], found[1], found[3]] == [0, 1, 4]
    assert found[2] in (2, 3)


def test_without_words_nothing_is_known() -> None:
    assert origins([], ["a", "b"], BASIC) == [None, None]
    assert origins(["a"], [], BASIC) == []


def test_tokens_have_the_times_of_their_words() -> None:
    hearing = Hearing("Well-known words.", (Spoken("Well-known", 1.0, 1.5), Spoken("words.", 1.5, 2.0)))
    assert token_times(hearing, ["well", "known", "words"], BASIC) == [(1.0, 1.5), (1.0, 1.5), (1.5, 2.0)]
    assert token_times(Hearing("well"), ["well"], BASIC) == [None]


def test_the_reference_takes_the_times_of_the_first_side_that_heard_a_word() -> None:
    [(first, _), (second, _)] = align_words(["a b c", "a b c"], ["a x", "a b c"])
    times = reference_times([(first, [(1.0, 1.1), (2.0, 2.1)]), (second, [(5.0, 5.1), (6.0, 6.1), (7.0, 7.1)])], 3, 9.0)
    assert times == [(1.0, 1.1), (2.0, 2.1), (7.0, 7.1)]


def test_words_that_nobody_heard_share_the_time_between_their_neighbours() -> None:
    [(alignment, _)] = align_words(["z a b c d e"], ["a d"])
    times = reference_times([(alignment, [(1.0, 2.0), (4.0, 5.0)])], 6, 7.0)
    assert times == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0), (5.0, 7.0)]


def test_without_any_time_no_word_has_one() -> None:
    [(alignment, _)] = align_words(["a b"], ["a b"])
    assert reference_times([(alignment, [None, None])], 2, 7.0) == [None, None]
