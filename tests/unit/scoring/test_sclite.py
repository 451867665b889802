"""The split of errors as NIST sclite makes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.alignment import align_words
from harness.scoring.error_rate import ErrorRate
from harness.scoring.sclite import sclite_split

WORDS = st.lists(st.sampled_from("abc"), max_size=9)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        ("", "", ErrorRate(0, 0, 0, 0)),
        ("a b", "", ErrorRate(0, 0, 2, 0)),
        ("", "a", ErrorRate(0, 0, 0, 1)),
        ("a b c", "a x c", ErrorRate(2, 1, 0, 0)),
        # Two substitutions are as many errors as a deletion and an insertion, which keep a hit.
        ("a b", "b c", ErrorRate(1, 0, 1, 1)),
        ("a b c d", "x a b d", ErrorRate(3, 0, 1, 1)),
    ],
)
def test_of_equally_short_alignments_the_one_with_the_most_hits(
    reference: str, hypothesis: str, counts: ErrorRate
) -> None:
    assert sclite_split(reference.split(), hypothesis.split()) == counts


@given(reference=WORDS, hypothesis=WORDS)
def test_the_total_is_jiwers_and_no_alignment_has_fewer_substitutions(
    reference: list[str], hypothesis: list[str]
) -> None:
    split = sclite_split(reference, hypothesis)
    [(_, jiwers)] = align_words([" ".join(reference)], [" ".join(hypothesis)])
    assert split.errors == jiwers.errors
    assert split.substitutions <= jiwers.substitutions
    assert (split.reference_length, split.hypothesis_length) == (len(reference), len(hypothesis))
    assert split.substitutions == min(kinds[1] for kinds in shortest(reference, hypothesis))


def shortest(reference: list[str], hypothesis: list[str]) -> set[tuple[int, int]]:
    """Errors and substitutions of all shortest alignments, found by trying them all."""
    rows: list[list[set[tuple[int, int]]]] = [
        [set() for _ in range(len(hypothesis) + 1)] for _ in range(len(reference) + 1)
    ]
    rows[0][0] = {(0, 0)}
    for said in range(len(reference) + 1):
        for heard in range(len(hypothesis) + 1):
            found = set(rows[said][heard])
            if said:
                found |= {(errors + 1, wrong) for errors, wrong in rows[said - 1][heard]}
            if heard:
                found |= {(errors + 1, wrong) for errors, wrong in rows[said][heard - 1]}
            if said and heard:
                differ = reference[said - 1] != hypothesis[heard - 1]
                found |= {(errors + differ, wrong + differ) for errors, wrong in rows[said - 1][heard - 1]}
            least = min(errors for errors, _ in found)
            rows[said][heard] = {one for one in found if one[0] == least}
    return rows[-1][-1]
