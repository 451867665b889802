"""`run.json`: how a corpus was run and what it came to. A folder with one only ever goes on under the same settings."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from harness.corpus.rows import DELAYS, Row
from harness.corpus.settings import Settings, different
from harness.corpus.totals import Totals
from harness.errors import BadInput
from harness.results import CorpusRun, DelaySpread, why_unread
from harness.scoring.causes import Cause


def run_path(folder: Path) -> Path:
    """Where it lies."""
    return folder / "run.json"


def read_run(folder: Path) -> CorpusRun | None:
    """What a folder says of its run; None when it holds none.

    Raises:
        BadInput: it cannot be read, or is of another layout.
    """
    path = run_path(folder)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return msgspec.json.decode(data, type=CorpusRun)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: is no run of a corpus ({why_unread(data, error)})") from None


def write_run(folder: Path, run: CorpusRun) -> None:
    """Write it, whole or not at all.

    Raises:
        BadInput: the disk cannot take it.
    """
    path = run_path(folder)
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")
        os.replace(new, path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None


def settings_of(folder: Path, run: CorpusRun) -> Settings:
    """What a folder's run was begun under.

    Raises:
        BadInput: they are no settings.
    """
    try:
        return msgspec.convert(run.settings, Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"{run_path(folder)}: settings are none of a corpus ({error})") from None


def check_same(folder: Path, before: CorpusRun, settings: Settings) -> None:
    """Refuse to mix results.

    Raises:
        BadInput: the settings are others.
    """
    found = different(settings, settings_of(folder, before))
    if found is not None:
        raise BadInput(f"{folder}: {found}; wanted the same settings, or another folder")


class Counted:
    """Counts rows as they pass.

    Args:
        seed: of the comparison's interval.
    """

    def __init__(self, seed: int) -> None:
        self._totals = Totals(seed)
        self._finished = self._failed = self._unscored = self._synthetic = self._unknown = self._faulty = 0
        self._audio_s = 0.0
        self._causes: Counter[Cause] = Counter()
        self._delays = {name: array("d") for name in DELAYS}

    def pass_on(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, counted."""
        for row in rows:
            self._finished += 1
            self._failed += row.failed
            self._faulty += bool(row.reasons)
            self._unscored += row.reference is None
            self._synthetic += row.synthetic is True
            self._unknown += row.synthetic is None and not row.failed
            self._audio_s += row.audio_s
            self._totals.add(row)
            self._causes.update(row.causes or {})
            for name, seconds in self._delays.items():
                if (median_s := getattr(row, name)) is not None:
                    seconds.append(median_s)
            yield row

    def result(self, begun: CorpusRun) -> CorpusRun:
        """The run with what its rows came to."""
        return msgspec.structs.replace(
            begun,
            finished=self._finished,
            failed=self._failed,
            faulty=self._faulty,
            unscored=self._unscored,
            synthetic=self._synthetic,
            origin_unknown=self._unknown,
            audio_s=round(self._audio_s, 3),
            partial=self._finished < begun.files,
            totals=self._totals.result(),
            causes=dict(self._causes),
            delays={name: spread for name, seconds in self._delays.items() if (spread := DelaySpread.of(seconds))},
        )
