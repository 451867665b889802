"""Scoring beside the tools that are known for it, on the same texts, turn by turn in one run.

Ours keeps alignments, so theirs have to as well. The figures are printed (`pytest tests/benchmarks -s`); what is
asserted is that all tools count the same, and how ours compares with plain jiwer, which does its inner work.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence

import jiwer
import pytest
from rapidfuzz.distance.Levenshtein import editops

from harness.scoring.alignment import align_words, count_characters
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.significance import compare
from harness.scoring.wer import score, score_many

UTTERANCES = 10_000
WORDS = 20
ROUNDS = 5

VOCABULARY = [f"{first}{second}" for first in "bdfghklmnprstvz" for second in ("a", "ana", "eli", "omo", "urit")]


def corpus(utterances: int, words: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """References, and hypotheses in which a tenth of the words is replaced, dropped or doubled."""
    chance = random.Random(seed)
    references = [[chance.choice(VOCABULARY) for _ in range(words)] for _ in range(utterances)]
    hypotheses = [[heard for word in reference for heard in misheard(word, chance)] for reference in references]
    return [" ".join(reference) for reference in references], [" ".join(hypothesis) for hypothesis in hypotheses]


def misheard(word: str, chance: random.Random) -> list[str]:
    dice = chance.random()
    if dice < 0.05:
        return [chance.choice(VOCABULARY)]
    if dice < 0.08:
        return []
    return [word, word] if dice < 0.10 else [word]


def by_turns(rivals: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The best wall seconds of each; whatever else the machine does falls on all alike."""
    best = dict.fromkeys(rivals, float("inf"))
    for _ in range(rounds):
        for name, work in rivals.items():
            began_s = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - began_s)
    return best


def told(title: str, best: Mapping[str, float], items: int) -> None:
    slowest = max(map(len, best))
    first = next(iter(best.values()))
    print(f"\n{title}")
    for name, seconds in best.items():
        rate = f"{items / seconds:12,.0f} a second"
        print(f"  {name:{slowest}}  {seconds * 1000:8.1f} ms {rate}, {seconds / first:5.2f} times the first")


def errors_of(pairs: Sequence[tuple[object, ErrorRate]]) -> ErrorRate:
    return sum((counts for _, counts in pairs), ErrorRate.zero())


def test_words_with_alignments_beside_jiwer_kaldialign_and_meeteval() -> None:
    kaldialign, meeteval = pytest.importorskip("kaldialign"), pytest.importorskip("meeteval.wer.wer.siso")
    references, hypotheses = corpus(UTTERANCES, WORDS)
    split = [
        (reference.split(), hypothesis.split()) for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]
    best = by_turns(
        {
            "ours, alignments": lambda: align_words(references, hypotheses),
            "jiwer.process_words": lambda: jiwer.process_words(references, hypotheses),
            "kaldialign.align": lambda: [kaldialign.align(ref, hyp, "*") for ref, hyp in split],
            "meeteval siso (counts only)": lambda: [
                meeteval.siso_word_error_rate(*pair) for pair in zip(references, hypotheses, strict=True)
            ],
        }
    )
    told(f"{UTTERANCES} utterances of {WORDS} words, words aligned", best, UTTERANCES)
    ours = errors_of(align_words(references, hypotheses))
    theirs = jiwer.process_words(references, hypotheses)
    assert (ours.hits, ours.substitutions, ours.deletions, ours.insertions) == (
        theirs.hits, theirs.substitutions, theirs.deletions, theirs.insertions,
    )  # fmt: skip
    assert ours.errors == sum(kaldialign.edit_distance(ref, hyp)["total"] for ref, hyp in split)
    assert ours.errors == sum(
        meeteval.siso_word_error_rate(*pair).errors for pair in zip(references, hypotheses, strict=True)
    )
    assert best["ours, alignments"] <= best["jiwer.process_words"] * 1.1  # a noisy machine's allowance


def test_words_and_characters_beside_plain_jiwer() -> None:
    references, hypotheses = corpus(UTTERANCES, WORDS)
    plain = normalizer("none")

    def with_jiwer() -> None:
        jiwer.process_words(references, hypotheses)
        jiwer.process_characters(references, hypotheses)

    best = by_turns({"ours": lambda: score_many(references, hypotheses, plain), "jiwer": with_jiwer}, rounds=3)
    told(f"{UTTERANCES} utterances of {WORDS} words: words, characters, alignments", best, UTTERANCES)
    assert best["ours"] <= best["jiwer"] * 1.1


@pytest.mark.parametrize("name", ["basic", "whisper-english"])
def test_references_met_again_are_not_normalised_again(name: str) -> None:
    references, _ = corpus(2_000, WORDS, seed=len(name))
    normalise = normalizer(name)
    began_s = time.perf_counter()
    once = [normalise(text) for text in references]
    first_s = time.perf_counter() - began_s
    best = by_turns({"again": lambda: [normalise(text) for text in references]})
    told(f"{name}: {len(references)} references", {"first time": first_s, **best}, len(references))
    assert once == [normalise(text) for text in references]
    assert len(references) / best["again"] >= 20_000


def test_a_document_of_100_000_words() -> None:
    (reference,), (hypothesis,) = corpus(1, 100_000)
    tracemalloc.start()
    began_s = time.perf_counter()
    scored = score(reference, hypothesis, normalizer("basic"))
    took_s = time.perf_counter() - began_s
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\na document of 100,000 words: {took_s:.2f} s, {peak / 1e6:.0f} MB at most (traced), WER {scored.wer:.4f}")
    assert scored.words.reference_length == 100_000


def test_characters_of_a_long_document_beside_plain_rapidfuzz() -> None:
    """A document is searched outwards from the diagonal; without a hint all of the table is."""
    (reference,), (hypothesis,) = corpus(1, 40_000)
    best = by_turns(
        {
            "ours, counted": lambda: count_characters([reference], [hypothesis]),
            "rapidfuzz editops": lambda: editops(reference, hypothesis),
        },
        rounds=2,
    )
    told(f"the characters of a document of 40,000 words ({len(reference):,})", best, len(reference))
    [ours] = count_characters([reference], [hypothesis])
    assert ours.errors == len(editops(reference, hypothesis))
    assert best["ours, counted"] < best["rapidfuzz editops"]


def test_a_bootstrap_of_1000_resamples_over_10_000_utterances() -> None:
    chance = random.Random(2)
    first, second = (
        [ErrorRate(20 - wrong, wrong, 0, 0) for wrong in (chance.randrange(4) for _ in range(UTTERANCES))] for _ in "12"
    )
    best = by_turns({"compare: interval, test and verdict": lambda: compare(first, second, resamples=1000)})
    told(f"1,000 resamples over {UTTERANCES} utterances", best, UTTERANCES)
