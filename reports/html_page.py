"""What every HTML page has: one file that needs nothing else, no network, no server, no second file.

Everything from a recording is text from strangers. Jinja2 escapes all of it, and a Content-Security-Policy lets only
the page's own style and script run, named by their hashes (W3C, "Content Security Policy Level 3", section 2.3.1):
even text that got through as markup could load nothing and run nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from harness.results import AlignedRun
from reports.figures import count, one_line
from reports.plots import Plot, as_data_url

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY: Final = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; form-action 'none'"
)
_ALIKE_WORDS: Final = 80
"""Longer runs without an error are shortened: a document of an hour would hide its errors in a book."""
_CONTEXT_WORDS: Final = 15


class Picture(NamedTuple):
    """A plot."""

    source: str
    about: str


class Words(NamedTuple):
    """A run of an alignment; `alike` stands for words without an error that are left out."""

    kind: str
    reference: str
    hypothesis: str


class Side(NamedTuple):
    """One transcript beside the reference."""

    name: str
    words: tuple[Words, ...]


def render_page(template: str, *, plots: Iterable[Plot], **values: Any) -> str:
    """A page.

    Args:
        template: name of its template.
        plots: what is drawn on it.
        **values: what else the template asks for.
    """
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .get_template(template)
        .render(
            policy=_POLICY.format(style=_hash(style), script=_hash(script)),
            style=style,
            script=script,
            pictures=[Picture(as_data_url(plot), plot.about) for plot in plots],
            **values,
        )
    )


def aligned(runs: Iterable[AlignedRun]) -> tuple[Words, ...]:
    """An alignment for the template, without the middle of long runs that have no error."""
    return tuple(words for run in runs for words in _shown(run))


def _shown(run: AlignedRun) -> Iterator[Words]:
    words = run.reference.split() if run.kind == "equal" else []
    if len(words) <= _ALIKE_WORDS:
        yield Words(run.kind, one_line(run.reference), one_line(run.hypothesis))
        return
    first, last = (one_line(" ".join(part)) for part in (words[:_CONTEXT_WORDS], words[-_CONTEXT_WORDS:]))
    yield Words("equal", first, first)
    yield Words("alike", f"… {count(len(words) - 2 * _CONTEXT_WORDS, 'word')} alike …", "")
    yield Words("equal", last, last)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _asset(name: str) -> str:
    # Jinja2 must not touch it: the hash is of its very bytes. It is ours, and holds nothing of any run.
    from markupsafe import Markup

    return Markup(files("reports").joinpath("templates", name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
