"""Laws that every score obeys, with jiwer as the oracle and rapidfuzz as the stranger."""

from __future__ import annotations

import jiwer
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import basic, normalizer
from harness.scoring.paired import score_pairs
from harness.scoring.wer import CorpusScore, score, score_many

NONE = normalizer("none")
RATES = st.builds(ErrorRate, *[st.integers(min_value=0, max_value=10**6)] * 4)
WORDS = st.lists(st.sampled_from(["a", "aa", "ab", "b", "ba", "ça", "don't", "नमस्ते"]), max_size=12)
TEXTS = WORDS.map(" ".join)
SPOKEN = TEXTS.filter(bool)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)


@given(RATES, RATES, RATES)
def test_addition_is_associative_commutative_and_has_a_zero(a: ErrorRate, b: ErrorRate, c: ErrorRate) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + ErrorRate.zero() == a


@given(RATES)
def test_rates_stay_within_their_bounds(counts: ErrorRate) -> None:
    assert counts.rate is None or counts.rate >= 0
    for bounded in (counts.match_error_rate, counts.word_information_lost):
        assert bounded is None or 0 <= bounded <= 1
    if counts.rate is not None and counts.match_error_rate is not None:
        assert counts.match_error_rate <= counts.rate


@given(SPOKEN)
def test_a_text_against_itself_has_no_error(text: str) -> None:
    scored = score(text, text, NONE)
    assert (scored.wer, scored.mer, scored.wil, scored.cer) == (0, 0, 0, 0)
    assert {operation.kind for operation in scored.alignment.operations} == {"equal"}


@given(WORDS, WORDS)
def test_errors_lie_between_the_difference_in_length_and_the_longer_length(
    reference: list[str], hypothesis: list[str]
) -> None:
    errors = score(" ".join(reference), " ".join(hypothesis), NONE).words.errors
    assert abs(len(reference) - len(hypothesis)) <= errors <= max(len(reference), len(hypothesis))


@given(TEXTS, TEXTS)
def test_swapping_the_sides_keeps_the_distance(reference: str, hypothesis: str) -> None:
    forth, back = score(reference, hypothesis, NONE), score(hypothesis, reference, NONE)
    assert forth.words.errors == back.words.errors
    assert forth.characters.errors == back.characters.errors


@given(SPOKEN, TEXTS)
def test_jiwer_measures_the_same(reference: str, hypothesis: str) -> None:
    scored = score(reference, hypothesis, NONE)
    assert scored.wer == jiwer.wer(reference, hypothesis)
    assert scored.mer == jiwer.mer(reference, hypothesis)
    assert scored.wil == jiwer.wil(reference, hypothesis)
    assert scored.cer == jiwer.cer(reference, hypothesis)


@given(st.lists(st.tuples(SPOKEN, TEXTS), min_size=1, max_size=8))
def test_jiwer_measures_a_corpus_the_same(pairs: list[tuple[str, str]]) -> None:
    references, hypotheses = [reference for reference, _ in pairs], [hypothesis for _, hypothesis in pairs]
    corpus = sum(score_many(references, hypotheses, NONE), CorpusScore.zero(NONE))
    assert corpus.wer == jiwer.wer(references, hypotheses)
    assert corpus.mer == jiwer.mer(references, hypotheses)
    assert corpus.wil == jiwer.wil(references, hypotheses)
    assert corpus.cer == jiwer.cer(references, hypotheses)


@given(WORDS, WORDS)
def test_rapidfuzz_finds_the_same_distance(reference: list[str], hypothesis: list[str]) -> None:
    scored = score(" ".join(reference), " ".join(hypothesis), NONE)
    assert scored.words.errors == Levenshtein.distance(reference, hypothesis)
    assert scored.characters.errors == Levenshtein.distance(" ".join(reference), " ".join(hypothesis))


@given(WORDS, WORDS)
def test_the_alignment_holds_both_texts_and_its_counts(reference: list[str], hypothesis: list[str]) -> None:
    scored = score(" ".join(reference), " ".join(hypothesis), NONE)
    assert list(scored.alignment.reference) == reference
    assert list(scored.alignment.hypothesis) == hypothesis
    for operation in scored.alignment.operations:
        same = operation.reference == operation.hypothesis
        assert same == (operation.kind == "equal")
        if operation.kind == "substitute":
            assert len(operation.reference) == len(operation.hypothesis)
    assert scored.words.reference_length == len(reference)
    assert scored.words.hypothesis_length == len(hypothesis)


@given(PAIRS)
def test_a_corpus_is_the_sum_of_its_parts(pairs: list[tuple[str, str]]) -> None:
    scores = [score(reference, hypothesis, NONE) for reference, hypothesis in pairs]
    corpus = sum((scored.corpus for scored in scores), CorpusScore.zero(NONE))
    assert corpus.texts == len(pairs)
    assert corpus.words == sum((scored.words for scored in scores), ErrorRate.zero())
    assert corpus.characters == sum((scored.characters for scored in scores), ErrorRate.zero())


@given(PAIRS)
def test_joined_utterances_never_have_more_errors_than_their_parts(pairs: list[tuple[str, str]]) -> None:
    parts = sum((score(reference, hypothesis, NONE).words for reference, hypothesis in pairs), ErrorRate.zero())
    joined = score(" ".join(reference for reference, _ in pairs), " ".join(hypothesis for _, hypothesis in pairs), NONE)
    assert joined.words.errors <= parts.errors
    assert joined.words.reference_length == parts.reference_length


@given(*[st.dictionaries(st.sampled_from("abcdefgh"), TEXTS)] * 3)
def test_every_id_of_a_paired_score_is_counted_once(
    references: dict[str, str], streaming: dict[str, str], prerecorded: dict[str, str]
) -> None:
    paired = score_pairs(references, streaming, prerecorded, NONE)
    assert len(paired.rows) + sum(
        (
            paired.left_out.only_in_references,
            paired.left_out.only_in_streaming,
            paired.left_out.only_in_prerecorded,
            paired.left_out.missing_in_references,
            paired.left_out.missing_in_streaming,
            paired.left_out.missing_in_prerecorded,
        )
    ) == len({*references, *streaming, *prerecorded})
    assert paired.streaming.words.reference_length == paired.prerecorded.words.reference_length


@given(st.text() | st.text(alphabet="aA'’. -\u00ad\u0301İΣß❤\ufe0f"))
def test_basic_is_idempotent(text: str) -> None:
    assert basic(basic(text)) == basic(text)


@given(st.text() | st.text(alphabet="a1' -\u0301\u2764\ufe0f\u20e3\u200d\U000e0100"))
def test_every_word_that_basic_leaves_has_a_letter_or_a_digit(text: str) -> None:
    assert all(any(map(str.isalnum, word)) for word in basic(text).split())


@given(st.text())
def test_basic_leaves_words_one_space_apart(text: str) -> None:
    assert basic(text) == " ".join(basic(text).split())
