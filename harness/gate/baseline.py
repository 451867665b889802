"""A baseline: what of a run is worth keeping to hold the next one against, small enough to live in a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from harness.errors import BadInput
from harness.results import Counts, Tokens
from harness.scoring.error_rate import ErrorRate

FORMAT: Final = "dgharness-baseline"
VERSION: Final = 1


Found: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""A count of what the judge found in one session."""


class Edits(msgspec.Struct, frozen=True, array_like=True):
    """Edit counts; in JSON an array in this order."""

    hits: Tokens
    substitutions: Tokens
    deletions: Tokens
    insertions: Tokens

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
    """One utterance, one case, or one file of a corpus.

    Attributes:
        id: what both runs call it.
        normalizer: that it was scored under, as in `basic@1`; empty without a score.
        reference: what was said; None when that is not known.
        streaming, prerecorded: None when that endpoint was not asked.
        delays_wall_s: delays of the streaming session by name, in wall seconds, to the millisecond.
        errors, warnings: of the judge; None when the session was not judged.
        passed: whether the case passed; None when nobody said.
    """

    id: str
    normalizer: str = ""
    reference: str | None = None
    streaming: Side | None = None
    prerecorded: Side | None = None
    delays_wall_s: dict[str, float] = {}
    errors: Found | None = None
    warnings: Found | None = None
    passed: bool | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A run to hold later ones against; layout in docs/reference/gate.md.

    Attributes:
        tool, created: of the run.
        tolerances: by metric, how much worse a later run may be.
        utterances: in the order they were run.
        delays_wall_s: in a file, the delays of the utterances by id: they differ in every run, and stand apart so that
            a line of `utterances` changes with an answer and with nothing else. Empty once it is read.
    """

    format: Literal["dgharness-baseline"] = FORMAT
    version: Literal[1] = VERSION
    tool: str = ""
    created: str = ""
    tolerances: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    utterances: tuple[Utterance, ...]
    delays_wall_s: dict[str, dict[str, float]] = {}


def whole(utterances: Iterable[Utterance], name: str, **head: Any) -> Baseline:
    """A baseline of these.

    Raises:
        BadInput: two of them have one id, so that nothing could be held against them.
    """
    found = tuple(utterances)
    seen: set[str] = set()
    for utterance in found:
        if utterance.id in seen:
            raise BadInput(
                f"{name}: {utterance.id!r} occurs twice; runs are held together by name, so each needs its own"
            )
        seen.add(utterance.id)
    return Baseline(utterances=found, **head)


def rounded(delays: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    """Those delays that there are, to the millisecond: no clock of a test says more, and files stay readable."""
    return {name: round(seconds, 3) for name, seconds in delays if seconds is not None}


def write_baseline(baseline: Baseline) -> str:
    """A baseline as JSON, an utterance a line: a change of one answer is a change of one line.

    The same run gives the same bytes.
    """
    rows = [_json(msgspec.structs.replace(utterance, delays_wall_s={})) for utterance in baseline.utterances]
    delays = [f"{_json(one.id)}:{_json(one.delays_wall_s)}" for one in baseline.utterances if one.delays_wall_s]
    head = msgspec.structs.replace(baseline, utterances=(), delays_wall_s={})
    start = _json(head).partition('"utterances":[]')[0]
    text = f'{start}"utterances":[\n{_lines(rows)}]'
    return f'{text},"delays_wall_s":{{\n{_lines(delays)}}}}}\n' if delays else f"{text}}}\n"


def joined(baseline: Baseline) -> Iterator[Utterance]:
    """The utterances of a file with the delays that stand apart from them."""
    for utterance in baseline.utterances:
        delays = baseline.delays_wall_s.get(utterance.id)
        yield utterance if delays is None else msgspec.structs.replace(utterance, delays_wall_s=delays)


def _lines(rows: list[str]) -> str:
    return "".join(f"  {row}{',' if number < len(rows) else ''}\n" for number, row in enumerate(rows, start=1))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
