from __future__ import annotations

import re

import msgspec
import pytest

from harness.conformance.findings import Verdict
from harness.results import CaseResult, RunResult
from reports.render_text import render_case_text, render_run_text, render_verdict_text
from reports.text_page import NARROWEST

WIDE = 200
replace = msgspec.structs.replace


def squeezed(text: str) -> list[str]:
    """The lines with runs of blanks as one, so that columns may move."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_run_ends_with_the_line_that_says_how_it_came_out(run: RunResult) -> None:
    lines = render_run_text(run).splitlines()
    assert lines[0] == "dgharness 0.1.0"
    assert lines[-1] == "FAIL: 1 of 2 cases"


def test_a_run_shows_its_seed_its_cases_and_its_totals(run: RunResult) -> None:
    lines = squeezed(render_run_text(run, width=WIDE))
    assert "seed 7" in lines
    assert [line for line in lines if line.startswith(("FAIL ", "PASS "))] == ["FAIL greeting", "PASS no reference"]
    assert lines.index("totals") > lines.index("PASS no reference")
    assert "WER 12.00 % 3.00 % +9.00 pp" in lines[lines.index("totals") :]


def test_a_case_shows_verdict_scores_and_checks(failed_case: CaseResult) -> None:
    lines = squeezed(render_case_text(failed_case, width=WIDE))
    assert lines[:2] == ["FAIL greeting", "the judge found 25 errors"]
    assert "replies script synthesised from the reference; synthetic: nothing was recognised" in lines
    assert (
        "chunking pass chunks of 20 ms (640 bytes), 500 frames, 3 of other sizes (smallest 320, largest 640)" in lines
    )
    assert "parsing warn 12 messages from the server" in lines
    assert "protocol not judged 1 connection, 500 audio frames and 2 messages from the client" in lines
    assert "reference good morning everyone" in lines
    assert "streaming text Good morning every one." in lines
    assert "measure streaming pre-recorded difference" in lines
    assert "fail streaming_wer 12.00 %, at most 5.00 %" in lines
    assert "pass first_interim_wall_s 412.0 ms, at most 1.00 s" in lines


def test_findings_stand_under_their_severity_with_rule_and_sentence(verdict: Verdict) -> None:
    lines = squeezed(render_verdict_text(verdict, width=WIDE))
    assert lines[0] == "FAIL greeting.jsonl: 25 errors, 0 warnings, 0 advice"
    start = lines.index("errors")
    assert lines[start:] == [
        "errors",
        "PACE-0001: drift of 0.4 s; wanted at most 0.07 s",
        "[client]",
        "a public issue",
        "warnings",
        "PARSE-0002: the words end at 3.2 s; wanted at most 3.1 s",
        "[server, leg 0, entry 12, audio 3.200 s, wall 3.250 s] Results",
        "https://example.org/a_page",
        "PACE-0001: broken 25 times, 1 shown",
    ]


def test_a_verdict_without_findings_has_its_families_only(verdict: Verdict) -> None:
    clean = replace(verdict, passed=True, findings=(), broken={})
    lines = squeezed(render_verdict_text(clean, width=WIDE))
    assert lines[0].startswith("PASS greeting.jsonl")
    assert [line.split()[0] for line in lines[1:]] == ["chunking", "pacing", "parsing", "protocol"]


def test_a_case_that_was_not_judged_says_so(passed_case: CaseResult) -> None:
    assert "verdict: not judged" in squeezed(render_case_text(passed_case))


@pytest.mark.parametrize("width", [NARROWEST, 80, 100, 160])
def test_lines_keep_the_width_asked_for(run: RunResult, width: int) -> None:
    assert max(map(len, render_run_text(run, width=width).splitlines())) <= width


def test_a_smaller_width_is_taken_as_the_narrowest(run: RunResult) -> None:
    assert render_run_text(run, width=1) == render_run_text(run, width=NARROWEST)


def test_wrapping_loses_no_word(run: RunResult) -> None:
    narrow, wide = render_run_text(run, width=NARROWEST), render_run_text(run, width=1000)
    assert sorted(narrow.split()) == sorted(wide.split())


def test_plain_text_has_no_escape_and_colour_adds_nothing_else(run: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "20", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    plain = render_run_text(run)
    monkeypatch.setenv("NO_COLOR", "1")
    colored = render_run_text(run, color=True)
    assert "\x1b" not in plain
    assert "\x1b[31m" in colored
    assert squeezed(re.sub(r"\x1b\[[0-9;]*m", "", colored)) == squeezed(plain)


def test_control_characters_of_a_transcript_never_reach_the_terminal(failed_case: CaseResult) -> None:
    assert failed_case.prerecorded is not None
    hostile = replace(failed_case.prerecorded, transcript=("a\x1b]0;title\x07 b\rc \u202egnp.exe",))
    text = render_case_text(replace(failed_case, prerecorded=hostile), width=WIDE)
    assert r"pre-recorded text  a\x1b]0;title\x07 b c \u202egnp.exe" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_what_rich_takes_for_markup_is_shown_as_it_is(failed_case: CaseResult) -> None:
    text = render_case_text(replace(failed_case, name="[red]x[/red] :smile: [/]"))
    assert text.startswith("FAIL  [red]x[/red] :smile: [/]\n")
