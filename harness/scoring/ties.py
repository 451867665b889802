"""Which of several equal words is missing: texts cannot tell, times can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.scoring.word_times import Interval


def shift_of_missing(
    start: int,
    end: int,
    reference: Sequence[str],
    heard_at: Mapping[int, int],
    said_times: Sequence[Interval | None],
    heard_times: Sequence[Interval | None],
) -> int:
    """By how many words a missing run lies further on (or, negative, further back) than the aligner put it.

    Where the word before a missing run is the same as its last, the run may as well lie one word earlier, with the
    same number of errors and the same words missing; likewise later. Of these places the one is taken at which the
    words that were heard lie closest to when they were spoken; the aligner's where no times are known.

    Args:
        start, end: the missing words are `reference[start:end]`.
        reference: all its words.
        heard_at: for the place of each word that was heard right, its place in the hypothesis.
        said_times: when each word of the reference was spoken.
        heard_times: when each word of the hypothesis was heard.
    """
    best, least_s = 0, 0.0
    for step in (-1, 1):
        shift, farther_s = 0, 0.0
        while True:
            # The word beside the run that would be missing instead, and the one that would then have been heard.
            beside, inside = (start + shift - 1, end + shift - 1) if step < 0 else (end + shift, start + shift)
            if beside not in heard_at or reference[beside] != reference[inside]:
                break
            heard, now, then = heard_times[heard_at[beside]], said_times[beside], said_times[inside]
            if heard is None or now is None or then is None:
                break
            shift += step
            farther_s += abs(heard[0] - then[0]) - abs(heard[0] - now[0])
            if farther_s < least_s:
                best, least_s = shift, farther_s
    return best
