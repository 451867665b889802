"""`rows.parquet`: the rows as a table, a line for each file and normaliser, for queries over many runs.

Every row carries its run's id and how the run was made, so that `SELECT … FROM 'runs/*/rows.parquet'` needs no join.
Written in batches: memory does not grow with the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from harness.corpus.rows import Row, Scored, Tally
from harness.errors import BadInput
from harness.results import CorpusRun
from harness.scoring.causes import Cause

_BATCH: Final = 1000
_TALLY: Final = Tally.__struct_fields__
_SIDES: Final = tuple(name for name in Scored.__struct_fields__ if name != "normalizer")
_TEXTS: Final = ("run_id", "created", "tool", "answers", "id", "audio", "segment", "sha256", "reference", "replies")
_NESTED: Final = ("segment", "scores", "causes", "extra_errors")
_FAILURES: Final = ("streaming_failure", "prerecorded_failure")
_NUMBERS: Final = tuple(name for name in Row.__struct_fields__ if name.endswith(("audio_s", "_wall_s")))


def available() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def write_parquet(path: Path, rows: Iterable[Row], run: CorpusRun) -> None:
    """Write a table.

    Raises:
        BadInput: the disk cannot take it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(list(_columns(pa)))
    of_run = {"run_id": run.run_id, "created": run.created, "tool": run.tool, "answers": run.settings.get("answers")}
    new = path.with_name(f"{path.name}.new")
    try:
        # pyarrow opens no path that is not UTF-8.
        with new.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            batch: list[dict[str, Any]] = []
            for row in rows:
                batch += [of_run | line for line in _lines(row)]
                if len(batch) >= _BATCH:
                    writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
                    batch.clear()
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
        new.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from None


def _columns(pa: Any) -> Iterator[Any]:
    yield from ((name, pa.string()) for name in _TEXTS)
    yield from ((name, pa.bool_()) for name in ("synthetic",))
    yield from ((name, pa.string()) for name in (*_FAILURES, "streaming", "prerecorded", "normalizer"))
    yield "reasons", pa.list_(pa.string())
    yield from ((name, pa.int64()) for name in ("interims", "finals"))
    yield from ((name, pa.float64()) for name in _NUMBERS)
    yield from ((f"{side}_{name}", pa.int64()) for side in _SIDES for name in _TALLY)
    yield from ((f"cause_{cause.name.lower()}", pa.int64()) for cause in Cause)


def _lines(row: Row) -> Iterator[dict[str, Any]]:
    """One for each normaliser; a single one, without counts, of a file that has no reference."""
    plain = {name: getattr(row, name) for name in Row.__struct_fields__ if name not in _NESTED}
    plain["segment"] = None if row.segment is None else str(row.segment)
    plain |= {f"cause_{cause.name.lower()}": found for cause, found in (row.causes or {}).items()}
    if not row.scores:
        yield plain
    for scored in row.scores:
        counts = {f"{side}_{name}": getattr(getattr(scored, side), name) for side in _SIDES for name in _TALLY}
        yield plain | {"normalizer": scored.normalizer} | counts
