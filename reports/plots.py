"""Plots of a run, by matplotlib: as SVG for the page, as SVG or PNG for a file.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour vision tell apart;
shape and line style tell the same again. Nothing is behind them, and the page turns light and dark round in the dark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeGuard
from warnings import catch_warnings, filterwarnings

from harness.results import CaseResult, RunResult
from harness.scoring.delay_measure import DelayMeasure
from reports.figures import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw: TypeAlias = Callable[[RunResult, "Axes"], None]
Kind: TypeAlias = Literal["svg", "png"]

STREAMING: Final = "#0072B2"
PRERECORDED: Final = "#D55E00"
_GREY: Final = "#4d545e"
_CASES_SHOWN: Final = 30
_MOST: Final = 1e9
"""No rate and no delay is as much; a file from elsewhere may say so, and a scale cannot hold it."""
_NAME_CHARACTERS: Final = 28


def plot(run: RunResult, name: str, kind: Kind = "svg") -> bytes | None:
    """One plot of `PLOTS` as a file; None when the run has nothing to show in it."""
    wanted, draw = PLOTS[name]
    if not wanted(run):
        return None
    from matplotlib import rc_context

    # Text stays text, and the same run gives the same bytes.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "dgharness", "font.size": 10}), catch_warnings():
        # Names of cases may be in a script that matplotlib's font has not: a browser draws them, a PNG shows boxes.
        filterwarnings("ignore", message="Glyph .* missing from font")
        figure = _figure(run, draw)
        buffer = BytesIO()
        figure.savefig(buffer, format=kind, transparent=kind == "svg", dpi=144, metadata=_METADATA[kind])
    return buffer.getvalue()


_METADATA: Final[Mapping[Kind, dict[str, str | None]]] = {"svg": {"Date": None}, "png": {"Software": None}}


def _figure(run: RunResult, draw: Draw) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    draw(run, axes)
    axes.tick_params(colors=_GREY)
    axes.grid(alpha=0.3, color=_GREY)
    for spine in axes.spines.values():
        spine.set_color(_GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_GREY)
    legend = axes.get_legend()
    if legend is not None:
        for text in legend.get_texts():
            text.set_color(_GREY)
    return figure


def _scored(run: RunResult) -> list[tuple[CaseResult, float, float]]:
    """Cases with both rates, those where streaming costs most first."""
    rates = []
    for case in run.cases:
        parts = [part.score.words.rate for part in (case.streamed, case.prerecorded) if part and part.score]
        if len(parts) == 2 and _drawable(parts[0]) and _drawable(parts[1]):
            rates.append((case, parts[0], parts[1]))
    return sorted(rates, key=lambda row: row[2] - row[1])


def _wer_by_case(run: RunResult, axes: Axes) -> None:
    rows = _scored(run)[:_CASES_SHOWN][::-1]
    places = range(len(rows))
    streamed, posted = [100 * row[1] for row in rows], [100 * row[2] for row in rows]
    axes.hlines(places, streamed, posted, color=_GREY, linewidth=1)
    axes.plot(streamed, places, "o", color=STREAMING, label="streaming")
    axes.plot(posted, places, "s", color=PRERECORDED, markerfacecolor="none", label="pre-recorded")
    axes.set_yticks(list(places), [_plain(row[0].name) for row in rows])
    axes.set_xlim(left=0)
    many = f", the {_CASES_SHOWN} cases where streaming costs most" if len(_scored(run)) > _CASES_SHOWN else ""
    axes.set_xlabel(f"WER in %{many}")
    axes.set_ylim(-0.7, len(rows) - 0.3)
    _legend(axes)


def _values(run: RunResult, measure: DelayMeasure) -> list[float]:
    delays = (case.streamed.delay for case in run.cases if case.streamed and case.streamed.delay)
    return sorted(value for delay in delays for value in delay.values.get(measure, ()) if _drawable(value))


def _word_delays(run: RunResult, axes: Axes) -> None:
    curves = ((DelayMeasure.WORD_SHOWN, "shown", STREAMING, "-"), (DelayMeasure.WORD_FINAL, "final", PRERECORDED, "--"))
    for measure, label, color, style in curves:
        values = _values(run, measure)
        if values:
            shares = [100 * (number + 1) / len(values) for number in range(len(values))]
            axes.step(values, shares, where="post", color=color, linestyle=style, label=label)
    axes.set_xlabel("seconds after the word was spoken")
    axes.set_ylabel("% of words")
    axes.set_ylim(0, 100)
    _legend(axes)


def _wer_by_delay(run: RunResult, axes: Axes) -> None:
    read = [row for row in (run.delay.read if run.delay else ()) if row.delay_wall_s is not None]
    at = [row.delay_wall_s for row in read]
    _line(axes, at, [row.final.rate for row in read], STREAMING, "o-", "against the final transcript")
    _line(
        axes,
        at,
        [row.reference.rate if row.reference else None for row in read],
        PRERECORDED,
        "s--",
        "against the reference",
    )
    axes.set_xlabel("seconds after each word was spoken")
    axes.set_ylabel("WER in %")
    axes.set_ylim(bottom=0)
    _legend(axes)


def _line(
    axes: Axes, at: Sequence[float | None], rates: Sequence[float | None], color: str, style: str, label: str
) -> None:
    points = [(x, 100 * rate) for x, rate in zip(at, rates, strict=True) if _drawable(x) and _drawable(rate)]
    if points:
        axes.plot(
            [x for x, _ in points], [y for _, y in points], style, color=color, label=label, markerfacecolor="none"
        )


def _legend(axes: Axes) -> None:
    """Above the axes, where it hides nothing."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0, frameon=False)


def _drawable(value: float | None) -> TypeGuard[float]:
    return value is not None and abs(value) < _MOST


def _plain(name: str) -> str:
    """A name as matplotlib may draw it: a dollar sign would begin mathematics."""
    return shorten(name, _NAME_CHARACTERS).replace("$", r"\$")


PLOTS: Final[Mapping[str, tuple[Callable[[RunResult], bool], Draw]]] = MappingProxyType(
    {
        "wer": (lambda run: bool(_scored(run)), _wer_by_case),
        "delay": (lambda run: bool(_values(run, DelayMeasure.WORD_FINAL)), _word_delays),
        "wer-by-delay": (lambda run: bool(run.delay and run.delay.read), _wer_by_delay),
    }
)
"""By name: whether a run has anything to show in it, and how it is drawn."""

ABOUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wer": "Word error rate of each case, streaming and pre-recorded",
        "delay": "Share of words shown, and final, within a time after they were spoken",
        "wer-by-delay": "Word error rate of what a viewer had read some time after each word was spoken",
    }
)
"""By name: what it shows, for those who cannot see it."""
