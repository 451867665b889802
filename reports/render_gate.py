"""A new run held against an old one, as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.results import Change, GateResult, MetricChange, UtteranceChange
from reports.figures import UNDEFINED, count, duration, one_line, percent, points, shorten
from reports.render_markdown import escape, table
from reports.text_page import DEFAULT_WIDTH, Cell, TextPage

UTTERANCES_SHOWN: Final = 20
_TEXT_CHARACTERS: Final = 160

_HEADER: Final = ("metric", "base", "new", "difference", "95 % interval", "tolerance", "")
_STYLE: Final = {
    Change.SAME: "dim",
    Change.BETTER: "green",
    Change.WITHIN_TOLERANCE: "",
    Change.NOT_DISTINGUISHABLE: "yellow",
    Change.REGRESSED: "red",
}


def render_gate_text(result: GateResult, *, width: int = DEFAULT_WIDTH, color: bool = False) -> str:
    """The metrics, what is missing, the utterances that changed, and a last line that says how it came out."""
    page = TextPage(width, color)
    rows: list[list[Cell]] = [[(cell, "dim") for cell in _HEADER]]
    rows += [[(cell, _STYLE[metric.change]) for cell in _row(metric)] for metric in result.metrics]
    page.grid(rows, numbers=True)
    for line in _asides(result):
        page.line(line, "yellow")
    if result.utterances:
        page.line()
        page.line(_changed(result), "bold")
    for utterance in result.utterances[:UTTERANCES_SHOWN]:
        worse = utterance.new_errors > utterance.base_errors
        page.line(_utterance(utterance), "red" if worse else "green", indent=2)
        for label, text in _texts(utterance):
            page.line(f"{label}: {text}", "dim", indent=4)
    page.line()
    page.line(_last_line(result), "green" if result.passed else "bold red")
    return page.text()


def render_gate_markdown(result: GateResult) -> str:
    """The same for a pull request: regressions are seen at once, the utterances are folded."""
    blocks = [f"## {escape(_last_line(result))}", table(_HEADER, map(_row, result.metrics))]
    blocks.append("\n".join(f"- {escape(line)}" for line in _asides(result)))
    if result.utterances:
        told = [
            "\n".join(
                [f"- {escape(_utterance(one))}", *(f"  - {label}: {escape(text)}" for label, text in _texts(one))]
            )
            for one in result.utterances[:UTTERANCES_SHOWN]
        ]
        blocks += [f"<details><summary>{escape(_changed(result))}</summary>", "\n".join(told), "</details>"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _item(change: UtteranceChange) -> str:
    texts = [f"  - {label}: {escape(text)}" for label, text in _texts(change)]
    return "\n".join([f"- {escape(_utterance(change))}", *texts])


def _row(metric: MetricChange) -> list[str]:
    return [
        metric.metric,
        _value(metric.metric, metric.base),
        _value(metric.metric, metric.new),
        _difference(metric.metric, metric.difference),
        _interval(metric),
        _value(metric.metric, metric.tolerance).replace("%", "pp"),
        metric.change.value.upper() if metric.change is Change.REGRESSED else metric.change.value,
    ]


def _interval(metric: MetricChange) -> str:
    if metric.low is None or metric.high is None or metric.low == metric.high == 0:
        return UNDEFINED
    low, high = _difference(metric.metric, metric.low), _difference(metric.metric, metric.high)
    unit = high.rpartition(" ")[2]
    return f"{low.removesuffix(f' {unit}')} to {high}"


def _value(metric: str, value: float) -> str:
    if metric.endswith(("_wer", "_cer")):
        return percent(value)
    return duration(value) if metric.endswith("_wall_s") else f"{value:g}"


def _difference(metric: str, value: float) -> str:
    if metric.endswith(("_wer", "_cer")):
        return points(value)
    return duration(value, signed=True) if metric.endswith("_wall_s") else f"{value:+g}"


def _asides(result: GateResult) -> Iterator[str]:
    if result.missing:
        yield f"{count(len(result.missing), 'utterance')} missing in the new run: {_some(result.missing)}"
    for sentence in result.incomparable:
        yield f"cannot be compared: {one_line(sentence)}"
    if result.added:
        yield f"{count(len(result.added), 'utterance')} only in the new run, not compared: {_some(result.added)}"


def _some(ids: tuple[str, ...]) -> str:
    shown = ", ".join(shorten(id_, 60) for id_ in ids[:5])
    return f"{shown}, …" if len(ids) > 5 else shown


def _changed(result: GateResult) -> str:
    total = len(result.utterances)
    worse = sum(one.new_errors > one.base_errors for one in result.utterances)
    shown = f", the first {UTTERANCES_SHOWN} shown" if total > UTTERANCES_SHOWN else ""
    return f"{count(total, 'answer')} changed: {worse} worse, {total - worse} better{shown}"


def _utterance(change: UtteranceChange) -> str:
    errors = f"{change.base_errors} errors before, {change.new_errors} now"
    return f"{shorten(change.id, 80)}, {change.endpoint}: {errors}, of {count(change.reference_words, 'word')}"


def _texts(change: UtteranceChange) -> Iterator[tuple[str, str]]:
    for label, text in (("before", change.base_text), ("now", change.new_text)):
        if text is not None:
            yield label, shorten(text, _TEXT_CHARACTERS) or "(empty)"


def _last_line(result: GateResult) -> str:
    regressed = [metric.metric for metric in result.metrics if metric.change is Change.REGRESSED]
    if result.passed:
        return f"PASS: nothing regressed over {count(result.compared, 'utterance')}"
    reasons = [f"{', '.join(regressed)} regressed"] if regressed else []
    if result.missing:
        reasons.append(f"{len(result.missing)} missing")
    if result.incomparable:
        reasons.append(f"{len(result.incomparable)} cannot be compared")
    return f"FAIL: {'; '.join(reasons)}, over {count(result.compared, 'utterance')}"
