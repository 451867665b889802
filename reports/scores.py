"""Streaming and pre-recorded scores side by side, as rows of formatted figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from harness.results import Comparison, Counts, Score
from reports.figures import UNDEFINED, count, one_line, percent, points, undefined

if TYPE_CHECKING:
    from harness.scoring.paired import LeftOut

NOT_SCORED: Final = "not scored"
NORMALIZER_ROW: Final = "normaliser"


class Side(NamedTuple):
    """One column: its score, or why it has none."""

    score: Score | None
    reason: str = ""


class ScoreRow(NamedTuple):
    """One measure of both sides; `difference` is streaming less pre-recorded."""

    measure: str
    streaming: str
    prerecorded: str
    difference: str


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Both sides, measure by measure.

    Attributes:
        title: what the figures are, and what they are not when replies are synthetic.
        rows: one per measure; empty when neither side is scored.
        notes: why a side is not scored or a difference not given.
    """

    title: str
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...]


class _Rate(NamedTuple):
    name: str
    value: Callable[[Score], float | None]
    why_undefined: Callable[[Score], str]


def _no_words(score: Score) -> str:
    return "undefined" if score.words.reference_length else "empty reference"


def _no_characters(score: Score) -> str:
    return "undefined" if score.characters.reference_length else "empty reference"


def _no_positions(score: Score) -> str:
    return "undefined" if score.words.reference_length or score.words.insertions else "both texts empty"


_RATES: Final = (
    _Rate("WER", lambda score: score.words.rate, _no_words),
    _Rate("MER", lambda score: score.mer, _no_positions),
    _Rate("WIL", lambda score: score.wil, _no_words),
    _Rate("CER", lambda score: score.characters.rate, _no_characters),
)
_COUNTS: Final[tuple[tuple[str, Callable[[Counts], int]], ...]] = (
    ("hits", lambda words: words.hits),
    ("substitutions", lambda words: words.substitutions),
    ("deletions", lambda words: words.deletions),
    ("insertions", lambda words: words.insertions),
    ("reference words", lambda words: words.reference_length),
)


def score_title(origins: Iterable[bool | None]) -> str:
    """What the figures over cases of these origins (`CaseResult.synthetic`) are."""
    flags = list(origins)
    return counted_score_title(len(flags), synthetic=flags.count(True), unknown=flags.count(None))


def counted_score_title(scored: int, *, synthetic: int, unknown: int) -> str:
    """What the figures over so many cases are, of which some have synthetic replies, and some perhaps.

    Errors in made-up replies say nothing about a recogniser, so they are never called its accuracy.
    """
    if synthetic and synthetic == scored:
        return "Errors in synthetic replies: made up, nothing was recognised; not the accuracy of Deepgram"
    if synthetic:
        share = f"{synthetic} of {count(scored, 'scored case')}"
        return f"Errors against the reference; replies are synthetic in {share}: not the accuracy of Deepgram"
    if unknown:
        share = f"{unknown} of {count(scored, 'scored case')}"
        return f"Errors against the reference; whether replies are synthetic is not known in {share}"
    return "Errors against the reference"


def score_table(
    title: str, streaming: Side, prerecorded: Side, notes: Iterable[str] = (), *, comparable: bool = True
) -> ScoreTable:
    """Lay two sides out.

    Args:
        title: as of `score_title`.
        streaming: the left column.
        prerecorded: the right column.
        notes: come before those that are found here.
        comparable: False when the sides are known to stand on different texts, which `notes` then say: the counts
            alone may not tell.
    """
    left, right = streaming.score, prerecorded.score
    sides = {"streaming": streaming, "pre-recorded": prerecorded}
    absent = [f"{name}: {NOT_SCORED}, {side.reason}" for name, side in sides.items() if side.score is None]
    if left is None and right is None:
        return ScoreTable(f"Errors against the reference: {NOT_SCORED}", (), (*notes, *absent))
    all_notes = [*notes, *absent]
    if comparable and left is not None and right is not None and not _same_reference(left, right):
        comparable = False
        all_notes.append("no difference is given: the sides have different references or normalisers")
    return ScoreTable(title, tuple(_rows(left, right, comparable)), tuple(all_notes))


def rate_cell(score: Score | None) -> str:
    """The WER alone, for a table of cases."""
    return _rate(_RATES[0], score)


def unscored_ids(left_out: LeftOut) -> dict[str, int]:
    """Why ids were left out, and how many for each reason; reasons without ids are not there."""
    reasons = {
        "only in the references": left_out.only_in_references,
        "only in streaming": left_out.only_in_streaming,
        "only in pre-recorded": left_out.only_in_prerecorded,
        "missing in the references": left_out.missing_in_references,
        "missing in streaming": left_out.missing_in_streaming,
        "missing in pre-recorded": left_out.missing_in_prerecorded,
    }
    return {reason: number for reason, number in reasons.items() if number}


def unscored_line(unscored: Mapping[str, int]) -> str | None:
    """How many ids were left out and why, as one line; None when every id was scored."""
    left_out = {reason: number for reason, number in unscored.items() if number}
    if not left_out:
        return None
    reasons = ", ".join(f"{number} {one_line(reason)}" for reason, number in left_out.items())
    return f"{count(sum(left_out.values()), 'id')} not scored: {reasons}"


def comparison_line(comparison: Comparison) -> str:
    """What may be said of streaming against pre-recorded, and on what grounds, as one line."""
    grounds = [f"{count(comparison.utterances, 'utterance')}: {comparison.more} worse, {comparison.fewer} better"]
    if comparison.rate is not None:
        grounds.append(f"WER difference {points(comparison.rate)}")
    if comparison.low is not None and comparison.high is not None:
        grounds.append(f"95 % interval {points(comparison.low)} to {points(comparison.high)}")
    grounds.append(f"p {probability(comparison.p_value)}, {one_line(comparison.test)}")
    grounds.append(f"seed {comparison.seed}")
    return f"streaming against pre-recorded: {one_line(comparison.verdict)} ({'; '.join(grounds)})"


def probability(value: float) -> str:
    """A p-value with its sign; a very small one is only bounded."""
    return "< 0.0001" if value < 0.0001 else f"= {value:.4f}"


def _rows(left: Score | None, right: Score | None, comparable: bool) -> Iterator[ScoreRow]:
    for rate in _RATES:
        difference = _difference(rate, left, right) if comparable else UNDEFINED
        yield ScoreRow(rate.name, _rate(rate, left), _rate(rate, right), difference)
    for name, number in _COUNTS:
        streaming, prerecorded = (None if score is None else number(score.words) for score in (left, right))
        difference = _more(streaming, prerecorded) if comparable else ""
        yield ScoreRow(name, _count(streaming), _count(prerecorded), difference)
    streamed_under, posted_under = (UNDEFINED if one is None else one_line(one.normalizer) for one in (left, right))
    yield ScoreRow(NORMALIZER_ROW, streamed_under, posted_under, "")


def _count(number: int | None) -> str:
    return UNDEFINED if number is None else str(number)


def _more(left: int | None, right: int | None) -> str:
    return "" if left is None or right is None else f"{left - right:+d}"


def _rate(rate: _Rate, score: Score | None) -> str:
    if score is None:
        return NOT_SCORED
    value = rate.value(score)
    return undefined(rate.why_undefined(score)) if value is None else percent(value)


def _difference(rate: _Rate, left: Score | None, right: Score | None) -> str:
    shares = [None if score is None else rate.value(score) for score in (left, right)]
    return UNDEFINED if shares[0] is None or shares[1] is None else points(shares[0] - shares[1])


def _same_reference(left: Score, right: Score) -> bool:
    """Whether a difference means something: one normaliser and one reference, as far as the counts tell."""
    return left.normalizer == right.normalizer and left.words.reference_length == right.words.reference_length
