"""A baseline: what of a run is worth keeping to hold the next one against, small enough to live in a repository."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from harness.errors import BadInput
from harness.results import CaseResult, Counts, Outcome, Prerecorded, RunResult, Streamed
from harness.scoring.error_rate import ErrorRate

FORMAT: Final = "dgharness-baseline"
VERSION: Final = 1


class Edits(msgspec.Struct, frozen=True, array_like=True):
    """Edit counts; in JSON an array in this order."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @classmethod
    def of(cls, counts: Counts) -> Edits:
        """The counts of a result."""
        return cls(counts.hits, counts.substitutions, counts.deletions, counts.insertions)

    @property
    def counted(self) -> ErrorRate:
        """The counts of the scoring room."""
        return ErrorRate(self.hits, self.substitutions, self.deletions, self.insertions)


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One endpoint's answer to one utterance.

    Attributes:
        words, characters: its edit counts; None when it has no score, because it failed or there is no reference.
        text: what was heard; None when that is not known.
        failed: whether it came to no answer.
    """

    words: Edits | None = None
    characters: Edits | None = None
    text: str | None = None
    failed: bool = False


class Utterance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One utterance, or one case.

    Attributes:
        id: what both runs call it.
        normalizer: that it was scored under, as in `basic@1`; empty without a score.
        streaming, prerecorded: None when that endpoint was not asked.
        delays_wall_s: delays of the streaming session by name, in wall seconds.
        errors, warnings: of the judge; None when the session was not judged.
        passed: whether the case passed; None when nobody said.
    """

    id: str
    normalizer: str = ""
    streaming: Side | None = None
    prerecorded: Side | None = None
    delays_wall_s: dict[str, float] = {}
    errors: int | None = None
    warnings: int | None = None
    passed: bool | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A run to hold later ones against; layout in docs/reference/gate.md.

    Attributes:
        tool, created: of the run.
        tolerances: by metric, how much worse a later run may be.
        utterances: in the order they were run.
    """

    format: Literal["dgharness-baseline"] = FORMAT
    version: Literal[1] = VERSION
    tool: str = ""
    created: str = ""
    tolerances: dict[str, float] = {}
    utterances: tuple[Utterance, ...]


def baseline_of(run: RunResult, name: str) -> Baseline:
    """What of a run is kept.

    Raises:
        BadInput: two of its cases have one name, so that nothing could be held against them.
    """
    utterances = tuple(map(_utterance, run.cases))
    _check_ids(utterances, name)
    return Baseline(tool=run.tool, created=run.created, utterances=utterances)


def read_baseline(data: bytes, name: str) -> Baseline:
    """Read a baseline, the results of `dgharness run`, or the utterances of `dgharness score`, whichever it is.

    Raises:
        BadInput: it is none of them; the sentence names the file, and the line or field.
    """
    if not data.strip():
        raise BadInput(f"{name} is empty; {_WANTED}")
    try:
        marks = msgspec.json.decode(data, type=_Marks)
    except msgspec.DecodeError as error:
        if b"\n" in data.strip():
            return _of_utterances(data, name)
        raise BadInput(f"{name}: {error}; {_WANTED}") from None
    if marks.format == FORMAT:
        baseline: Baseline = _decoded(data, Baseline, name)
        _check_ids(baseline.utterances, name)
        return baseline
    if marks.layout is not msgspec.UNSET:
        run = _decoded(data, RunResult, name)
        if run.partial:
            raise BadInput(f"{name}: the results of a run that was interrupted; wanted those of a whole run")
        return baseline_of(run, name)
    return _of_utterances(data, name)


_WANTED: Final = "wanted a baseline, the results of `run --json-file` or the lines of `score --utterances-file`"


class _Marks(msgspec.Struct):
    """What tells the kinds of file apart."""

    format: Any = None
    layout: Any = msgspec.UNSET


class _Tokens(msgspec.Struct):
    """Counts as `score --utterances-file` writes them."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def edits(self) -> Edits:
        return Edits(self.hits, self.substitutions, self.deletions, self.insertions)


class _Row(msgspec.Struct):
    """A line of `score --utterances-file`."""

    id: str
    normalizer: str
    streaming: _Tokens
    prerecorded: _Tokens


def _of_utterances(data: bytes, name: str) -> Baseline:
    rows = [
        _decoded(line, _Row, f"{name}, line {number}")
        for number, line in enumerate(data.split(b"\n"), start=1)
        if line.strip()
    ]
    utterances = tuple(
        Utterance(
            id=row.id,
            normalizer=row.normalizer,
            streaming=Side(words=row.streaming.edits),
            prerecorded=Side(words=row.prerecorded.edits),
        )
        for row in rows
    )
    _check_ids(utterances, name)
    return Baseline(utterances=utterances)


def _decoded(data: bytes, kind: type[Any], name: str) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(f"{name}: {error}; {_WANTED}") from None


def _check_ids(utterances: tuple[Utterance, ...], name: str) -> None:
    seen: set[str] = set()
    for utterance in utterances:
        if utterance.id in seen:
            raise BadInput(
                f"{name}: {utterance.id!r} occurs twice; runs are held together by name, so each needs its own"
            )
        seen.add(utterance.id)


def _utterance(case: CaseResult) -> Utterance:
    scores = [part.score for part in (case.streamed, case.prerecorded) if part and part.score]
    return Utterance(
        id=case.name,
        normalizer=scores[0].normalizer if scores else "",
        streaming=_side(case.streamed),
        prerecorded=_side(case.prerecorded),
        delays_wall_s=dict(_delays(case.streamed)),
        errors=case.verdict.counts.errors if case.verdict else None,
        warnings=case.verdict.counts.warnings if case.verdict else None,
        passed=case.outcome is Outcome.PASS,
    )


def _side(part: Streamed | Prerecorded | None) -> Side | None:
    if part is None:
        return None
    score = part.score
    return Side(
        words=Edits.of(score.words) if score else None,
        characters=Edits.of(score.characters) if score else None,
        text=" ".join(part.transcript),
        failed=part.failure is not None,
    )


def _delays(streamed: Streamed | None) -> Iterator[tuple[str, float]]:
    if streamed is None or streamed.failure is not None:
        return
    found = {
        "first_interim": streamed.first_interim_wall_s,
        "first_final": streamed.first_final_wall_s,
        "last_message": streamed.last_message_wall_s,
    }
    for name, seconds in found.items():
        if seconds is not None:
            yield name, seconds
