"""What a run came to: frozen values that msgspec writes as JSON, and the only thing that reports see.

The JSON layout is documented in docs/reference/results.md and is stable within `LAYOUT_VERSION`. Counts are stored,
rates are stored beside them for readers that cannot divide; a rate is null where it is undefined.
"""

from harness.results.causes import CauseCounts, Causes, ExtraError
from harness.results.corpus import CorpusRun, CorpusTotal
from harness.results.delay import Delay, DelaySpread, DelayTotal, ReadAtDelay, Stability
from harness.results.delay_document import DelayDocument, MeasuredStream, MeasuredTotal
from harness.results.encoding import from_json, schema, to_builtins, to_json, why_unread
from harness.results.exploration import Exploration, Spread
from harness.results.gate import Change, GateResult, MetricChange, UtteranceChange
from harness.results.pairs import PairedUtterance, Pairs, TranscriptScores
from harness.results.run import (
    LAYOUT_VERSION,
    CaseResult,
    Check,
    Gap,
    Outage,
    Outcome,
    Pacing,
    Prerecorded,
    RunResult,
    Streamed,
)
from harness.results.score_document import (
    CauseTotals,
    Edits,
    ErrorKinds,
    FlippedUtterance,
    PhraseScore,
    ReferenceBand,
    ScoreDifference,
    ScoreDocument,
    ScoredPair,
    ScoredText,
    ScoreLine,
    SideBand,
    SideErrors,
    SideScore,
)
from harness.results.scores import AlignedRun, Comparison, Counts, Score, Tokens
from harness.results.timeline import Timeline, TimelineEvent, TimelineSpan

__all__ = [
    "LAYOUT_VERSION",
    "AlignedRun",
    "CaseResult",
    "CauseCounts",
    "CauseTotals",
    "Causes",
    "Change",
    "Check",
    "Comparison",
    "CorpusRun",
    "CorpusTotal",
    "Counts",
    "Delay",
    "DelayDocument",
    "DelaySpread",
    "DelayTotal",
    "Edits",
    "ErrorKinds",
    "Exploration",
    "ExtraError",
    "FlippedUtterance",
    "Gap",
    "GateResult",
    "MeasuredStream",
    "MeasuredTotal",
    "MetricChange",
    "Outage",
    "Outcome",
    "Pacing",
    "PairedUtterance",
    "Pairs",
    "PhraseScore",
    "Prerecorded",
    "ReadAtDelay",
    "ReferenceBand",
    "RunResult",
    "Score",
    "ScoreDifference",
    "ScoreDocument",
    "ScoreLine",
    "ScoredPair",
    "ScoredText",
    "SideBand",
    "SideErrors",
    "SideScore",
    "Spread",
    "Stability",
    "Streamed",
    "Timeline",
    "TimelineEvent",
    "TimelineSpan",
    "Tokens",
    "TranscriptScores",
    "UtteranceChange",
    "from_json",
    "schema",
    "to_builtins",
    "to_json",
    "why_unread",
]
