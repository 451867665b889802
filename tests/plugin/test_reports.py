"""What a failed test's report shows of its server, and what fails a test that would have passed."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

BIG_FRAMES = """
import client
import pytest

@pytest.mark.deepgram(say="Hello there.", speed="max"{more})
def test_big_frames(deepgram_server):
    assert client.hear(deepgram_server, size=32000) == {wanted!r}
"""


def test_a_failed_test_shows_the_verdict_on_each_session(inner: pytest.Pytester) -> None:
    inner.makepyfile(BIG_FRAMES.format(more="", wanted="Something else."))
    result = inner.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- deepgram_server: session 1 -*", "FAIL*session 1*", "*C-CHUNK-SIZE*"])


def test_a_passed_test_shows_nothing(inner: pytest.Pytester) -> None:
    inner.makepyfile(BIG_FRAMES.format(more="", wanted="Hello there."))
    result = inner.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*deepgram_server*")


def test_verdicts_can_be_left_out(inner: pytest.Pytester) -> None:
    inner.makepyfile(BIG_FRAMES.format(more=', verdict="off"', wanted="Something else."))
    result = inner.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*C-CHUNK-SIZE*")


def test_enforced_verdicts_fail_a_test_whose_client_breaks_a_rule(inner: pytest.Pytester) -> None:
    inner.makepyfile(BIG_FRAMES.format(more=', verdict="enforce"', wanted="Hello there."))
    result = inner.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*deepgram_server: the client broke rules in session 1", "*C-CHUNK-SIZE*"])


def test_enforced_verdicts_pass_a_client_that_breaks_none(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import pytest

        @pytest.mark.deepgram(verdict="enforce", speed="max")
        def test_good(deepgram_server):
            client.hear(deepgram_server)
            verdict = deepgram_server.judge()
            assert verdict.passed
        """
    )
    inner.runpytest().assert_outcomes(passed=1)


def test_an_exception_inside_the_server_fails_the_test_and_is_shown(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import httpx
        import pytest
        from mock_server.routes import Routes

        def test_breaks_the_server(deepgram_server, monkeypatch):
            monkeypatch.setattr(Routes, "_answer_for", lambda *arguments: 1 / 0)
            with pytest.raises(httpx.HTTPStatusError, match="500"):
                client.post(deepgram_server)
            assert [type(error) for error in deepgram_server.errors] == [ZeroDivisionError]
        """
    )
    result = inner.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "deepgram_server: 1 exception inside the server",
            "*- deepgram_server: exception inside the server -*",
            "ZeroDivisionError: division by zero",
        ]
    )


def test_a_verdict_can_be_asked_for_with_what_the_client_says_of_itself(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import pytest

        @pytest.mark.deepgram(say="Hello there.")
        def test_claims(deepgram_server):
            with pytest.raises(LookupError, match="session -1 was to be judged; 0 are over, 0 still run"):
                deepgram_server.judge()
            text = client.hear(deepgram_server)
            assert deepgram_server.judge(chunk_ms=20, transcript=text, speed="max").passed
            broken = deepgram_server.judge(0, chunk_ms=100, transcript="Hello", speed="max").broken
            assert set(broken) == {"C-CHUNK-CLAIM", "P-LOST"}
        """
    )
    inner.runpytest().assert_outcomes(passed=1)


def test_a_refused_upgrade_is_a_session_too(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import pytest
        from websockets.exceptions import InvalidStatus

        def test_refused(deepgram_server):
            with pytest.raises(InvalidStatus):
                client.hear(deepgram_server, query=client.QUERY + "&interim_results=True")
            assert "C-QUERY-BOOLEAN" in deepgram_server.judge().broken
        """
    )
    inner.runpytest().assert_outcomes(passed=1)
