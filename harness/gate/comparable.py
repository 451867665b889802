"""May two runs' scores of one utterance be held against each other? If not, why not, in one sentence."""

from __future__ import annotations

from functools import partial

from harness.errors import BadInput
from harness.gate.baseline import Utterance
from harness.scoring.normalize import normalizer

ENDPOINTS = ("streaming", "prerecorded")


def why_incomparable(base: Utterance, new: Utterance) -> str | None:
    """What changed besides the answer; None when nothing did."""
    if base.normalizer and new.normalizer and base.normalizer != new.normalizer:
        return f"{base.id}: scored under {base.normalizer} before and under {new.normalizer} now"
    lost = next(filter(None, (_lost(base, new, endpoint) for endpoint in ENDPOINTS)), None)
    if lost is not None:
        return f"{base.id}: {lost}"
    lengths = next((pair for pair in map(partial(_lengths, base, new), ENDPOINTS) if pair[0] != pair[1]), None)
    if base.reference is None or new.reference is None:
        changed = lengths is not None
    else:
        # One reference may come in two lengths: that of the alternatives which fit each answer best.
        changed = not _same_words(base.reference, new.reference, base.normalizer or new.normalizer)
    if not changed:
        return None
    if lengths is None:
        return f"{base.id}: the reference has other words than before"
    return f"{base.id}: the reference had {lengths[0]} words before and has {lengths[1]} now"


def _lost(base: Utterance, new: Utterance, endpoint: str) -> str | None:
    before, now = getattr(base, endpoint), getattr(new, endpoint)
    if before is None:
        return None
    if now is None:
        return f"{endpoint} was asked before and is not now"
    if before.words is not None and now.words is None and not now.failed:
        return f"{endpoint} was scored before and is not now"
    return None


def _lengths(base: Utterance, new: Utterance, endpoint: str) -> tuple[int, int]:
    """Words of the reference in both runs; alike where one does not tell."""
    sides = [getattr(one, endpoint) for one in (base, new)]
    known = [side.words.counted.reference_length for side in sides if side is not None and side.words is not None]
    return (known[0], known[1]) if len(known) == len(sides) else (0, 0)


def _same_words(before: str, now: str, label: str) -> bool:
    """Whether the normaliser makes them one text; where it is not the very one of the scores, they must be alike."""
    if before == now:
        return True
    try:
        normalise = normalizer(label.partition("@")[0])
    except BadInput:
        return False
    return normalise.label == label and normalise(before) == normalise(now)
