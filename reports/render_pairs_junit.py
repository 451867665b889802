"""A corpus as JUnit XML: a test case for all of it, and one for each file that is shown in full, the worst first.

A server that shows test cases would not take a million of them; those that went wrong come before all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from harness.results import PairedUtterance, Pairs
from reports.pairs_summary import PairsSummary
from reports.pairs_table import selection
from reports.render_junit import as_text, clean, put_properties


def render_pairs_junit(summary: PairsSummary, pairs: Pairs) -> str:
    """The document. A file that went wrong is an error, and so is a corpus that failed or was interrupted."""
    wrong = [one for one in pairs.shown if one.troubles]
    over = summary.style in ("fail", "partial")
    totals = {"tests": str(len(pairs.shown) + 1), "failures": "0", "errors": str(len(wrong) + over)}
    suites = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "dgharness", **totals})
    whole = _case(suite, summary.title, (summary.last_line,) if over else ())
    put_properties(whole, (("shown", selection(pairs)), *_comparisons(summary)))
    for one in pairs.shown:
        put_properties(_case(suite, one.id, one.troubles), _properties(one))
    return as_text(suites)


def _case(suite: ElementTree.Element, name: str, troubles: tuple[str, ...]) -> ElementTree.Element:
    element = ElementTree.SubElement(suite, "testcase", {"name": clean(name), "classname": "dgharness"})
    if troubles:
        told = [clean(trouble) for trouble in troubles]
        ElementTree.SubElement(element, "error", {"message": told[0], "type": "error"}).text = "\n".join(told)
    return element


def _comparisons(summary: PairsSummary) -> Iterator[tuple[str, str]]:
    for total in summary.totals:
        yield clean(f"comparison_{total.normalizer}"), clean(total.comparison)


def _properties(one: PairedUtterance) -> Iterator[tuple[str, str]]:
    for name, counts in (("streaming", one.streaming), ("prerecorded", one.prerecorded)):
        if counts is not None and counts.rate is not None:
            yield f"{name}_wer", f"{counts.rate:.6f}"
            yield f"{name}_errors", str(counts.errors)
