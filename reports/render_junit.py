"""A run as JUnit XML, which CI servers read: one test case for each case.

There is no standard; elements and attributes are those that are common to its readers, as
https://github.com/testmoapp/junitxml lists them. Jenkins' `junit-10.xsd` is narrower: it has no properties of a case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree

from harness.results import CaseResult, Outcome, RunResult
from reports.figures import one_line

# What XML 1.0 forbids (section 2.2, «Char») even as a reference; `one_line` makes the rest harmless.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_run_junit(run: RunResult) -> str:
    """The run as a document. A case that failed is a failure; one that could not be carried through is an error."""
    outcomes = [case.outcome for case in run.cases]
    totals = {
        "tests": str(len(run.cases) + run.partial),
        "failures": str(outcomes.count(Outcome.FAIL)),
        "errors": str(outcomes.count(Outcome.ERROR) + run.partial),
        "time": f"{sum(map(_took_s, run.cases)):.3f}",
    }
    suites = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": "dgharness", "timestamp": clean(run.created[:19]), **totals}
    )
    for case in run.cases:
        _case(suite, case)
    if run.partial:
        missing = ElementTree.SubElement(
            suite, "testcase", {"name": "the whole run", "classname": "dgharness", "time": "0"}
        )
        ElementTree.SubElement(missing, "error", {"message": "interrupted before its last case", "type": "error"})
    return as_text(suites)


def as_text(suites: ElementTree.Element) -> str:
    """The document."""
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, case: CaseResult) -> None:
    named = {"name": clean(case.name), "classname": "dgharness", "time": f"{_took_s(case):.3f}"}
    element = ElementTree.SubElement(suite, "testcase", named)
    put_properties(element, _properties(case))
    if case.outcome is not Outcome.PASS:
        kind = "error" if case.outcome is Outcome.ERROR else "failure"
        reasons = [clean(reason) for reason in case.reasons] or ["no reason was given"]
        told = ElementTree.SubElement(element, kind, {"message": reasons[0], "type": case.outcome.value})
        told.text = "\n".join(reasons)


def put_properties(element: ElementTree.Element, properties: Iterable[tuple[str, str]]) -> None:
    """Names and values of a test case; nothing where there are none."""
    listed = [{"name": name, "value": value} for name, value in properties]
    if listed:
        below = ElementTree.SubElement(element, "properties")
        for one in listed:
            ElementTree.SubElement(below, "property", one)


def _properties(case: CaseResult) -> Iterator[tuple[str, str]]:
    for name, part in (("streaming", case.streamed), ("prerecorded", case.prerecorded)):
        if part is not None and part.score is not None and part.score.words.rate is not None:
            yield f"{name}_wer", f"{part.score.words.rate:.6f}"
            yield f"{name}_errors", str(part.score.words.errors)


def _took_s(case: CaseResult) -> float:
    return sum(part.wall_s for part in (case.streamed, case.prerecorded) if part is not None)


def clean(text: str) -> str:
    """Text from outside on one line, without characters that XML forbids."""
    return _FORBIDDEN.sub("\ufffd", one_line(text))
