"""Deepgram's own Python SDK, unmodified, speaking Flux to the mock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from harness.pytest_support import DeepgramServer

SILENCE = bytes(2560)

pytestmark = [
    # The SDK imports the old client of `websockets`, which warns; and it is the SDK that is under test here.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.deepgram(say="Hello there, how are you today? I am fine.", api_key="secret"),
]


@pytest.fixture
def flux(deepgram_server: DeepgramServer) -> Iterator[Any]:
    """The SDK's `/v2/listen`; it never closes the HTTP client that it makes for itself, so it is given one."""
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    urls = DeepgramClientEnvironment(
        base=deepgram_server.http_url,
        production=deepgram_server.ws_url,
        agent=deepgram_server.ws_url,
        agent_rest=deepgram_server.http_url,
    )
    with httpx.Client(trust_env=False) as http:
        yield DeepgramClient(api_key="secret", environment=urls, httpx_client=http).listen.v2


def test_turns_arrive_typed_and_in_order(flux: Any) -> None:
    from deepgram.listen.v2.types.listen_v2configure import ListenV2Configure

    said = []
    with flux.connect(
        model="flux-general-en", encoding="linear16", sample_rate=16000, eager_eot_threshold=0.5
    ) as connection:
        said.append(connection.recv())
        connection.send_configure(ListenV2Configure(type="Configure", keyterms=["Deepgram"]))
        for _ in range(75):
            connection.send_media(SILENCE)
        connection.send_force_end_turn()
        connection.send_close_stream()
        said += list(connection)

    assert [type(message).__name__ for message in said[:2]] == ["ListenV2Connected", "ListenV2ConfigureSuccess"]
    assert {type(message).__name__ for message in said[2:]} == {"ListenV2TurnInfo"}
    turns = [message.transcript for message in said[2:] if message.event == "EndOfTurn"]
    assert turns == ["Hello there, how are you today?", "I am fine."]
    assert [message.sequence_id for message in said] == list(range(len(said)))


def test_a_refusal_arrives_as_one(flux: Any) -> None:
    # The SDK looks for the refusals of an older `websockets`, so this one's own comes through.
    with pytest.raises(InvalidStatus) as refused, flux.connect(model="nova-3"):
        pass

    assert refused.value.response.status_code == 400
