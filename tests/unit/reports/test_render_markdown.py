from __future__ import annotations

import html
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.results import CaseResult, RunResult
from reports.render_markdown import escape, render_run_markdown

replace = msgspec.structs.replace
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PRINTABLE = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "))


def tables(text: str) -> list[list[list[str]]]:
    """Every table as a stranger's parser reads it: rows of cells of plain text."""
    found: list[list[list[str]]] = []
    before = ""
    for token in MARKDOWN.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif before in {"th_open", "td_open"}:
            found[-1][-1].append(plain(token))
        before = token.type
    return found


def plain(token: Token) -> str:
    assert {child.type for child in token.children or ()} <= {"text", "text_special"}, token.children
    return "".join(child.content for child in token.children or ()).replace("\u200b", "")


def named(run: RunResult, name: str) -> RunResult:
    return replace(run, cases=(replace(run.cases[0], name=name), *run.cases[1:]))


def test_the_heading_says_how_the_run_came_out(run: RunResult) -> None:
    assert render_run_markdown(run).startswith("## dgharness 0.1.0: FAIL: 1 of 2 cases\n")


def test_the_first_table_has_a_row_for_each_case(run: RunResult) -> None:
    header, *rows = tables(render_run_markdown(run))[0]
    assert header[:3] == ["case", "outcome", "chunking"]
    assert [row[:-1] for row in rows] == [
        ["greeting", "FAIL", "pass", "fail", "warn", "not judged", "12.00 %", "3.00 %"],
        ["no reference", "PASS", *["not judged"] * 4, "not scored", "not scored"],
    ]
    assert [row[-1] for row in rows] == ["synthetic: nothing was recognised", "recognised, not synthetic"]


def test_scores_and_checks_are_tables_too(run: RunResult) -> None:
    found = tables(render_run_markdown(run))
    assert ["WER", "12.00 %", "3.00 %", "+9.00 pp"] in found[1]
    assert found[-1][1] == ["streaming_wer", "12.00 %", "5.00 %", "FAIL"]


def test_totals_of_synthetic_replies_are_not_called_an_accuracy(run: RunResult) -> None:
    assert "### Totals\n\nErrors in synthetic replies: made up, nothing was recognised; not the" in render_run_markdown(
        run
    )


def test_failed_cases_are_unfolded_and_passed_ones_folded(run: RunResult) -> None:
    text = render_run_markdown(run)
    assert "<details open><summary>FAIL greeting</summary>\n\n" in text
    assert "<details><summary>PASS no reference</summary>\n\n" in text
    assert text.count("<details") == text.count("\n\n</details>") == 2


def test_findings_are_a_list_with_a_link_to_their_source(run: RunResult) -> None:
    lines = render_run_markdown(run).splitlines()
    assert "- **error** PACE-0001: drift of 0.4 s; wanted at most 0.07 s <sub>client</sub> (a public issue)" in lines
    assert (
        "- **warning** PARSE-0002: the words end at 3.2 s; wanted at most 3.1 s <sub>server, leg 0, entry 12, "
        "audio 3.200 s, wall 3.250 s: Results</sub> ([source](<https://example.org/a_page>))"
    ) in lines
    assert "- **more**: PACE-0001: broken 25 times, 1 shown" in lines


@pytest.mark.parametrize("source", ["javascript:alert(1)", "https://x.org/) [y](z", "https://x.org/><b>"])
def test_a_source_that_is_no_plain_address_is_no_link(run: RunResult, failed_case: CaseResult, source: str) -> None:
    assert failed_case.verdict is not None
    finding = replace(failed_case.verdict.findings[0], source=source)
    case = replace(failed_case, verdict=replace(failed_case.verdict, findings=(finding,)))
    text = render_run_markdown(replace(run, cases=(case,)))
    assert "[source]" not in text
    assert f" ({escape(source)})" in text


def test_a_finding_without_source_ends_with_its_place(run: RunResult, failed_case: CaseResult) -> None:
    assert failed_case.verdict is not None
    finding = replace(failed_case.verdict.findings[1], source="")
    case = replace(failed_case, verdict=replace(failed_case.verdict, findings=(finding,)))
    assert "wanted at most 0.07 s <sub>client</sub>\n" in render_run_markdown(replace(run, cases=(case,)))


@pytest.mark.parametrize(
    "hostile",
    [
        "a | b || c",
        "a \\| b \\",
        "`code` ``|`` `",
        "<script>alert(1)</script><!-- <details>",
        "</summary></details>",
        "**bold** _it_ ~~gone~~ [x](y) ![i](j)",
        "&lt; &#124; &amp;",
        "<https://x.org>",
        "$x$ @someone #12",
    ],
)
def test_hostile_names_are_shown_as_they_are(run: RunResult, hostile: str) -> None:
    text = render_run_markdown(named(run, hostile))
    assert tables(text)[0][1][0] == hostile
    assert html.unescape(escape(hostile)).replace("\u200b", "") == hostile
    assert text.count("<details") == text.count("</details>") == 2
    assert text.count("<summary>") == text.count("</summary>") == 2


def test_nobody_is_notified_and_no_issue_linked() -> None:
    assert escape("@someone (@team) #12") == "@&#8203;someone (@&#8203;team) #&#8203;12"
    assert escape("basic@1") == "basic@1"


@pytest.mark.parametrize("address", ["https://x.example/y", "HTTP://x.example", "ftp://x.example", "www.x.example"])
def test_no_address_in_a_transcript_becomes_a_link(address: str) -> None:
    """GitHub's autolinks are those of GFM, section 6.9: a scheme and its slashes, or `www.`, must stand together."""
    linked = re.compile(r"(?i)(https?|ftp)://|www\.")
    assert linked.search(address)
    assert not linked.search(html.unescape(escape(f"see {address}")))


def test_a_long_run_fits_into_the_summary_of_a_step(run: RunResult) -> None:
    """GitHub shows nothing of one beyond 1 MiB."""
    failed, passed = run.cases
    many = [replace(passed, name=f"passed {number}") for number in range(6000)]
    text = render_run_markdown(replace(run, cases=(*many, failed, *many[:9])))
    assert 900_000 < len(text.encode()) < 2**20
    assert text.count("<details open><summary>FAIL greeting</summary>") == 1
    assert tables(text[: text.index("### Totals")])[0][-1][0] == "greeting", (
        "in their order, what went wrong in any case"
    )
    in_table, in_full = text.count("\n| passed "), text.count("<summary>")
    assert f"Of 6010 cases there is room for the first {in_table + 1} in the table, {in_full} in full: " in text


def test_a_run_that_fits_leaves_nothing_out(run: RunResult) -> None:
    assert "there is room" not in render_run_markdown(run)


@given(PRINTABLE)
def test_escaped_text_is_read_back_by_a_markdown_parser(text: str) -> None:
    words = " ".join(text.split())
    (cell,) = tables(f"| a |\n| --- |\n| x{escape(words)}x |\n")[0][1]
    assert cell == f"x{words}x"
