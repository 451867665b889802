"""What sources disagree about on `/v2/listen`: each view as a client sees it on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from harness.protocol.closing import CUT, NO_CODE
from harness.protocol.flux_bounds import BOUNDS_OF_2025, FluxBounds
from harness.protocol.flux_session import FluxTimers
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.flux.settings import FatalType, FluxSettings
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings

QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
MULTI = QUERY.replace("-en", "-multi") + "&language_hint=de&language_hint=en"
TEXT = "Hello there, how are you today? I am fine."
CLOSE_STREAM = '{"type":"CloseStream"}'
SECONDS = 10.0
BYTES_PER_SECOND = 32_000

Dial = Callable[..., ClientConnection]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """dial(settings, query) -> a line to a server of its own that says TEXT at once."""
    with ExitStack() as stack:

        def to(flux: FluxSettings | None = None, query: str = QUERY, **settings: Any) -> ClientConnection:
            at_once = {"connection": ConnectionSettings(lag_scale=0.0)}
            chosen = ServerSettings(flux=flux or FluxSettings(), **(at_once | settings))
            server = stack.enter_context(BackgroundServer(MockServer(Replies(always=loading.say(TEXT)), chosen)))
            line: ClientConnection = connect(
                f"ws://127.0.0.1:{server.port}/v2/listen?{query}",
                additional_headers={"Authorization": "Token any"},
                proxy=None,
                open_timeout=SECONDS,
            )
            return stack.enter_context(line)

        yield to


def refusal(dial: Dial, query: str, flux: FluxSettings | None = None, **settings: Any) -> str:
    with pytest.raises(InvalidStatus) as refused:
        dial(flux, query, **settings)
    assert refused.value.response.status_code == 400
    sentence: str = json.loads(refused.value.response.body or b"{}")["err_msg"]
    return sentence


def rest(line: ClientConnection, *texts: str) -> tuple[list[dict[str, Any]], int, str]:
    """What is said until the close, its code (1005 for a frame without one), and its reason."""
    said: list[dict[str, Any]] = []
    try:
        for text in texts:
            line.send(text)
        while True:
            said.append(json.loads(line.recv(timeout=SECONDS)))
    except ConnectionClosed as closed:
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (CUT, "")
        return said, code, reason


def heard(line: ClientConnection, duration_audio_s: float = 6.0) -> list[dict[str, Any]]:
    """The turns of so much audio."""
    line.send(bytes(round(duration_audio_s * BYTES_PER_SECOND)))
    said, _, _ = rest(line, CLOSE_STREAM)
    return [message for message in said if message["type"] == "TurnInfo"]


@pytest.mark.parametrize("code", [NO_CODE, 1000])
@pytest.mark.parametrize("last", [CLOSE_STREAM, '{"type":"KeepAlive"}'])
def test_the_close_has_a_code_or_none(dial: Dial, code: int, last: str) -> None:
    assert rest(dial(FluxSettings(close_code=code)), last)[1:] == (code, "")


@pytest.mark.parametrize("kind", list(FatalType))
def test_the_last_message_is_an_error_by_either_name(dial: Dial, kind: FatalType) -> None:
    said, _, _ = rest(dial(FluxSettings(fatal_type=kind)), '{"type":"Finalize"}')

    assert (said[-1]["type"], said[-1]["code"]) == (kind.value, "UNPARSABLE_CLIENT_MESSAGE")
    assert list(said[-1]) == ["type", "sequence_id", "code", "description"]


def test_an_idle_client_is_closed_and_a_ping_holds_it(dial: Dial) -> None:
    line = dial(FluxSettings(timers=FluxTimers(idle_after_s=0.4)))
    for _ in range(4):
        assert line.ping().wait(SECONDS)
        Event().wait(0.15)
    _, code, reason = rest(line)

    assert code == 1011
    assert "net0001" in reason


def test_the_fields_of_2026_can_be_left_out(dial: Dial) -> None:
    of_2026 = heard(dial(query=MULTI))
    of_2025 = heard(dial(FluxSettings(details_of_2026=False), MULTI))
    newer = {"trigger", "languages", "languages_hinted"}

    assert {name for message in of_2026 for name in message} - {
        name for message in of_2025 for name in message
    } == newer
    assert {name for message in of_2026 for word in message["words"] for name in word} == {
        "word",
        "confidence",
        "start",
        "end",
    }
    assert {name for message in of_2025 for word in message["words"] for name in word} == {"word", "confidence"}
    assert [message["event"] for message in of_2025] == [message["event"] for message in of_2026]


def test_the_multilingual_model_alone_reports_languages(dial: Dial) -> None:
    multi, english = heard(dial(query=MULTI)), heard(dial())

    assert all(message["languages_hinted"] == ["de", "en"] for message in multi)
    assert {tuple(message.get("languages", ())) for message in multi if message["words"]} == {("en",)}
    assert not any("languages" in message for message in multi if not message["words"])
    assert not any({"languages", "languages_hinted"} & set(message) for message in english)


@pytest.mark.parametrize("reasons", [True, False])
def test_a_refused_configure_says_why_or_not(dial: Dial, reasons: bool) -> None:
    line = dial(FluxSettings(failure_reasons=reasons))
    said, _, _ = rest(line, '{"type":"Configure","thresholds":{"eot_threshold":0.1}}', CLOSE_STREAM)
    (failure,) = (message for message in said if message["type"] == "ConfigureFailure")

    assert set(failure) == {"type", "request_id", "sequence_id"} | ({"code", "description"} if reasons else set())


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ("eot_threshold=0.95", "Invalid 'eot_threshold' value of '0.95'."),
        ("eot_timeout_ms=20000", "Invalid 'eot_timeout_ms' value of '20000'."),
    ],
)
def test_thresholds_end_where_they_did_in_2025(dial: Dial, parameter: str, sentence: str) -> None:
    assert refusal(dial, f"{QUERY}&{parameter}", FluxSettings(bounds=BOUNDS_OF_2025)) == sentence
    dial(query=f"{QUERY}&{parameter}")
    name, _, value = parameter.partition("=")
    said, _, _ = rest(
        dial(FluxSettings(bounds=BOUNDS_OF_2025)),
        f'{{"type":"Configure","thresholds":{{"{name}":{value}}}}}',
        CLOSE_STREAM,
    )
    assert said[1]["type"] == "ConfigureFailure"


def test_the_timeout_of_a_query_without_one_can_be_chosen(dial: Dial) -> None:
    line = dial(FluxSettings(bounds=FluxBounds(default_eot_timeout_ms=3000)))
    said, _, _ = rest(line, '{"type":"Configure"}', CLOSE_STREAM)

    assert said[1]["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 3000}


def test_parameters_of_v1_are_refused_or_ignored(dial: Dial) -> None:
    for parameter in ("interim_results=true", "diarize_model=latest", "filler_words=true", "search=a"):
        name = parameter.partition("=")[0]
        query = f"{QUERY}&{parameter}"
        assert refusal(dial, query) == f"`{name}` is not supported on the `/v2/listen` endpoint."
        assert rest(dial(query=query, strict_query=False), CLOSE_STREAM)[1] == NO_CODE


def test_a_storm_of_configures_is_refused_beyond_so_many(dial: Dial) -> None:
    """Two seconds of audio at once keep the server busy for 0.8 s; what is asked after them waits."""
    line = dial(FluxSettings(pending_configures=2), connection=ConnectionSettings())
    line.send(bytes(2 * BYTES_PER_SECOND))
    said, _, _ = rest(line, *['{"type":"Configure"}'] * 5, CLOSE_STREAM)
    answers = [message for message in said if message["type"].startswith("Configure")]

    assert [message["type"] for message in answers] == ["ConfigureFailure"] * 3 + ["ConfigureSuccess"] * 2
    assert {message.get("code") for message in answers[:3]} == {"CONFIGURE_ALREADY_PENDING"}
    assert [message["sequence_id"] for message in said] == list(range(len(said)))
