"""Whichever file a run lies in: a baseline, results of `run`, lines of `score`, rows of `corpus`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from harness.errors import BadInput
from harness.gate.baseline import FORMAT, Baseline, joined, whole
from harness.gate.corpus_rows import baseline_of_rows, normalizers_of_rows
from harness.gate.lines import WANTED, decoded, numbered
from harness.gate.run_results import baseline_of
from harness.gate.score_lines import baseline_of_lines
from harness.results import RunResult

_CORPUS_TOTALS: Final = "the totals of a corpus; wanted its folder, or the rows.jsonl beside them"


class Source:
    """A file that holds a run. Rows of a corpus may be scored under several normalisers: one has to be chosen.

    Args:
        data: what is in it.
        name: what its user calls it.
        run: what `run.json` beside the rows of a corpus holds; None when there is none.

    Raises:
        BadInput: it is none of those files, or the run in it was interrupted.
    """

    def __init__(self, data: bytes, name: str, run: bytes | None = None) -> None:
        if not data.strip() and run is None:
            raise BadInput(f"{name} is empty; {WANTED}")
        self.name, self._data, self._run = name, data, run
        self._read = None if run is not None or _is_row(data) else read_baseline(data, name)

    @property
    def is_corpus(self) -> bool:
        """Whether its utterances are rows of a corpus."""
        return self._read is None

    @property
    def is_baseline(self) -> bool:
        """Whether it was written by `--save-baseline`."""
        return bool(_marks(self._data).format == FORMAT)

    @property
    def normalizers(self) -> tuple[str, ...]:
        """What it is scored under, in its order."""
        if self._read is None:
            return normalizers_of_rows(numbered(self._data, self.name))
        return tuple(dict.fromkeys(one.normalizer for one in self._read.utterances if one.normalizer))

    def under(self, normalizer: str | None) -> Baseline:
        """The run, with the scores under that normaliser; None leaves the choice to the file.

        Raises:
            BadInput: a row is broken, or rows are missing.
        """
        if self._read is not None:
            return self._read
        chosen = normalizer or next(iter(self.normalizers), "")
        return baseline_of_rows(numbered(self._data, self.name), self.name, chosen, self._run)


def read_both(base: Source, new: Source, wanted: str | None = None) -> tuple[Baseline, Baseline]:
    """Both runs under one normaliser: the first of the base's that the new run has too, unless one is wanted.

    Args:
        base: what was.
        new: what is now.
        wanted: name of a normaliser, with its version or without.

    Raises:
        BadInput: they share none, or not the one that is wanted.
    """
    offered = [source.normalizers for source in (base, new)]
    shared = [label for label in offered[0] if label in offered[1]]
    fit = [label for label in shared if wanted in (None, label, label.partition("@")[0])]
    chosen = next(iter(fit), None)
    if chosen is None and (wanted is not None or (all(offered) and (base.is_corpus or new.is_corpus))):
        told = "; ".join(
            f"{source.name} is scored under {', '.join(labels) or 'none'}"
            for source, labels in zip((base, new), offered, strict=True)
        )
        name = "one" if wanted is None else repr(wanted)
        raise BadInput(f"{told}; wanted {name} in both (`corpus --resume --normalizer` scores rows anew)")
    if chosen is None:
        chosen = next((labels[0] for labels in offered if labels), None)
    return base.under(chosen), new.under(chosen)


def read_baseline(data: bytes, name: str) -> Baseline:
    """Read a run from whichever file it lies in; of a corpus, the scores under the first normaliser.

    Raises:
        BadInput: it is none of them; the sentence names the file, and the line or field.
    """
    if not data.strip():
        raise BadInput(f"{name} is empty; {WANTED}")
    if _is_row(data):
        return Source(data, name).under(None)
    marks = _marks(data)
    if marks.format == FORMAT:
        baseline: Baseline = decoded(data, Baseline, name)
        return whole(
            joined(baseline), name, tool=baseline.tool, created=baseline.created, tolerances=baseline.tolerances
        )
    if marks.layout is not msgspec.UNSET:
        return _of_results(data, name, marks)
    if _is_object(next(numbered(data, name))[1]):
        return baseline_of_lines(numbered(data, name), name)
    decoded(data, dict, name)
    raise BadInput(f"{name}: JSON of another kind; {WANTED}")


class _Marks(msgspec.Struct):
    """What tells the kinds of file apart."""

    format: Any = None
    layout: Any = msgspec.UNSET
    cases: Any = msgspec.UNSET
    files: Any = msgspec.UNSET


class _RowMarks(msgspec.Struct):
    """What a row of a corpus has, and a line of `score` has not."""

    id: Any
    audio: Any


def _of_results(data: bytes, name: str, marks: _Marks) -> Baseline:
    if marks.files is not msgspec.UNSET and marks.cases is msgspec.UNSET:
        raise BadInput(f"{name}: {_CORPUS_TOTALS}")
    run = decoded(data, RunResult, name)
    if run.partial:
        raise BadInput(f"{name}: the results of a run that was interrupted; wanted those of a whole run")
    return _possible(baseline_of(run, name), name)


def _possible(baseline: Baseline, name: str) -> Baseline:
    """The same: counts of results may be any number, and those of a baseline must be what one utterance can have."""
    try:
        return msgspec.convert(msgspec.to_builtins(baseline), Baseline)
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: {error}, as a baseline has it; wanted results of a run") from None


def _marks(data: bytes) -> _Marks:
    """Of a whole document; a file of lines has none."""
    try:
        return msgspec.json.decode(data, type=_Marks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Marks()


def _is_row(data: bytes) -> bool:
    first = next(numbered(data, ""), ("", b""))[1]
    try:
        msgspec.json.decode(first, type=_RowMarks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
