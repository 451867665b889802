"""Scoring: texts in, counts out. Pure: no files, no clock, no socket; jiwer loads with the first score."""

from harness.scoring.alignment import Alignment, Operation
from harness.scoring.error_rate import ErrorRate
from harness.scoring.latency import Percentiles, percentiles
from harness.scoring.normalize import Normalizer, normalizer
from harness.scoring.paired import LeftOut, PairedRow, PairedScore, score_pairs
from harness.scoring.texts import parse_texts
from harness.scoring.wer import CorpusScore, TextScore, score, score_many

__all__ = [
    "Alignment",
    "CorpusScore",
    "ErrorRate",
    "LeftOut",
    "Normalizer",
    "Operation",
    "PairedRow",
    "PairedScore",
    "Percentiles",
    "TextScore",
    "normalizer",
    "parse_texts",
    "percentiles",
    "score",
    "score_many",
    "score_pairs",
]
