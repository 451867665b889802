from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from harness.gate.baseline import Baseline, Edits, Side, Utterance

WORDS = 4

Run: TypeAlias = Callable[..., Baseline]


@pytest.fixture
def run() -> Run:
    """Makes a run of four-word utterances from the number of wrong words in each; None is a failure."""

    def make(wrong: Sequence[int | None], posted: Sequence[int | None] | None = None, **delays: float) -> Baseline:
        answers = zip(wrong, wrong if posted is None else posted, strict=True)
        utterances = (
            Utterance(
                id=f"u{number}",
                normalizer="basic@1",
                streaming=_side(streamed),
                prerecorded=_side(whole),
                delays_wall_s=delays,
                errors=0,
                warnings=0,
                passed=streamed is not None,
            )
            for number, (streamed, whole) in enumerate(answers)
        )
        return Baseline(utterances=tuple(utterances))

    return make


def _side(wrong: int | None) -> Side:
    if wrong is None:
        return Side(failed=True, text="")
    return Side(words=Edits(WORDS - wrong, wrong, 0, 0), text=f"{wrong} wrong")
