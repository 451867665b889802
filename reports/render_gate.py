"""A new run held against an old one, as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.results import Change, GateResult, MetricChange, UtteranceChange
from harness.scoring.significance import MINIMUM_UTTERANCES
from reports.figures import UNDEFINED, count, duration, percent, points, shorten
from reports.render_markdown import escape, table
from reports.scores import probability
from reports.text_page import DEFAULT_WIDTH, Cell, TextPage
from reports.word_diff import Piece, marked, word_diff

UTTERANCES_SHOWN: Final = 20
_IDS_SHOWN: Final = 5
_SENTENCES_SHOWN: Final = 5
_SENTENCE_CHARACTERS: Final = 200
_ID_CHARACTERS: Final = 80

_TEXT_HEADER: Final = ("metric", "base", "new", "difference", "")
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
    rows: list[list[Cell]] = [[(cell, "dim") for cell in _TEXT_HEADER]]
    for metric in result.metrics:
        cells = [*_figures(metric), _ground(metric)]
        rows.append([(cell, _STYLE[metric.change]) for cell in cells])
    page.grid(rows, numbers=True, remarks=True)
    for line in _asides(result):
        page.line(line, "yellow")
    if result.utterances:
        page.line()
        page.line(f"{_changed(result)}; [-before-] {{+now+}}", "bold")
    for utterance in result.utterances[:UTTERANCES_SHOWN]:
        page.line(f"{_id(utterance)}, {_errors(utterance)}", _utterance_style(utterance), indent=2)
        if diff := _diff(utterance):
            page.line(marked(diff, ("[-", "-]"), ("{+", "+}")), indent=4)
    page.line()
    page.line(_last_line(result), "green" if result.passed else "bold red")
    return page.text()


def render_gate_markdown(result: GateResult) -> str:
    """The same for a pull request: regressions are seen at once, the utterances are folded."""
    blocks = [f"## {escape(_last_line(result))}", table(_HEADER, map(_row, result.metrics))]
    blocks.append("\n".join(f"- {escape(line)}" for line in _asides(result)))
    if result.utterances:
        told = "\n".join(map(_item, result.utterances[:UTTERANCES_SHOWN]))
        summary = f"{escape(_changed(result))}; <del>before</del> <ins>now</ins>"
        blocks += [f"<details><summary>{summary}</summary>", told, "</details>"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _item(change: UtteranceChange) -> str:
    # In <code> an id that begins like a list or a number does not become one.
    told = f"- <code>{escape(_id(change))}</code>, {escape(_errors(change))}"
    diff = _diff(change)
    return f"{told}<br>{marked(diff, ('<del>', '</del>'), ('<ins>', '</ins>'), escape)}" if diff else told


def _figures(metric: MetricChange) -> list[str]:
    values = [_value(metric.metric, value) for value in (metric.base, metric.new)]
    return [metric.metric, *values, _difference(metric.metric, metric.difference)]


def _ground(metric: MetricChange) -> str:
    """What became of a metric, and why that is said."""
    if metric.change is Change.WITHIN_TOLERANCE:
        return f"{_word(metric)} of {_tolerance(metric)}"
    grounds = []
    if metric.change is not Change.SAME:
        grounds += [f"tolerance {_tolerance(metric)}"] if metric.tolerance else []
    if metric.change is not Change.SAME and metric.n >= MINIMUM_UTTERANCES:
        grounds += [f"95 % interval {interval}"] if (interval := _interval(metric)) != UNDEFINED else []
        grounds += [f"p {probability(metric.p_value)}"] if metric.p_value is not None else []
    return f"{_word(metric)}: {', '.join(grounds)}" if grounds else _word(metric)


def _word(metric: MetricChange) -> str:
    return metric.change.value.upper() if metric.change is Change.REGRESSED else metric.change.value


def _row(metric: MetricChange) -> list[str]:
    return [*_figures(metric), _interval(metric), _tolerance(metric), _word(metric)]


def _tolerance(metric: MetricChange) -> str:
    return _value(metric.metric, metric.tolerance).replace("%", "pp")


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
    if not result.compared and result.missing and result.added:
        yield "the two runs have no utterance in common: are they of one corpus?"
    if result.missing:
        yield f"{count(len(result.missing), 'utterance')} missing in the new run: {_some(result.missing)}"
    for sentence in result.incomparable[:_SENTENCES_SHOWN]:
        yield f"cannot be compared: {shorten(sentence, _SENTENCE_CHARACTERS)}"
    if len(result.incomparable) > _SENTENCES_SHOWN:
        yield f"cannot be compared: {len(result.incomparable) - _SENTENCES_SHOWN} more"
    if result.added:
        yield f"{count(len(result.added), 'utterance')} only in the new run, not compared: {_some(result.added)}"
    if result.unmeasured:
        yield f"measured in the base only, not compared: {', '.join(result.unmeasured)}"
    for n in sorted({metric.n for metric in result.metrics if metric.n < result.compared}):
        names = ", ".join(metric.metric for metric in result.metrics if metric.n == n)
        yield f"over {n} of the {count(result.compared, 'utterance')} only, as the others lack a value: {names}"
    if result.exact:
        yield "nothing is put down to chance, as was asked: the figures decide alone"
    elif any(metric.n < MINIMUM_UTTERANCES for metric in result.metrics):
        yield f"below {MINIMUM_UTTERANCES} utterances nothing is put down to chance: the figures decide alone"
    if result.normalizers:
        yield f"scored under {shorten(', '.join(result.normalizers), _SENTENCE_CHARACTERS)}"


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(shorten(id_, 60) for id_ in ids[:_IDS_SHOWN])
    return f"{shown} and {len(ids) - _IDS_SHOWN} more" if len(ids) > _IDS_SHOWN else shown


def _changed(result: GateResult) -> str:
    total = len(result.utterances)
    worse = sum(one.errors_more > 0 for one in result.utterances)
    better = sum(one.errors_more < 0 for one in result.utterances)
    other = f", {total - worse - better} with other words and as many errors" if total > worse + better else ""
    shown = f", the first {UTTERANCES_SHOWN} shown" if total > UTTERANCES_SHOWN else ""
    return f"{count(total, 'answer')} changed: {worse} worse, {better} better{other}{shown}"


def _utterance_style(change: UtteranceChange) -> str:
    return "red" if change.errors_more > 0 else "green" if change.errors_more < 0 else ""


def _id(change: UtteranceChange) -> str:
    return shorten(change.id, _ID_CHARACTERS) or "(no name)"


def _errors(change: UtteranceChange) -> str:
    failed = {(False, True): ", failed now", (True, False): ", had failed before", (True, True): ", failed both times"}
    suffix = failed.get((change.base_failed, change.new_failed), "")
    if change.base_errors is None or change.new_errors is None or change.reference_words is None:
        return f"{change.endpoint}: not scored{suffix}"
    errors = f"{count(change.base_errors, 'error')} before, {change.new_errors} now"
    return f"{change.endpoint}: {errors}, of {count(change.reference_words, 'word')}{suffix}"


def _diff(change: UtteranceChange) -> list[Piece]:
    """The changed words; none when a text was not kept."""
    if change.base_text is None or change.new_text is None:
        return []
    return word_diff(change.base_text, change.new_text)


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
