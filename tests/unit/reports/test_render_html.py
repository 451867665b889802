"""The HTML page: complete, self-contained, and harmless whatever the recordings say."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.results import (
    AlignedRun,
    CaseResult,
    Comparison,
    Outcome,
    Prerecorded,
    RunResult,
    Timeline,
    TimelineEvent,
    TimelineSpan,
)
from reports.render_html import render_run_html

ALIGNED = (
    AlignedRun(kind="equal", reference="good", hypothesis="good"),
    AlignedRun(kind="substitute", reference="morning", hypothesis="mourning"),
    AlignedRun(kind="delete", reference="every", hypothesis=""),
    AlignedRun(kind="insert", reference="", hypothesis="one"),
)
TIMELINE = Timeline(
    audio_s=4.0,
    peaks=(0, 50, 100, 20),
    spans=(
        TimelineSpan(kind="interim", channel=0, start_audio_s=0.5, end_audio_s=1.0, arrived_audio_s=1.2, text="good"),
        TimelineSpan(kind="final", channel=0, start_audio_s=0.5, end_audio_s=2.0, arrived_audio_s=2.4, text="good one"),
    ),
    events=(
        TimelineEvent(kind="opened", audio_s=0.0, text="connection 0 opened"),
        TimelineEvent(kind="lost", audio_s=2.5, text="connection 0 lost: reset"),
    ),
)


class Seen(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def of_one(case: CaseResult) -> RunResult:
    return RunResult(
        tool="dgharness 0.1.0", created="2026-01-31T12:00:00Z", server="s", seed=None, partial=False, cases=(case,),
        streaming=None, prerecorded=None,
    )  # fmt: skip


def case(text: str) -> CaseResult:
    """A case that says this wherever text from outside can stand."""
    event = TimelineEvent(kind=text, audio_s=1.0, text=text)
    span = TimelineSpan(kind="final", channel=0, start_audio_s=0, end_audio_s=1, arrived_audio_s=1, text=text)
    return CaseResult(
        name=text,
        outcome=Outcome.FAIL,
        reasons=(text,),
        audio=text,
        reference=text,
        replies=text,
        recording=text,
        prerecorded=Prerecorded(
            transcript=(text,),
            request_id=text,
            audio_s=1.0,
            wall_s=1.0,
            score=None,
            alignment=(AlignedRun(kind="substitute", reference=text, hypothesis=text),),
            failure=text,
        ),
        timeline=Timeline(audio_s=2.0, peaks=(1, 2), spans=(span,), events=(event,)),
    )


def test_the_page_has_the_run_and_every_case(run: RunResult) -> None:
    page = render_run_html(run)
    for words in (
        "FAIL: 1 of 2 cases",
        "greeting",
        "no reference",
        "PACE-0001",
        "the judge found 25 errors",
        "12.00 %",
    ):
        assert words in page
    assert page.count("<details id=") == len(run.cases)


def test_it_loads_nothing_from_anywhere(run: RunResult) -> None:
    seen = Seen(render_run_html(run))
    sources = [value for name, value in seen.attributes if name in ("src", "href", "srcset", "data", "action")]
    assert all(value is not None and value.startswith(("#", "data:image/svg+xml;base64,")) for value in sources)


def test_the_policy_allows_just_its_own_style_and_script(run: RunResult) -> None:
    page = render_run_html(run)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        told = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{told}&#39;" in policy
    assert {name for name, _ in Seen(page).attributes} & {"style", "onclick", "onload", "onerror"} == set()


def test_words_and_transcripts_run_as_their_first_word_does() -> None:
    """Arabic and Hebrew from right to left: in a paragraph that runs otherwise, Latin words scatter theirs."""
    page = render_run_html(of_one(case("\u0627\u062a\u0635\u0644 Deepgram")))
    assert re.findall(r"<p class=.words.[^>]*>", page) == ['<p class="words" dir="auto">']
    assert page.count("<dd>") == 0 < page.count('<dd dir="auto">\u0627\u062a\u0635\u0644 Deepgram</dd>')


def test_an_alignment_tells_removed_and_added_words_without_colour() -> None:
    posted = Prerecorded(transcript=("x",), request_id=None, audio_s=1, wall_s=1, score=None, alignment=ALIGNED)
    page = render_run_html(of_one(msgspec.structs.replace(case("x"), prerecorded=posted)))
    assert '<span class="substitute"><del>morning</del> <ins>mourning</ins></span>' in page
    assert "<del>every</del>" in page
    assert "<ins>one</ins>" in page


def test_the_time_line_has_wave_messages_and_events() -> None:
    page = render_run_html(of_one(msgspec.structs.replace(case("x"), timeline=TIMELINE)))
    assert page.count('<rect class="final"') == 1
    assert page.count('<rect class="interim"') == 1
    assert "2.50 s: connection 0 lost: reset" in page
    assert '<polygon class="wave" points="' in page


def test_the_comparison_is_told() -> None:
    compared = Comparison(
        verdict="worse", utterances=40, fewer=0, more=9, errors=9, rate=0.1, low=0.05, high=0.2, p_value=0.01,
        test="a test", resamples=1, seed=0,
    )  # fmt: skip
    run = msgspec.structs.replace(of_one(case("x")), comparison=compared)
    told = "streaming against pre-recorded: worse (40 utterances"
    assert told in render_run_html(msgspec.structs.replace(run, cases=run.cases * 2))
    assert told not in render_run_html(run), "of one case it says nothing"


def test_the_same_run_gives_the_same_page(run: RunResult) -> None:
    assert render_run_html(run) == render_run_html(run)


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</style><img src=x onerror=alert(1)>",
            "</title><svg onload=alert(1)>",
            "\"' autofocus onfocus=alert(1) x='",
            "{{ 7 * 7 }}{% raw %}",
            "]]>--><!--",
            "javascript:alert(1)",
            "\x00\x1b[31m\u202e",
        ]
    ),
)
KNOWN = Seen(render_run_html(of_one(case("harmless"))))


@settings(max_examples=60)
@given(text=HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    seen = Seen(render_run_html(of_one(case(text))))
    assert seen.tags == KNOWN.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in KNOWN.attributes]


def test_of_too_many_cases_all_are_in_the_table_and_those_that_went_wrong_in_full() -> None:
    good = CaseResult(name="good", outcome=Outcome.PASS, audio="a.wav", reference=None, replies="r")
    cases = [msgspec.structs.replace(good, name=f"good-{number}") for number in range(300)]
    cases[299] = msgspec.structs.replace(good, name="bad", outcome=Outcome.FAIL, reasons=("it failed",))
    page = render_run_html(msgspec.structs.replace(of_one(good), cases=tuple(cases)))
    assert page.count("<tr><td data-value=") == 300
    assert page.count("<details id=") == 250
    assert 'href="#case-299"' in page
    assert "it failed" in page
    assert 'href="#case-248"' in page
    assert 'href="#case-249"' not in page
    assert "50 more cases are in the table alone" in page


def test_the_middle_of_a_long_run_without_an_error_is_left_out() -> None:
    def page(words: int) -> str:
        said = " ".join(f"w{number}" for number in range(words))
        runs = (AlignedRun(kind="equal", reference=said, hypothesis=said), ALIGNED[1])
        posted = Prerecorded(transcript=(), request_id=None, audio_s=1.0, wall_s=0.1, score=None, alignment=runs)
        return render_run_html(of_one(msgspec.structs.replace(case("x"), prerecorded=posted)))

    assert " w40 " in page(80)
    long = page(81)
    assert "w14\n" in long
    assert "w15" not in long
    assert "… 51 words alike …" in long
    assert "w66 " in long
    assert "<del>morning</del> <ins>mourning</ins>" in long
