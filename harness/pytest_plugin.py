"""The pytest plugin: a Deepgram for each test that asks for one.

    @pytest.mark.deepgram(say="hello world")
    def test_hears_the_greeting(deepgram_server):
        assert transcribe("greeting.wav", url=deepgram_server.ws_url) == "hello world"

Every test session loads this file, whether it needs a Deepgram or not: it imports nothing but pytest. What the fixture
hands out is in `harness.pytest_support`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from harness.pytest_support import DeepgramServer

MARKER: Final = "deepgram"
SOURCES: Final = ("recording", "say", "script")
"""What to answer with; a marker names one of them at most."""

VERDICTS: Final = ("show", "enforce", "off")

_PATH: Final = (str, PathLike)
_NUMBER: Final = (int, float)
_ARGUMENTS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "recording": ((*_PATH, list, tuple), "a path, or a list of them"),
    "say": ((str,), "a text"),
    "script": (_PATH, "a path"),
    "lag_scale": (_NUMBER, "a number"),
    "api_key": ((str,), "a text"),
    "any_model": ((bool,), "True or False"),
    "idle_timeout_s": (_NUMBER, "a number of seconds"),
    "output_timeout_s": (_NUMBER, "a number of seconds"),
    "file_urls": ((dict,), "a dict of URLs and paths"),
    "faults": ((list, tuple), "a list of faults"),
    "seed": ((int,), "a whole number"),
    "settings": ((object,), "a mock_server.settings.ServerSettings"),
    "verdict": ((str,), " or ".join(map(repr, VERDICTS))),
    "speed": ((*_NUMBER, str), "a number above 0, or 'max'"),
}

_HELP: Final = (
    "deepgram(recording=PATH | [PATH, …] | say=TEXT | script=PATH, *, lag_scale=0, api_key=None, any_model=False, "
    "idle_timeout_s=10, output_timeout_s=30, file_urls={URL: PATH}, faults=[FAULT, …], seed=0, "
    "settings=ServerSettings(), verdict='show' | 'enforce' | 'off', speed=1 | 'max'): what the `deepgram_server` of "
    "this test answers with, and how it behaves."
)
_SERVER: Final = pytest.StashKey["DeepgramServer"]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, so that `--strict-markers` takes it."""
    config.addinivalue_line("markers", _HELP)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse markers with arguments that nothing would read, before the first test runs."""
    for item in items:
        for marker in item.iter_markers(MARKER):
            wrong = _what_is_wrong(marker)
            if wrong is not None:
                raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.deepgram: {wrong}")


@pytest.fixture
def deepgram_server(request: pytest.FixtureRequest) -> Iterator[DeepgramServer]:
    """A mock Deepgram on a free port of 127.0.0.1, for synchronous and asynchronous tests; see the docs for its marker.

    An exception inside the server fails the test; a bad verdict on the client does with `verdict="enforce"`. Both are
    shown in the report of a test that fails.
    """
    from harness.errors import BadInput
    from harness.pytest_support import DeepgramServer

    arguments = _arguments(request.node)
    try:
        server = DeepgramServer(request.path.parent, **arguments)
        server.start()
    except BadInput as error:
        pytest.fail(f"deepgram_server: {error}", pytrace=False)
    request.node.stash[_SERVER] = server
    try:
        yield server
    finally:
        server.stop()
    complaint = server.complaint()
    if complaint is not None:
        pytest.fail(complaint, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in the report of a failed test what its server saw: verdicts on the sessions, and its own exceptions."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if server is not None and report.failed and report.when != "setup":
        report.sections.extend(server.report_sections())
    return report


def _arguments(node: pytest.Item) -> dict[str, Any]:
    """The markers of module, class and function together; the nearest wins, and a source replaces any other."""
    arguments: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(MARKER))):
        if any(source in marker.kwargs for source in SOURCES):
            arguments = {name: value for name, value in arguments.items() if name not in SOURCES}
        arguments.update(marker.kwargs)
    return arguments


def _what_is_wrong(marker: pytest.Mark) -> str | None:
    unknown = [name for name in marker.kwargs if name not in _ARGUMENTS]
    sources = [name for name in SOURCES if name in marker.kwargs]
    if marker.args:
        return f"takes keywords only, found {marker.args[0]!r}; wanted recording=, say= or script="
    if unknown:
        return f"has no argument {unknown[0]!r}; wanted one of {', '.join(_ARGUMENTS)}"
    if len(sources) > 1:
        return f"{' and '.join(f'{name}=' for name in sources)} exclude each other; wanted one of them"
    for name, value in marker.kwargs.items():
        types, wanted = _ARGUMENTS[name]
        if not isinstance(value, types) or (name == "verdict" and value not in VERDICTS):
            return f"{name} is {value!r}; wanted {wanted}"
    return None
