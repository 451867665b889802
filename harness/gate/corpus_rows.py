"""What of the rows of `dgharness corpus` the gate keeps; their layout is that of `harness.corpus.rows`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.errors import BadInput
from harness.gate.baseline import Baseline, Side, Utterance, rounded, whole
from harness.gate.lines import decoded
from harness.gate.score_lines import Counted

_DELAYS = {
    "first_interim": "first_interim_wall_s",
    "first_final": "first_final_wall_s",
    "last_message": "last_message_wall_s",
    "word_shown": "word_shown_p50_wall_s",
    "word_final": "word_final_p50_wall_s",
    "end_of_speech": "end_of_speech_p50_wall_s",
}


class _Scored(msgspec.Struct):
    normalizer: str
    streaming: Counted
    prerecorded: Counted
    streaming_characters: Counted
    prerecorded_characters: Counted


class _Row(msgspec.Struct):
    id: str
    audio: str
    reference: str | None = None
    streaming_failure: str | None = None
    prerecorded_failure: str | None = None
    reasons: tuple[str, ...] = ()
    streaming: str | None = None
    prerecorded: str | None = None
    scores: tuple[_Scored, ...] = ()
    first_interim_wall_s: float | None = None
    first_final_wall_s: float | None = None
    last_message_wall_s: float | None = None
    word_shown_p50_wall_s: float | None = None
    word_final_p50_wall_s: float | None = None
    end_of_speech_p50_wall_s: float | None = None


class _Run(msgspec.Struct):
    """Of `run.json`, what tells whether the rows are all there."""

    files: int
    partial: bool


def normalizers_of_rows(lines: Iterator[tuple[str, bytes]]) -> tuple[str, ...]:
    """What the first row with a score is scored under; a corpus has all its rows under the same."""
    for place, line in lines:
        row: _Row = decoded(line, _Row, place)
        if row.scores:
            return tuple(scored.normalizer for scored in row.scores)
    return ()


def baseline_of_rows(lines: Iterator[tuple[str, bytes]], name: str, normalizer: str, run: bytes | None) -> Baseline:
    """The baseline of all rows, each with its place.

    Args:
        lines: of `rows.jsonl`.
        name: of the file.
        normalizer: the one among theirs whose scores count; empty when they have none.
        run: what `run.json` beside them holds; None when there is none.

    Raises:
        BadInput: a row is broken or scored under others, two have one id, or rows are missing.
    """
    baseline = whole((_utterance(decoded(line, _Row, place), normalizer, place) for place, line in lines), name)
    if run is not None:
        _check_whole(decoded(run, _Run, f"run.json beside {name}"), len(baseline.utterances), name)
    return baseline


def _check_whole(run: _Run, rows: int, name: str) -> None:
    if run.partial or rows != run.files:
        raise BadInput(
            f"{name}: the rows of a corpus that was interrupted ({rows} of {run.files} files); wanted those of a whole "
            "one, and `corpus --resume` does the others"
        )


def _utterance(row: _Row, normalizer: str, place: str) -> Utterance:
    scored = next((one for one in row.scores if one.normalizer == normalizer), None)
    if row.scores and scored is None:
        found = ", ".join(one.normalizer for one in row.scores)
        raise BadInput(f"{place}: is scored under {found}; wanted {normalizer}, as in the rows before")
    return Utterance(
        id=row.id,
        normalizer=scored.normalizer if scored else "",
        reference=row.reference,
        streaming=_side(
            row.streaming,
            row.streaming_failure,
            scored.streaming if scored else None,
            scored.streaming_characters if scored else None,
        ),
        prerecorded=_side(
            row.prerecorded,
            row.prerecorded_failure,
            scored.prerecorded if scored else None,
            scored.prerecorded_characters if scored else None,
        ),
        delays_wall_s=_delays(row),
        passed=row.streaming_failure is None and row.prerecorded_failure is None and not row.reasons,
    )


def _side(text: str | None, failure: str | None, words: Counted | None, characters: Counted | None) -> Side:
    """A side that failed has the score of an empty text already."""
    return Side(
        words=words.edits if words else None,
        characters=characters.edits if characters else None,
        text=text or "",
        failed=failure is not None,
    )


def _delays(row: _Row) -> dict[str, float]:
    if row.streaming_failure is not None:
        return {}
    return rounded((name, getattr(row, field)) for name, field in _DELAYS.items())
