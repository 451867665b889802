"""The plugin costs a test session that needs no Deepgram next to nothing, and does nothing to it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

HEAVY = ("asyncio", "av", "click", "h11", "httpx", "jiwer", "msgspec", "numpy", "rich", "soxr", "ssl", "websockets")


def test_importing_the_plugin_imports_nothing_but_pytest() -> None:
    lines = (
        "import sys, pytest",
        "before = set(sys.modules)",
        "import harness.pytest_plugin",
        "print(*sorted(set(sys.modules) - before))",
    )
    code = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["harness", "harness.pytest_plugin"]


def test_a_run_without_the_fixture_never_loads_what_the_server_needs(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner.makepyfile(
        f"""
        import sys

        def test_nothing_heavy(request):
            assert request.config.pluginmanager.hasplugin("harness.pytest_plugin")
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
        """
    )
    # Without the other plugins of this environment: some of them need asyncio themselves.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    inner.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider -p harness.pytest_plugin")
    result = inner.runpytest_subprocess()

    result.assert_outcomes(passed=1)


def test_the_marker_is_documented(inner: pytest.Pytester) -> None:
    result = inner.runpytest("--markers")

    result.stdout.fnmatch_lines(
        ["@pytest.mark.deepgram(recording=PATH*say=TEXT*script=PATH*verdict='show'*): what the*"]
    )


def test_switched_off_it_has_no_fixture_and_no_marker(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        def test_asks(deepgram_server):
            pass
        """
    )
    result = inner.runpytest("-p", "no:dgharness")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'deepgram_server' not found*"])


def test_switched_off_its_marker_is_unknown(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.deepgram(say="hello")
        def test_marked():
            pass
        """
    )
    # In a process of its own: pytest remembers the markers of the outer run.
    result = inner.runpytest_subprocess("-p", "no:dgharness")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'deepgram' not found in `markers` configuration option*"])
