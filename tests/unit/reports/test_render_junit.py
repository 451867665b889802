"""JUnit XML: what a CI server reads of a run."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.results import CaseResult, Outcome, RunResult
from reports.render_junit import render_run_junit

# Per element: attributes that it must have, those that it may have, and its children in their order
# (https://github.com/testmoapp/junitxml, «Complete JUnit XML example»).
COUNTS = {"tests", "failures", "errors"}
COMMON: dict[str, tuple[set[str], set[str], tuple[str, ...]]] = {
    "testsuites": (COUNTS, {"name", "time", "timestamp", "skipped"}, ("testsuite",)),
    "testsuite": (COUNTS | {"name"}, {"time", "timestamp", "file", "skipped"}, ("properties", "testcase")),
    "testcase": ({"name", "classname"}, {"time", "file", "line"}, ("properties", "failure", "error")),
    "properties": (set(), set(), ("property",)),
    "property": ({"name", "value"}, set(), ()),
    "failure": ({"message", "type"}, set(), ()),
    "error": ({"message", "type"}, set(), ()),
}


def follows(element: ElementTree.Element) -> bool:
    """Whether an element, and all in it, is as the common format has it."""
    needed, allowed, order = COMMON[element.tag]
    there, children = set(element.attrib), [child.tag for child in element]
    ordered = set(children) <= set(order) and children == sorted(children, key=order.index)
    return needed <= there <= needed | allowed and ordered and all(map(follows, element))


def parsed(run: RunResult) -> ElementTree.Element:
    return ElementTree.fromstring(render_run_junit(run))


def test_a_case_is_a_test_case_and_a_failure_has_its_reasons(run: RunResult) -> None:
    suites = parsed(run)
    (suite,) = suites.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failed, passed = suite.findall("testcase")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "the judge found 25 errors"
    assert passed.find("failure") is None
    properties = {one.get("name"): one.get("value") for one in failed.iter("property")}
    assert properties["streaming_wer"] == "0.120000"


def test_what_could_not_be_carried_through_is_an_error(run: RunResult) -> None:
    cases = tuple(msgspec.structs.replace(case, outcome=Outcome.ERROR) for case in run.cases)
    (suite,) = parsed(msgspec.structs.replace(run, cases=cases)).findall("testsuite")
    assert (suite.get("errors"), suite.get("failures")) == ("2", "0")
    assert len(list(suite.iter("error"))) == 2


def test_an_interrupted_run_is_not_green(run: RunResult) -> None:
    passed = msgspec.structs.replace(run, partial=True, cases=run.cases[1:])
    (suite,) = parsed(passed).findall("testsuite")
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")


def test_it_follows_the_common_format(run: RunResult) -> None:
    errors = tuple(msgspec.structs.replace(case, outcome=Outcome.ERROR) for case in run.cases)
    for told in (run, msgspec.structs.replace(run, partial=True), msgspec.structs.replace(run, cases=errors)):
        suites = parsed(told)
        assert follows(suites)
        (suite,) = suites
        for kind, name in (("testcase", "tests"), ("failure", "failures"), ("error", "errors")):
            assert suites.get(name) == suite.get(name) == str(len(list(suite.iter(kind))))


@given(text=st.text(max_size=60))
def test_any_text_makes_well_formed_xml(text: str) -> None:
    case = CaseResult(name=text, outcome=Outcome.FAIL, reasons=(text,), audio="a", replies="r")
    run = RunResult(
        tool=text, created=text, server="s", seed=None, partial=False, cases=(case,), streaming=None, prerecorded=None
    )
    (told,) = parsed(run).iter("testcase")
    assert told.find("failure") is not None
