"""JUnit XML: what a CI server reads of a run."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.results import CaseResult, Outcome, RunResult
from reports.render_junit import render_run_junit


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


@given(text=st.text(max_size=60))
def test_any_text_makes_well_formed_xml(text: str) -> None:
    case = CaseResult(name=text, outcome=Outcome.FAIL, reasons=(text,), audio="a", replies="r")
    run = RunResult(
        tool=text, created=text, server="s", seed=None, partial=False, cases=(case,), streaming=None, prerecorded=None
    )
    (told,) = parsed(run).iter("testcase")
    assert told.find("failure") is not None
