"""A marker with a wrong argument is refused in one sentence before any test runs."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ('"a.jsonl"', "takes keywords only, found 'a.jsonl'; wanted recording=, say= or script="),
        ('recordings="a.jsonl"', "has no argument 'recordings'; wanted one of recording, say, script, *"),
        ('say="a", script="b"', "say= and script= exclude each other; wanted one of them"),
        ("say=3", "say is 3; wanted a text"),
        ("recording=None", "recording is None; wanted a path, or a list of them"),
        ('verdict="strict"', "verdict is 'strict'; wanted 'show' or 'enforce' or 'off'"),
        ('idle_timeout_s="10"', "idle_timeout_s is '10'; wanted a number of seconds"),
    ],
)
def test_wrong_arguments_stop_the_run(inner: pytest.Pytester, arguments: str, sentence: str) -> None:
    inner.makepyfile(
        f"""
        import pytest

        @pytest.mark.deepgram({arguments})
        def test_marked(deepgram_server):
            pass

        def test_other():
            pass
        """
    )
    result = inner.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    where = "test_wrong_arguments_stop_the_run.py::test_marked: @pytest.mark.deepgram: "
    result.stderr.fnmatch_lines([f"ERROR: {where}{sentence}"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ('recording="gone.jsonl"', "*gone.jsonl: cannot be read (No such file or directory)"),
        ('recording="gone"', "*gone: no such file or folder"),
        (
            'recording=["test_unusable_values_fail_their_test_in_one_sentence.py"]',
            "*in_one_sentence.py: neither a recording (.jsonl) nor a response (.json)",
        ),
        ('script="gone.txt"', "*gone.txt: cannot be read (No such file or directory)"),
        ('say=" "', "say is empty; wanted words, or @FILE"),
        ("speed=0", "speed is '0'; wanted a number above 0 such as 1, 0.5 or 4, or max"),
    ],
)
def test_unusable_values_fail_their_test_in_one_sentence(inner: pytest.Pytester, arguments: str, sentence: str) -> None:
    inner.makepyfile(
        f"""
        import pytest

        @pytest.mark.deepgram({arguments})
        def test_marked(deepgram_server):
            pass

        def test_other():
            pass
        """
    )
    result = inner.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"deepgram_server: {sentence}"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_the_faults_of_the_marker_happen(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest
        from websockets.sync.client import connect
        from websockets.exceptions import ConnectionClosedError

        @pytest.mark.deepgram(faults=["close code=1012 leg=0", {"kind": "close", "code": 1013, "leg": 1}], seed=3)
        def test_marked(deepgram_server):
            codes = []
            for _ in range(2):
                url = deepgram_server.ws_url + "/v1/listen"
                with connect(url, additional_headers={"Authorization": "Token k"}, proxy=None) as line:
                    with pytest.raises(ConnectionClosedError) as closed:
                        line.recv(timeout=5)
                codes.append(closed.value.rcvd.code)
            assert codes == [1012, 1013]
            assert [firing.leg for firing in deepgram_server.fired] == [0, 1]
        """
    )
    inner.runpytest().assert_outcomes(passed=1)
