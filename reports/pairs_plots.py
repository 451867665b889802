"""The plots of many utterances: where streaming differs from pre-recorded, how WER spreads, how late words came."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.results import Pairs
from reports.plots import GREY, PRERECORDED, STREAMING, Plot, drawable, put_legend, put_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FARTHEST: Final = 10
"""Differences of as many errors and more are one bar."""
SHOWN: Final = "word_shown_p50_wall_s"
FINAL: Final = "word_final_p50_wall_s"


def pairs_plots(pairs: Pairs) -> Iterator[Plot]:
    """Those that the utterances have something to show in."""
    if pairs.errors_more:
        about = "Utterances by how many word errors streaming has more, or fewer, than pre-recorded"
        yield Plot("difference", about, partial(_by_difference, pairs.errors_more))
    rates = [[rate for rate in side if drawable(rate)] for side in (pairs.streaming_wer, pairs.prerecorded_wer)]
    if rates[0] and rates[1]:
        about = "Share of utterances up to a word error rate, streaming and pre-recorded"
        yield Plot("wer", about, partial(_by_wer, rates[0], rates[1]))
    shown, final = (pairs.delays_wall_s.get(name, ()) for name in (SHOWN, FINAL))
    if final:
        about = "Share of utterances whose words were shown, and final, within a time after they were spoken (medians)"
        yield Plot("delay", about, partial(_by_delay, shown, final))


def _by_difference(errors_more: Mapping[int, int], axes: Axes) -> None:
    bars = dict.fromkeys(range(-_FARTHEST, _FARTHEST + 1), 0)
    for more, utterances in errors_more.items():
        bars[min(max(more, -_FARTHEST), _FARTHEST)] += utterances
    used = [place for place, utterances in bars.items() if utterances]
    places = range(min(used[0], -1), max(used[-1], 1) + 1)
    colors = [PRERECORDED if place > 0 else STREAMING if place < 0 else GREY for place in places]
    drawn = axes.bar(places, [bars[place] for place in places], color=colors)
    axes.bar_label(drawn, [str(bars[place] or "") for place in places], color=GREY, fontsize=8)
    axes.set_axisbelow(True)
    axes.set_yscale("symlog", linthresh=1)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylim(0, 3 * max(bars.values()))
    axes.set_xticks(list(places), [_place(place) for place in places], fontsize=8)
    axes.set_xlabel("word errors of streaming less those of pre-recorded")
    axes.set_ylabel("utterances")


def _place(place: int) -> str:
    if abs(place) == _FARTHEST:
        return f"≥{place}" if place > 0 else f"≤{place}"
    return f"{place:+d}" if place else "0"


def _by_wer(streaming: Sequence[float], prerecorded: Sequence[float], axes: Axes) -> None:
    for rates, label, color, style in (
        (streaming, "streaming", STREAMING, "-"),
        (prerecorded, "pre-recorded", PRERECORDED, "--"),
    ):
        shares = [100 * (number + 1) / len(rates) for number in range(len(rates))]
        axes.step([100 * rate for rate in rates], shares, where="post", color=color, linestyle=style, label=label)
    axes.set_xlabel("WER in % of an utterance, at most")
    axes.set_ylabel("% of utterances")
    # Most utterances have no error at all: the curves begin high, and there is nothing to see below.
    lowest = min(bisect_right(rates, rates[0]) / len(rates) for rates in (streaming, prerecorded))
    axes.set_ylim(10 * min(int(10 * lowest), 9), 100)
    axes.set_xlim(left=0)
    put_legend(axes)


def _by_delay(shown: Sequence[float], final: Sequence[float], axes: Axes) -> None:
    drawn = [[seconds for seconds in curve if drawable(seconds)] for curve in (shown, final)]
    put_shares(axes, *drawn, of="utterances", since="a word was spoken (median)")
