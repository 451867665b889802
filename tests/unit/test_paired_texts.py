"""Transcripts scored a chunk at a time: what comes of it is what comes of all at once."""

from __future__ import annotations

from collections import Counter

import pytest

from harness import paired_texts
from harness.paired_texts import SIDES, FoundInTexts, PairedTexts, Utterance
from harness.results import Comparison, Score
from harness.scoring.causes import Cause
from harness.scoring.entities import count_entities
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import normalizer
from harness.scoring.paired import LeftOut, score_pairs
from harness.scoring.sclite import sclite_split
from harness.scoring.significance import compare

BASIC, NONE = normalizer("basic"), normalizer("none")
SAID = {f"u{number}": f"One two, {'three' if number % 2 else 'new york'} four {number}" for number in range(50)}
STREAMED = {id_: text.replace("two,", "too") if id_.endswith("3") else text.lower() for id_, text in SAID.items()}
POSTED = {id_: text.replace("four", "for four") if id_.endswith("7") else text for id_, text in SAID.items()}
TEXTS = PairedTexts({**STREAMED, "only": "x"}, POSTED, seed=3, resamples=100, alternates=False)


def found(passed: list[Utterance]) -> FoundInTexts:
    return TEXTS.find([SAID], [BASIC, NONE], sclite=True, phrases=["New York"], passing=passed.append)


@pytest.mark.parametrize("chunk", [1, 7, 50, 1000])
def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(paired_texts, "_CHUNK", chunk)
    passed: list[Utterance] = []
    out = found(passed)
    whole = score_pairs(SAID, TEXTS.streaming, POSTED, BASIC)
    assert [utterance.row for utterance in passed] == list(whole.rows)
    assert out.left_out == LeftOut(0, 1, 0, 0, 0, 0)
    total = out.totals[0].total
    assert (total.normalizer, total.utterances) == ("basic@1", 50)
    assert (total.streaming, total.prerecorded) == (Score.of(whole.streaming), Score.of(whole.prerecorded))
    sides = [[getattr(row, side).words for row in whole.rows] for side in SIDES]
    assert total.comparison == Comparison.of(compare(sides[0], sides[1], seed=3, resamples=100))
    letters = [[getattr(row, side).characters for row in whole.rows] for side in SIDES]
    assert out.totals[0].characters == Comparison.of(compare(letters[0], letters[1], seed=3, resamples=100))
    assert out.totals[1].total.streaming.words.substitutions > total.streaming.words.substitutions
    for side in SIDES:
        alignments = [getattr(row, side).alignment for row in whole.rows]
        assert out.entities[side] == count_entities(["New York"], alignments, BASIC)
        splits = (sclite_split(one.reference, one.hypothesis) for one in alignments)
        assert out.splits[side] == sum(splits, ErrorRate.zero())
    # Under `none` lower case is an error, too: where pre-recorded inserts a word, and where nobody errs otherwise.
    assert {flip.id for flip in out.flips} == {id_ for id_ in SAID if not id_.endswith("3")}
    assert out.gathered.result().utterances == 50


def test_causes_are_counted_and_the_first_of_each_is_kept() -> None:
    passed: list[Utterance] = []
    causes = found(passed).causes
    attributed = [one for utterance in passed for one in utterance.causes.attributions]
    assert causes.counts == dict.fromkeys(Cause, 0) | Counter(one.cause for one in attributed)
    assert causes.extra == len(attributed) == 5
    assert causes.fewer == 5
    assert {cause: first.hypothesis for cause, first in causes.examples.items()} == {Cause.UNEXPLAINED: "too"}


def with_alternatives(said: str, streamed: str, posted: str) -> FoundInTexts:
    return PairedTexts({"a": streamed}, {"a": posted}, 0, 10, alternates=True).find([{"a": said}], [BASIC])


def test_with_alternatives_causes_are_those_beside_what_each_side_was_scored_against() -> None:
    out = with_alternatives("{one / won ton} two", "won ton too", "one two")
    assert (out.causes.extra, out.causes.fewer, out.causes.counts[Cause.UNEXPLAINED]) == (1, 0, 1)
    (shown,) = out.gathered.result().shown
    assert (shown.streaming and shown.streaming.errors, shown.prerecorded and shown.prerecorded.errors) == (1, 0)
    assert [(one.reference, one.hypothesis) for one in shown.extra_errors] == [("two", "too")]
    assert shown.causes[Cause.UNEXPLAINED] == 1


def test_right_by_different_alternatives_is_no_error_of_either() -> None:
    causes = with_alternatives("{one / won ton} two {@ / uh}", "won ton two", "one two uh").causes
    assert (causes.extra, causes.fewer) == (0, 0)


@pytest.mark.parametrize(
    ("ends", "hint"), [(".", "the texts hint at nothing"), (",", "streaming alone ends a sentence")]
)
def test_a_hint_is_one_beside_other_alternatives_too(ends: str, hint: str) -> None:
    said, posted = "{gonna / going to} go home but he saw", f"going to go home{ends} but he saw"
    causes = with_alternatives(said, "gonna go home. bat he saw", posted).causes
    assert hint in causes.examples[Cause.UNEXPLAINED].evidence


def test_a_matter_of_writing_is_seen_in_the_alternative_as_written() -> None:
    """«$5» was heard as «five dollars»; the other alternative, whose word is the same, counts for nothing."""
    causes = with_alternatives("{5 / $5 x}", "five dollars x", "5").causes
    assert (causes.extra, causes.counts[Cause.FORMATTING]) == (2, 2)
    assert "as written" in causes.examples[Cause.FORMATTING].evidence
