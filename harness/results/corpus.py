"""What a corpus of many files came to: counts, never the files themselves."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from harness.results.delay import DelaySpread
from harness.results.scores import Comparison, Score
from harness.scoring.causes import Cause


class CorpusTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All files with a reference under one normaliser; a side that failed counts as an empty transcript.

    Attributes:
        normalizer: name and version.
        utterances: how many files.
        streaming, prerecorded: their counts added up.
        comparison: streaming against pre-recorded.
    """

    normalizer: str
    utterances: int
    streaming: Score
    prerecorded: Score
    comparison: Comparison


class CorpusRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a corpus came to; layout of `run.json` and of `dgharness corpus --json`.

    Attributes:
        layout: version of this layout.
        tool: name and version of the writer.
        run_id: what the rows in Parquet carry.
        created: when the folder was begun, RFC 3339 UTC.
        settings: what decides the transcripts, by name; see `harness.corpus.settings.Settings`.
        files: how many the corpus has.
        finished: how many of them have a row.
        failed: of the finished, those of which a side was not completed.
        faulty: of the finished, those whose session was completed with something wrong in it.
        unscored: of the finished, those without a reference.
        synthetic: of the finished, those whose answers were made up; `origin_unknown`: that may have been.
        audio_s: seconds of audio of all the finished.
        partial: whether files are missing.
        totals: under each normaliser.
        causes: of all errors that streaming has and pre-recorded has not, how many have each cause.
        delays: over the files that were sent in real time, by the field of the row (`word_shown_p50_wall_s`): how each
            file's median spreads.
    """

    layout: Literal[1] = 1
    tool: str
    run_id: str
    created: str
    settings: dict[str, Any]
    files: int
    finished: int = 0
    failed: int = 0
    faulty: int = 0
    unscored: int = 0
    synthetic: int = 0
    origin_unknown: int = 0
    audio_s: float = 0.0
    partial: bool = True
    totals: tuple[CorpusTotal, ...] = ()
    causes: dict[Cause, int] = {}
    delays: dict[str, DelaySpread] = {}
