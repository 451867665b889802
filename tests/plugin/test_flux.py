"""The fixture on `/v2/listen`: turns, verdicts by the rules of Flux, and its switches."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

FLUX_CLIENT = """
import json
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from client import CLOSE, KEY, SECOND

QUERY = "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"

def turns(server, *controls, query=QUERY, close=CLOSE):
    said, code = [], None
    with connect(server.ws_url + query, proxy=None, compression=None, additional_headers=KEY) as line:
        try:
            assert json.loads(line.recv(timeout=5))["type"] == "Connected"
            for begin in range(0, 5 * len(SECOND), 2560):
                line.send((SECOND * 5)[begin:begin + 2560])
            for control in (*controls, *([close] if close else [])):
                line.send(control)
            while True:
                said.append(json.loads(line.recv(timeout=5)))
        except ConnectionClosed as closed:
            code = closed.rcvd.code
    return [m["transcript"] for m in said if m.get("event") == "EndOfTurn"], code
"""


@pytest.fixture
def flux(inner: pytest.Pytester) -> pytest.Pytester:
    """The folder with a client of Flux in it."""
    inner.makepyfile(flux=FLUX_CLIENT)
    return inner


def test_a_marker_answers_a_flux_client_too(flux: pytest.Pytester) -> None:
    flux.makepyfile(
        """
        import flux
        import pytest

        @pytest.mark.deepgram(say="Hello there, how are you? I am fine.", verdict="enforce", speed="max")
        def test_turns(deepgram_server):
            assert flux.turns(deepgram_server) == (["Hello there, how are you?", "I am fine."], 1005)
            (session,) = deepgram_server.wait_for_sessions()
            assert session.header.path == "/v2/listen"
            assert str(deepgram_server.judge().families["protocol"]) == "pass"
        """
    )
    flux.runpytest().assert_outcomes(passed=1)


def test_a_client_that_breaks_a_rule_of_flux_fails_with_enforce(flux: pytest.Pytester) -> None:
    flux.makepyfile(
        """
        import flux
        import pytest

        @pytest.mark.deepgram(say="Hello there.", verdict="enforce", speed="max")
        def test_keep_alive(deepgram_server):
            flux.turns(deepgram_server, '{"type": "KeepAlive"}')
        """
    )
    result = flux.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*C-FLUX-CONTROL*"])


def test_its_switches_come_with_the_settings(flux: pytest.Pytester) -> None:
    flux.makepyfile(
        """
        import flux
        import pytest
        from mock_server.flux.settings import FluxSettings
        from mock_server.settings import ServerSettings

        @pytest.mark.deepgram(say="Hello there.", settings=ServerSettings(flux=FluxSettings(close_code=1000)))
        def test_close(deepgram_server):
            assert flux.turns(deepgram_server) == (["Hello there."], 1000)

        @pytest.mark.deepgram(say="Hello there.", idle_timeout_s=0.2)
        def test_idle(deepgram_server):
            assert flux.turns(deepgram_server, close=None) == (["Hello there."], 1011)
        """
    )
    flux.runpytest().assert_outcomes(passed=2)
