"""Laws of references with alternatives; the oracle tries every choice that a small network of words offers."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.paired_texts import PairedTexts, Utterance
from harness.scoring.alignment import Alignment, align_words
from harness.scoring.alternates import Chosen, best_reference
from harness.scoring.extra_errors import WordError, extra_errors, hits, word_errors
from harness.scoring.normalize import normalizer
from harness.scoring.places import places_of

Words: TypeAlias = tuple[str, ...]
Choice: TypeAlias = tuple[Words, ...]

NONE, BASIC = normalizer("none"), normalizer("basic")
WORDS = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
SLOTS = st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=5)
HEARD = st.lists(st.sampled_from("abcd"), max_size=9).map(tuple)
TEXTS = st.lists(st.sampled_from(["a", "b", "cat.", "Twenty", "one", "21", "well-known"]), max_size=9).map(" ".join)


def written(slots: list[list[Words]]) -> str:
    """A network as a reference: what offers no choice stands without braces."""
    return " ".join(
        "{" + " / ".join(" ".join(words) or "@" for words in slot) + "}" if len(slot) > 1 else " ".join(slot[0])
        for slot in slots
    )


def flat(choice: Choice) -> Words:
    return tuple(word for words in choice for word in words)


def distance(said: Words, heard: Words) -> int:
    row = list(range(len(heard) + 1))
    for word in said:
        above, row = row, [row[0] + 1]
        for at, other in enumerate(heard):
            row.append(min(above[at] + (word != other), above[at + 1] + 1, row[at] + 1))
    return row[-1]


def first_best(slots: list[list[Words]], heard: Words) -> Choice:
    return min(product(*slots), key=lambda choice: distance(flat(choice), heard))


class Side(NamedTuple):
    """A side by the code under test, and by trying every choice."""

    chosen: Chosen
    alignment: Alignment
    choice: Choice


def side(slots: list[list[Words]], heard: Words) -> Side:
    text = " ".join(heard)
    chosen = best_reference(written(slots), text, NONE, "r")
    [(alignment, _)] = align_words([chosen.text], [text])
    return Side(chosen, alignment, first_best(slots, heard))


def extra(ours: Side, theirs: Side) -> tuple[WordError, ...]:
    return extra_errors(ours.alignment, theirs.alignment, places_of(ours.chosen, theirs.chosen))


def common(choice: Choice, other: Choice) -> list[tuple[int, int] | None]:
    """For each word of a choice, its slot and its place there; None where the other has another alternative."""
    return [
        (number, at) if words == other[number] else None
        for number, words in enumerate(choice)
        for at in range(len(words))
    ]


def naively_extra(ours: Side, theirs: Side) -> tuple[WordError, ...]:
    """The definition in docs/reference/causes.md, word by word."""
    mine, others = common(ours.choice, theirs.choice), common(theirs.choice, ours.choice)
    right = [{(said[at]): heard for at, heard in hits(one.alignment).items() if said[at]} for said, one in
             ((mine, ours), (others, theirs))]  # fmt: skip
    both = sorted(name for name in right[0] if name in right[1] and name is not None)

    def place(error: WordError, said: list[tuple[int, int] | None]) -> tuple[str, object]:
        before = [name for name in said[: error.reference_at] if name]
        name = said[error.reference_at] if error.kind != "insert" else None
        return ("word", name) if name else ("gap", len(before))

    def same_between(error: WordError) -> bool:
        said = mine[: error.reference_at]
        before = [name for name in both if name in said]
        number = len(before)
        heard = []
        for one, found in zip((ours, theirs), right, strict=True):
            start = found[both[number - 1]] + 1 if number else 0
            end = found[both[number]] if number < len(both) else None
            heard.append(one.alignment.hypothesis[start:end])
        return heard[0] == heard[1]

    there: dict[tuple[str, object], list[str]] = {}
    for error in word_errors(theirs.alignment):
        there.setdefault(place(error, others), []).append(error.hypothesis)
    unlike = []
    for error in word_errors(ours.alignment):
        left = there.get(place(error, mine), [])
        if error.hypothesis in left:
            left.remove(error.hypothesis)
        else:
            unlike.append(error)
    found_extra = []
    for error in unlike:
        left = there.get(place(error, mine), [])
        if left:
            left.pop()
        elif not same_between(error):
            found_extra.append(error)
    return tuple(found_extra)


def scored(said: str, streamed: str, posted: str, *, alternates: bool) -> Utterance:
    texts, references = PairedTexts({"a": streamed}, {"a": posted}, 0, 1, alternates=alternates), {"a": said}
    [utterance] = texts.utterances(references, texts.score(references, BASIC), BASIC)
    return utterance


@settings(max_examples=2000)
@given(SLOTS, HEARD, HEARD)
def test_every_network_comes_out_as_when_all_choices_are_tried(
    slots: list[list[Words]], streamed: Words, posted: Words
) -> None:
    ours, theirs = side(slots, streamed), side(slots, posted)
    for one in (ours, theirs):
        assert one.chosen.text.split() == list(flat(one.choice))
    found, fewer = extra(ours, theirs), extra(theirs, ours)
    assert found == naively_extra(ours, theirs)
    difference = distance(flat(ours.choice), streamed) - distance(flat(theirs.choice), posted)
    assert len(found) - len(fewer) == difference
    causes = scored(written(slots), " ".join(streamed), " ".join(posted), alternates=True).causes
    assert (tuple(one.error for one in causes.attributions), causes.fewer) == (found, len(fewer))


@given(SLOTS, HEARD)
def test_identical_answers_have_no_extra_errors(slots: list[list[Words]], heard: Words) -> None:
    assert extra(side(slots, heard), side(slots, heard)) == ()


@given(SLOTS, st.data())
def test_alternatives_that_are_right_are_no_errors_of_either(slots: list[list[Words]], data: st.DataObject) -> None:
    """Each side says other ones, and streaming a word that is in none."""
    said, other = (flat(tuple(data.draw(st.sampled_from(slot)) for slot in slots)) for _ in range(2))
    at = data.draw(st.integers(0, len(said)))
    ours, theirs = side(slots, (*said[:at], "d", *said[at:])), side(slots, other)
    assert [error.hypothesis for error in extra(ours, theirs)] == ["d"]
    assert extra(theirs, ours) == ()


@given(TEXTS, TEXTS, TEXTS)
def test_without_braces_the_option_changes_nothing(said: str, streamed: str, posted: str) -> None:
    plain, asked = (scored(said, streamed, posted, alternates=asked) for asked in (False, True))
    assert (plain.causes, plain.row.streaming) == (asked.causes, asked.row.streaming)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=1), min_size=1, max_size=5), HEARD, HEARD)
def test_a_group_without_a_choice_changes_nothing(slots: list[list[Words]], streamed: Words, posted: Words) -> None:
    texts = " ".join(streamed), " ".join(posted)
    plain = scored(written(slots), *texts, alternates=False)
    grouped = " ".join("{" + (" ".join(words) or "@") + "}" for [words] in slots)
    assert scored(grouped, *texts, alternates=True).causes == plain.causes
