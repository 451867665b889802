"""The plots of a run: WER of its cases, how late words came, and what had been read by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from harness.results import CaseResult, ReadAtDelay, RunResult
from harness.scoring.delay_measure import DelayMeasure
from reports.plots import GREY, PRERECORDED, STREAMING, Plot, drawable, plain, put_legend, put_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CASES_SHOWN: Final = 30


def run_plots(run: RunResult) -> Iterator[Plot]:
    """Those that the run has something to show in."""
    if scored := _scored(run):
        about = "Word error rate of each case, streaming and pre-recorded"
        yield Plot("wer", about, partial(_wer_by_case, scored))
    shown, final = (_values(run, measure) for measure in (DelayMeasure.WORD_SHOWN, DelayMeasure.WORD_FINAL))
    if final:
        about = "Share of words shown, and final, within a time after they were spoken"
        yield Plot("delay", about, partial(_word_delays, shown, final))
    if run.delay and run.delay.read:
        about = "Word error rate of what a viewer had read some time after each word was spoken"
        yield Plot("wer-by-delay", about, partial(_wer_by_delay, run.delay.read))


def _scored(run: RunResult) -> list[tuple[CaseResult, float, float]]:
    """Cases with both rates, those where streaming costs most first."""
    rates = []
    for case in run.cases:
        parts = [part.score.words.rate for part in (case.streamed, case.prerecorded) if part and part.score]
        if len(parts) == 2 and drawable(parts[0]) and drawable(parts[1]):
            rates.append((case, parts[0], parts[1]))
    return sorted(rates, key=lambda row: row[2] - row[1])


def _wer_by_case(scored: Sequence[tuple[CaseResult, float, float]], axes: Axes) -> None:
    rows = scored[:_CASES_SHOWN][::-1]
    places = range(len(rows))
    streamed, posted = [100 * row[1] for row in rows], [100 * row[2] for row in rows]
    axes.hlines(places, streamed, posted, color=GREY, linewidth=1)
    axes.plot(streamed, places, "o", color=STREAMING, label="streaming")
    axes.plot(posted, places, "s", color=PRERECORDED, markerfacecolor="none", label="pre-recorded")
    axes.set_yticks(list(places), [plain(row[0].name) for row in rows])
    axes.set_xlim(left=0)
    many = f", the {_CASES_SHOWN} cases where streaming costs most" if len(scored) > _CASES_SHOWN else ""
    axes.set_xlabel(f"WER in %{many}")
    axes.set_ylim(-0.7, len(rows) - 0.3)
    put_legend(axes)


def _values(run: RunResult, measure: DelayMeasure) -> list[float]:
    delays = (case.streamed.delay for case in run.cases if case.streamed and case.streamed.delay)
    return sorted(value for delay in delays for value in delay.values.get(measure, ()) if drawable(value))


def _word_delays(shown: Sequence[float], final: Sequence[float], axes: Axes) -> None:
    put_shares(axes, shown, final, of="words", since="the word was spoken")


def _wer_by_delay(read: Sequence[ReadAtDelay], axes: Axes) -> None:
    rows = [row for row in read if row.delay_wall_s is not None]
    at = [row.delay_wall_s for row in rows]
    _line(axes, at, [row.final.rate for row in rows], STREAMING, "o-", "against the final transcript")
    _line(
        axes,
        at,
        [row.reference.rate if row.reference else None for row in rows],
        PRERECORDED,
        "s--",
        "against the reference",
    )
    axes.set_xlabel("seconds after each word was spoken")
    axes.set_ylabel("WER in %")
    axes.set_ylim(bottom=0)
    put_legend(axes)


def _line(
    axes: Axes, at: Sequence[float | None], rates: Sequence[float | None], color: str, style: str, label: str
) -> None:
    points = [(x, 100 * rate) for x, rate in zip(at, rates, strict=True) if drawable(x) and drawable(rate)]
    if points:
        axes.plot(
            [x for x, _ in points], [y for _, y in points], style, color=color, label=label, markerfacecolor="none"
        )
