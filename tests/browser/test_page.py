"""The HTML page in a real browser, opened from disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.pairs import Gathered
from harness.results import (
    AlignedRun,
    CaseResult,
    CorpusRun,
    Counts,
    Outcome,
    PairedUtterance,
    Prerecorded,
    RunResult,
    Score,
    Streamed,
    Timeline,
    TimelineEvent,
    TimelineSpan,
)
from harness.scoring.normalize import normalizer
from harness.scoring.wer import score
from reports.formats import PAIRS_FORMATS
from reports.pairs_summary import summarise_corpus
from reports.render_html import render_run_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REFERENCE: Final = "one two three four"
HOSTILE: Final = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"


def case(name: str, heard: str, outcome: Outcome = Outcome.PASS) -> CaseResult:
    scored = score(REFERENCE, heard, normalizer("basic"))
    right = score(REFERENCE, REFERENCE, normalizer("basic"))
    return CaseResult(
        name=name,
        outcome=outcome,
        reasons=() if outcome is Outcome.PASS else ("too many errors",),
        audio="clip.wav",
        reference=REFERENCE,
        replies=HOSTILE,
        streamed=Streamed(
            transcript=(heard,), request_id=HOSTILE, audio_s=3.0, wall_s=3.1, interims=3, finals=1,
            first_interim_wall_s=0.4, first_final_wall_s=2.5, last_message_wall_s=0.1, pacing=None,
            score=Score.of(scored), alignment=AlignedRun.all_of(scored.alignment),
        ),
        prerecorded=Prerecorded(
            transcript=(REFERENCE,), request_id=None, audio_s=3.0, wall_s=0.1, score=Score.of(right),
            alignment=AlignedRun.all_of(right.alignment),
        ),
        timeline=Timeline(
            audio_s=3.0,
            peaks=tuple(number % 100 for number in range(600)),
            spans=(
                TimelineSpan(
                    kind="final", channel=0, start_audio_s=0.5, end_audio_s=2.0, arrived_audio_s=2.4, text=HOSTILE
                ),
            ),
            events=(TimelineEvent(kind="lost", audio_s=1.0, text=HOSTILE),),
        ),
    )  # fmt: skip


RUN: Final = RunResult(
    tool="dgharness", created="2026-01-31T12:00:00Z", server="localhost", seed=1, partial=False,
    cases=(
        case("beta", REFERENCE),
        case("alpha", "one two tree", Outcome.FAIL),
        case(HOSTILE, "one two tree four"),
    ),
    streaming=None, prerecorded=None,
)  # fmt: skip


def corpus_page() -> str:
    """The page of a corpus: one file that failed, one with errors, one without."""
    wrong, right = (score(REFERENCE, heard, normalizer("basic")) for heard in ("one two tree", REFERENCE))
    gathered = Gathered()
    for name, scored, troubles in ((HOSTILE, right, (HOSTILE,)), ("beta", right, ()), ("alpha", wrong, ())):
        shown = PairedUtterance(
            id=name, audio=HOSTILE, audio_s=3.0, troubles=troubles, streaming=Counts.of(scored.words),
            prerecorded=Counts.of(right.words), streaming_text=HOSTILE,
            streaming_alignment=AlignedRun.all_of(scored.alignment),
        )  # fmt: skip
        gathered.add((scored.words, right.words), lambda shown=shown: shown, trouble=bool(troubles))  # type: ignore[misc]
    run = CorpusRun(
        tool="dgharness", run_id=HOSTILE, created="2026-01-31T12:00:00Z", settings={"answers": HOSTILE}, files=3,
        finished=3, failed=1, partial=False,
    )  # fmt: skip
    return PAIRS_FORMATS["html"](summarise_corpus(run), gathered.result())


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong on the page: console messages, errors, and requests for anything but the file."""
    return []


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on disk."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_run_html(RUN), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a corpus on disk."""
    path = tmp_path_factory.mktemp("page") / "corpus.html"
    path.write_text(corpus_page(), encoding="utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, file: Path, troubles: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, file, request.param, troubles) as page:
        yield page


@pytest.fixture(params=["light", "dark"])
def of_corpus(
    browser: Browser, corpus_file: Path, troubles: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    with opened(browser, corpus_file, request.param, troubles) as page:
        yield page


@contextmanager
def opened(browser: Browser, file: Path, scheme: Any, troubles: list[str]) -> Iterator[Page]:
    """A file in the browser; what goes wrong is added to `troubles`."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((file.as_uri(), "data:")) else troubles.append(asked.url),
    )
    page.goto(file.as_uri())
    yield page
    context.close()


def names(page: Page) -> list[str]:
    """The names in the table of cases that are shown, in order."""
    return [row.inner_text() for row in page.locator("table.rows tbody tr:not([hidden]) td:first-child").all()]


def test_it_renders_without_a_word_of_complaint(page: Page, troubles: list[str]) -> None:
    assert page.title().startswith("FAIL: 1 of 3 cases")
    assert page.locator("svg.timeline").count() == 3
    assert page.locator(".plots img").count() == 1
    drawn = page.locator(".plots img").evaluate("image => image.complete && image.naturalWidth > 0")
    assert drawn is True
    assert troubles == []


def test_text_from_outside_stays_text(page: Page, troubles: list[str]) -> None:
    assert HOSTILE in names(page)
    assert "stolen" not in page.title()
    assert page.locator("img[src=x]").count() == 0
    assert troubles == []


def test_even_markup_that_got_through_would_run_nothing(page: Page, troubles: list[str]) -> None:
    page.evaluate("markup => { document.body.insertAdjacentHTML('beforeend', markup) }", HOSTILE)
    page.wait_for_timeout(100)
    assert "stolen" not in page.title()
    assert any("Content Security Policy" in trouble for trouble in troubles), "the browser said what it refused"


def test_a_column_sorts_both_ways_by_value_and_says_so(page: Page) -> None:
    header = page.get_by_role("button", name="WER streaming")
    header.click()
    assert names(page) == ["beta", HOSTILE, "alpha"]
    header.click()
    assert names(page) == ["alpha", HOSTILE, "beta"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_the_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the cases"
    page.get_by_role("button", name="case").focus()
    page.keyboard.press("Enter")
    assert names(page) == sorted([HOSTILE, "alpha", "beta"])
    page.locator("table.rows a", has_text="beta").focus()
    page.keyboard.press("Enter")
    page.locator("details#case-0[open]").wait_for()  # the page opens it once the browser has told it of the address


def test_the_filter_keeps_rows_that_have_all_words(page: Page) -> None:
    page.get_by_label("Filter").fill("fail alp")
    assert names(page) == ["alpha"]
    assert page.locator("#shown").inner_text() == "1 of 3 shown"
    page.get_by_label("Filter").fill("")
    assert len(names(page)) == 3


def test_text_can_be_read_in_light_and_in_dark(page: Page) -> None:
    """WCAG 2.1, 1.4.3: a contrast of 4.5 to 1 or more between text and what it stands on."""
    for selector in ("body", "del", "ins", ".dim", ".outcome.FAIL", "td.PASS"):
        assert contrast(page, selector) >= 4.5, selector


def test_it_fits_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_of_a_corpus_renders_sorts_filters_and_keeps_text_text(of_corpus: Page, troubles: list[str]) -> None:
    assert of_corpus.title().startswith("FAIL: of 3 files 1 could not")
    drawn = of_corpus.locator(".plots img").evaluate_all("images => images.map(image => image.naturalWidth > 0)")
    assert drawn == [True, True]
    assert names(of_corpus) == [HOSTILE, "alpha", "beta"], "what went wrong, then where streaming is worse"
    header = of_corpus.get_by_role("button", name="difference")
    header.click()
    header.click()
    assert names(of_corpus)[0] == "alpha"
    of_corpus.get_by_label("Filter").fill("WENT wrong")
    assert names(of_corpus) == [HOSTILE]
    of_corpus.locator("table.rows tr:not([hidden]) a").first.press("Enter")
    of_corpus.locator("details#utterance-0[open]").wait_for()
    assert troubles == []


def test_the_page_of_a_corpus_can_be_read_and_fits_a_telephone(of_corpus: Page) -> None:
    for selector in ("body", ".outcome.fail", "td.FAIL", ".said, .dim", "del"):
        assert contrast(of_corpus, selector) >= 4.5, selector
    of_corpus.set_viewport_size({"width": 390, "height": 800})
    assert of_corpus.evaluate("document.documentElement.scrollWidth") <= 390


def contrast(page: Page, selector: str) -> float:
    colors = page.locator(selector).first.evaluate(
        """element => {
          const numbers = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
          let behind = element;
          while (behind && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
          return [getComputedStyle(element).color, getComputedStyle(behind || document.body).backgroundColor]
            .map(numbers);
        }"""
    )
    lighter, darker = sorted((luminance(color) for color in colors), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: list[float]) -> float:
    """Relative luminance by WCAG 2.1."""
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (c / 255 for c in color[:3])
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
