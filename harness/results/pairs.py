"""Utterances that were heard twice, streamed and posted: all of them in figures, and the worst of them in full."""

from __future__ import annotations

import msgspec

from harness.results.causes import CauseCounts, ExtraError
from harness.results.corpus import CorpusTotal
from harness.results.scores import AlignedRun, Counts
from harness.scoring.causes import Cause


class PairedUtterance(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance in full.

    Attributes:
        id: what it is called.
        audio: path of its audio; None where texts alone were compared.
        audio_s: how long it plays; None as above.
        troubles: why a side has no transcript, and what else went wrong, one sentence each.
        notes: what else there is to say, a sentence each; `marks` are the same in a word or two.
        streaming, prerecorded: word counts against the reference; None without one.
        streaming_text, prerecorded_text: what was heard; None where that side failed.
        streaming_alignment, prerecorded_alignment: the same beside the reference; empty without one.
        causes: of the errors that streaming has and pre-recorded has not, how many have each cause.
        extra_errors: those errors themselves.
        delays_wall_s: by what is measured, the median of its words.
    """

    id: str
    audio: str | None = None
    audio_s: float | None = None
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    streaming: Counts | None = None
    prerecorded: Counts | None = None
    streaming_text: str | None = None
    prerecorded_text: str | None = None
    streaming_alignment: tuple[AlignedRun, ...] = ()
    prerecorded_alignment: tuple[AlignedRun, ...] = ()
    causes: dict[Cause, int] = {}
    extra_errors: tuple[ExtraError, ...] = ()
    delays_wall_s: dict[str, float] = {}


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Any number of utterances. `harness.pairs` gathers them.

    A curve is at most `harness.pairs.CURVE_POINTS` values in ascending order; the k-th of n is the nearest-rank
    percentile of k/n.

    Attributes:
        utterances: how many there are.
        shown: those in full, the worst first.
        errors_more: by streaming's word errors less pre-recorded's, how many utterances have that difference.
        streaming_wer, prerecorded_wer: curves over the utterances that have words.
        delays_wall_s: by what is measured, a curve over the utterances.
    """

    utterances: int
    shown: tuple[PairedUtterance, ...]
    errors_more: dict[int, int]
    streaming_wer: tuple[float, ...]
    prerecorded_wer: tuple[float, ...]
    delays_wall_s: dict[str, tuple[float, ...]]


class TranscriptScores(msgspec.Struct, frozen=True, kw_only=True):
    """What `dgharness score` found in two sets of transcripts.

    Attributes:
        tool: name and version of the writer.
        files: what was read, by what it holds.
        totals: of the ids that are on all sides, under each normaliser.
        unscored: why other ids were left out, and how many for each reason.
        causes: of the errors that only streaming has.
        notes: what else there is to say.
    """

    tool: str
    files: dict[str, str]
    totals: tuple[CorpusTotal, ...]
    unscored: dict[str, int]
    causes: CauseCounts
    notes: tuple[str, ...]
