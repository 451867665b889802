from __future__ import annotations

import json
from pathlib import Path

import jiwer
import pytest

from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.wer import CorpusScore, TextScore, score, score_many

NONE, BASIC = normalizer("none"), normalizer("basic")


def test_a_text_is_scored_in_words_and_characters() -> None:
    scored = score("The cat sat.", "the bat sat", BASIC)
    assert scored.words == ErrorRate(hits=2, substitutions=1, deletions=0, insertions=0)
    assert scored.characters == ErrorRate(hits=10, substitutions=1, deletions=0, insertions=0)
    assert scored.alignment.reference == ("the", "cat", "sat")
    assert scored.normalizer == "basic@1"


def test_the_rates_are_those_of_the_counts() -> None:
    scored = score("a b c d", "a b x", NONE)
    assert (scored.wer, scored.mer, scored.cer) == (0.5, 0.5, 3 / 7)
    assert scored.wil == pytest.approx(1 - 2 / 4 * 2 / 3)


def test_the_normaliser_decides_what_differs() -> None:
    assert score("Hello, World.", "hello world", NONE).wer == 1.0
    assert score("Hello, World.", "hello world", BASIC).wer == 0.0


def test_an_empty_reference_has_errors_and_no_rate() -> None:
    invented = score("", "made up", NONE)
    assert invented.words.errors == 2
    assert (invented.wer, invented.cer, invented.wil, invented.mer) == (None, None, None, 1.0)


def test_a_reference_that_normalises_to_nothing_is_empty() -> None:
    assert score("...", "uh", BASIC).wer is None
    assert score("...", "!", BASIC).words == ErrorRate.zero()


def test_texts_join_into_a_corpus() -> None:
    first, second, third = score_many(["a b", "c", ""], ["a x", "c", "y"], NONE)
    corpus = first + second + third
    assert corpus == CorpusScore(
        texts=3,
        words=ErrorRate(hits=2, substitutions=1, deletions=0, insertions=1),
        characters=ErrorRate(hits=3, substitutions=1, deletions=0, insertions=1),
        normalizer="none@1",
    )
    assert corpus.wer == 2 / 3
    assert first + (second + third) == corpus
    assert sum([first, second, third], CorpusScore.zero(NONE)) == corpus


def test_an_empty_corpus_has_no_rate() -> None:
    nothing = CorpusScore.zero(BASIC)
    assert (nothing.texts, nothing.wer, nothing.cer, nothing.normalizer) == (0, None, None, "basic@1")


def test_scores_under_different_normalisers_do_not_add() -> None:
    with pytest.raises(ValueError, match="scores under none@1 and basic@1 do not add"):
        score("a", "a", NONE) + score("a", "a", BASIC)


def test_a_score_adds_to_scores_only() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        score("a", "a", NONE) + ErrorRate.zero()  # type: ignore[operator]


def test_scoring_many_is_scoring_each_across_batches() -> None:
    references = [f"number {index} of many" for index in range(200)]
    hypotheses = [f"number {index + index % 3} of {'money' if index % 7 == 0 else 'many'}" for index in range(200)]
    each = [score(reference, hypothesis, NONE) for reference, hypothesis in zip(references, hypotheses, strict=True)]
    assert score_many(references, hypotheses, NONE) == each


def test_scoring_none_gives_none() -> None:
    assert score_many([], [], NONE) == []


def test_unequal_numbers_of_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="2 references do not pair with 1 hypotheses"):
        score_many(["a", "b"], ["a"], NONE)


@pytest.mark.parametrize("name", ["none", "basic"])
def test_real_engine_output_scores_as_jiwer_scores_it(shared: Path, name: str) -> None:
    rows = _engine_rows(shared)
    clean = normalizer(name)
    spoken = [(clean(row["ref"]), clean(row["hyp"])) for row in rows if row["ref"]]
    references, hypotheses = [reference for reference, _ in spoken], [hypothesis for _, hypothesis in spoken]
    scores = score_many(references, hypotheses, NONE)
    assert len(scores) == 1590
    for scored, reference, hypothesis in zip(scores, references, hypotheses, strict=True):
        _assert_like_jiwer(scored, [reference], [hypothesis])
    _assert_like_jiwer(sum((scored.corpus for scored in scores), CorpusScore.zero(NONE)), references, hypotheses)


def test_what_real_engines_make_of_noise_and_silence_has_errors_and_no_rate(shared: Path) -> None:
    silent = [score("", row["hyp"], BASIC) for row in _engine_rows(shared) if not row["ref"]]
    assert len(silent) == 90
    assert {scored.wer for scored in silent} == {None}
    assert sum(scored.words.errors for scored in silent) == sum(scored.words.insertions for scored in silent) > 0


def _engine_rows(shared: Path) -> list[dict[str, str]]:
    lines = (shared / "recordings" / "engine-hypotheses.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _assert_like_jiwer(scored: TextScore | CorpusScore, references: list[str], hypotheses: list[str]) -> None:
    words = jiwer.process_words(references, hypotheses)
    characters = jiwer.process_characters(references, hypotheses)
    assert scored.words == ErrorRate(words.hits, words.substitutions, words.deletions, words.insertions)
    assert (scored.wer, scored.mer, scored.wil) == (words.wer, words.mer, words.wil)
    assert scored.cer == characters.cer
