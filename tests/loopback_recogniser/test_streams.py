"""A recogniser behind real sockets: streams, files, turns, and an engine that is too slow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from harness.audio.decode import Audio, encode
from harness.audio.format import AudioFormat, Encoding
from mock_server.behaviour import ConnectionSettings
from mock_server.engines.base import RATE, Mono
from mock_server.server import MockServer
from mock_server.settings import ServerSettings

KEY = {"Authorization": "Token secret"}
QUERY = "model=nova-3&punctuate=true"
SECONDS = 20.0
"""No wait in these tests comes near it; it turns a hang into a failure."""

Say = Callable[..., Mono]
Serve = Callable[..., Any]


def pcm(samples: Mono, fmt: AudioFormat | None = None) -> bytes:
    return encode(Audio(samples[:, None] if samples.ndim == 1 else samples, RATE), fmt or AudioFormat())


def opened(server: MockServer, query: str, path: str = "/v1/listen") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{server.port}{path}?{query}", additional_headers=KEY)


def everything(client: ClientConnection) -> list[dict[str, Any]]:
    """Ends the stream; every message until the close."""
    client.send(json.dumps({"type": "CloseStream"}))
    return [json.loads(text) for text in client]


def transcripts(messages: list[dict[str, Any]], channel: int = 0) -> str:
    finals = (m for m in messages if m["type"] == "Results" and m["is_final"] and m["channel_index"][0] == channel)
    return " ".join(filter(None, (m["channel"]["alternatives"][0]["transcript"] for m in finals)))


@pytest.mark.parametrize("frame", [640, 3200, 10**9])
def test_a_stream_is_answered_with_what_was_said_however_it_is_cut(serve: Serve, say: Say, frame: int) -> None:
    data = pcm(say(0.5, 1, 2, 0.8, 3, 4, 0.6))
    with serve() as server, opened(server, f"{QUERY}&encoding=linear16&sample_rate=16000&vad_events=true") as client:
        for begin in range(0, len(data), frame):
            client.send(data[begin : begin + frame])
        messages = everything(client)

    assert transcripts(messages) == "one two, three four."
    assert [m["type"] for m in messages].count("SpeechStarted") == 2
    finals = [m for m in messages if m["type"] == "Results"]
    ends = [round(m["start"] + m["duration"], 6) for m in finals]
    assert [m["start"] for m in finals] == [0.0, *ends[:-1]]
    (metadata,) = [m for m in messages if m["type"] == "Metadata"]
    assert metadata["duration"] == ends[-1] == len(data) / 2 / RATE
    assert [info["name"] for info in metadata["model_info"].values()] == ["toy"]
    assert finals[0]["metadata"]["model_info"]["name"] == "toy"


def test_every_channel_is_heard_by_itself(serve: Serve, say: Say) -> None:
    left, right = say(0.3, 1, 2, 1.0), say(0.3, 0.3, 5, 0.7)
    stereo = np.stack([left[: len(right)], right[: len(left)]], axis=1)
    data = pcm(stereo, AudioFormat(channels=2))
    with serve() as server:
        query = f"{QUERY}&encoding=linear16&sample_rate=16000&channels=2&multichannel=true"
        with opened(server, query) as client:
            client.send(data)
            messages = everything(client)

    assert [transcripts(messages, channel) for channel in (0, 1)] == ["one two,", "five"]
    assert {tuple(m["channel_index"]) for m in messages if m["type"] == "Results"} == {(0, 2), (1, 2)}


def test_telephone_audio_is_heard_at_the_engines_rate(serve: Serve, say: Say) -> None:
    data = pcm(say(0.5, 1, 4, 1.0), AudioFormat(Encoding.MULAW, 8000))
    with serve() as server, opened(server, f"{QUERY}&encoding=mulaw&sample_rate=8000") as client:
        for begin in range(0, len(data), 160):
            client.send(data[begin : begin + 160])
        messages = everything(client)
    assert transcripts(messages) == "one four."
    assert messages[-1]["duration"] == len(data) / 8000


def test_finalize_is_answered_before_what_comes_after_it(serve: Serve, say: Say) -> None:
    before, after = pcm(say(1, 2)), pcm(say(3, 4, 0.5))
    with serve() as server, opened(server, f"{QUERY}&encoding=linear16&sample_rate=16000") as client:
        client.send(before)
        client.send(json.dumps({"type": "Finalize"}))
        client.send(after)
        messages = everything(client)

    (flagged,) = [m for m in messages if m.get("from_finalize")]
    assert flagged["channel"]["alternatives"][0]["transcript"] == "one two,"
    assert flagged["duration"] == len(before) / 2 / RATE
    assert transcripts(messages) == "one two, three four."


def test_a_file_is_answered_with_words_utterances_and_paragraphs(serve: Serve, say: Say, tmp_path: Any) -> None:
    body = pcm(say(0.5, 1, 2, 4, 1.5, 3, 8, 0.5))
    with serve() as server:
        url = f"http://127.0.0.1:{server.port}/v1/listen?{QUERY}&utterances=true&paragraphs=true"
        url += "&encoding=linear16&sample_rate=16000"
        request = Request(url, data=body, headers={**KEY, "Content-Type": "audio/raw"}, method="POST")
        with urlopen(request, timeout=SECONDS) as answered:
            response = json.load(answered)

    alternative = response["results"]["channels"][0]["alternatives"][0]
    assert alternative["transcript"] == "one two, four. three eight?"
    assert [u["transcript"] for u in response["results"]["utterances"]] == ["one two, four.", "three eight?"]
    assert len(alternative["paragraphs"]["paragraphs"][0]["sentences"]) == 2
    assert [info["name"] for info in response["metadata"]["model_info"].values()] == ["toy"]


def test_turns_on_flux(serve: Serve, say: Say) -> None:
    data = pcm(say(0.5, 1, 2, 4, 1.5, 3, 8, 1.5))
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    with serve() as server, opened(server, query, "/v2/listen") as client:
        for begin in range(0, len(data), 2560):
            client.send(data[begin : begin + 2560])
        messages = everything(client)

    assert messages[0]["type"] == "Connected"
    assert [m["sequence_id"] for m in messages] == list(range(len(messages)))
    ended = [m for m in messages if m.get("event") == "EndOfTurn"]
    assert [m["transcript"] for m in ended] == ["one two, four.", "three eight?"]
    assert [m["turn_index"] for m in ended] == [0, 1]


def test_the_last_words_of_a_turn_that_stays_open_are_said(serve: Serve, say: Say) -> None:
    """The audio ends before the Update that would have shown the last of them was due."""
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    with serve() as server, opened(server, query, "/v2/listen") as client:
        client.send(pcm(say(0.37, 1, 3, 5, 7, 9, 1)[: int(2.12 * RATE)]))
        messages = everything(client)

    assert (messages[-1]["event"], messages[-1]["transcript"]) == ("Update", "one three five seven nine one")


def test_a_forced_end_comes_after_the_audio_before_it_was_heard(serve: Serve, say: Say) -> None:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&eot_threshold=1.0"
    with serve() as server, opened(server, query, "/v2/listen") as client:
        client.send(pcm(say(0.4, 1, 3, 0.5)))
        client.send(json.dumps({"type": "Configure", "thresholds": {"eot_timeout_ms": 9000}}))
        client.send(json.dumps({"type": "ForceEndTurn"}))
        messages = everything(client)

    kinds = [m.get("event") or m["type"] for m in messages]
    assert kinds.index("ConfigureSuccess") > kinds.index("StartOfTurn")
    (ended,) = [m for m in messages if m.get("event") == "EndOfTurn"]
    assert (ended["trigger"], ended["transcript"]) == ("manual", "one three")


def test_a_slow_engine_holds_up_its_own_results_and_nothing_else(serve: Serve, say: Say, held_back: Any) -> None:
    data = pcm(say(1, 2, 1.0))
    query = f"{QUERY}&encoding=linear16&sample_rate=16000"
    settings = ServerSettings(connection=ConnectionSettings(max_speed=None))
    with serve(held_back, settings) as server, opened(server, query) as client:
        client.send(data)
        assert held_back.began.wait(SECONDS)

        assert client.ping().wait(SECONDS)  # the engine is at work, and the connection is alive
        client.send(json.dumps({"type": "KeepAlive"}))
        with urlopen(f"http://127.0.0.1:{server.port}/health", timeout=SECONDS) as health:
            assert json.load(health)["status"] == "ok"
        with opened(server, query) as other:
            silence = pcm(np.zeros(6 * RATE, np.float32))
            other.send(silence)
            assert other.ping().wait(SECONDS)
            assert everything(other)[-1]["duration"] == 6.0

        held_back.go.set()
        assert transcripts(everything(client)) == "one two,"


def test_an_engine_that_fails_ends_its_connection_and_says_so(serve: Serve, say: Say, held_back: Any) -> None:
    def fails(samples: Mono) -> Any:
        raise RuntimeError("weights are gone")

    held_back.transcribe = fails
    with serve(held_back) as server, opened(server, f"{QUERY}&encoding=linear16&sample_rate=16000") as client:
        client.send(pcm(say(1, 2, 1.0)))
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(SECONDS)
        (error,) = server.errors
        server.errors.clear()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert str(error) == "weights are gone"


def test_a_client_that_leaves_takes_its_work_with_it(serve: Serve, say: Say, held_back: Any) -> None:
    query = f"{QUERY}&encoding=linear16&sample_rate=16000"
    settings = ServerSettings(connection=ConnectionSettings(max_speed=None))
    with serve(held_back, settings) as server:
        with opened(server, query) as client:
            client.send(pcm(say(*[1, 2, 0.5] * 20)))
            assert held_back.began.wait(SECONDS)
        held_back.go.set()
        with opened(server, query) as other:
            other.send(pcm(say(3, 0.5)))
            assert transcripts(everything(other)) == "three"
    assert held_back.calls.count("transcribe") < 20
