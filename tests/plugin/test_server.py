"""The fixture: a working Deepgram for synchronous and asynchronous tests, configured by markers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

REFERENCES = Path(__file__).resolve().parents[2] / "fixtures" / "references"
WIRE = Path(__file__).resolve().parents[2] / "fixtures" / "wire"


def test_without_a_marker_it_answers_with_a_short_text(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client

        def test_stream(deepgram_server):
            assert client.hear(deepgram_server) == "Hello from your local Deepgram."

        def test_post(deepgram_server):
            assert client.post(deepgram_server) == "Hello from your local Deepgram."
        """
    )
    inner.runpytest().assert_outcomes(passed=2)


def test_asynchronous_tests_use_the_same_fixture(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import asyncio
        import client
        import pytest

        @pytest.mark.asyncio
        @pytest.mark.deepgram(say="One two three.")
        async def test_two_at_once(deepgram_server):
            said = await asyncio.gather(client.hear_async(deepgram_server), client.hear_async(deepgram_server))
            assert said == ["One two three.", "One two three."]
            assert len(deepgram_server.wait_for_sessions(2)) == 2
        """
    )
    inner.runpytest().assert_outcomes(passed=1)


def test_its_addresses_all_name_one_port(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        def test_addresses(deepgram_server):
            server = deepgram_server
            assert server.port > 0
            assert server.address == f"127.0.0.1:{server.port}"
            assert server.url == server.http_url == f"http://{server.address}"
            assert server.ws_url == f"ws://{server.address}"
        """
    )
    inner.runpytest().assert_outcomes(passed=1)


def test_sessions_are_recordings_from_the_servers_side(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import pytest

        @pytest.mark.deepgram(say="Hello there.")
        def test_sessions(deepgram_server):
            assert deepgram_server.sessions == []
            client.hear(deepgram_server)
            (session,) = deepgram_server.wait_for_sessions()
            assert session.header.side == "server"
            assert session.header.synthetic
            assert "say" in session.header.replies
            assert session.audio.size == len(client.SECOND) * 5
            assert [frame.size for frame in session.audio_frames()] == [640] * 250
            assert not session.partial

        def test_too_few_sessions(deepgram_server):
            with pytest.raises(TimeoutError, match="2 sessions were wanted within 0.05 s; 0 are over, 0 still run"):
                deepgram_server.wait_for_sessions(2, timeout_s=0.05)
        """
    )
    inner.runpytest().assert_outcomes(passed=2)


def test_it_answers_by_script_recording_and_response(inner: pytest.Pytester) -> None:
    (inner.path / "booking.json").write_bytes((REFERENCES / "booking.json").read_bytes())
    (inner.path / "answer.json").write_bytes((WIRE / "prerecorded.json").read_bytes())
    words = json.loads((WIRE / "prerecorded.json").read_text())["results"]["channels"][0]["alternatives"][0]
    inner.makepyfile(
        f"""
        import client
        import pytest
        from pathlib import Path
        from harness.recording.document import lines

        @pytest.mark.deepgram(script="booking.json")
        def test_script_beside_the_test(deepgram_server):
            assert client.hear(deepgram_server).startswith("Hello, I'd like to book a table")

        @pytest.mark.deepgram(recording=Path(__file__).parent / "answer.json")
        def test_response(deepgram_server):
            assert client.post(deepgram_server) == {words["transcript"]!r}

        @pytest.mark.deepgram(say="Recorded and played again.")
        def test_record(deepgram_server):
            client.hear(deepgram_server)
            (session,) = deepgram_server.wait_for_sessions()
            Path(__file__).with_name("kept.jsonl").write_text("".join(lines(session)))

        @pytest.mark.deepgram(recording=["kept.jsonl"])
        def test_recording(deepgram_server):
            assert client.hear(deepgram_server) == "Recorded and played again."
        """
    )
    inner.runpytest().assert_outcomes(passed=4)


def test_markers_of_module_class_and_function_add_up_and_the_nearest_wins(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import httpx
        import pytest

        pytestmark = pytest.mark.deepgram(say="From the module.", api_key="any")

        class TestNearest:
            def test_module(self, deepgram_server):
                assert client.hear(deepgram_server) == "From the module."

            @pytest.mark.deepgram(say="From the function.")
            def test_function(self, deepgram_server):
                assert client.hear(deepgram_server) == "From the function."

            @pytest.mark.deepgram(api_key="another")
            def test_key(self, deepgram_server):
                with pytest.raises(httpx.HTTPStatusError, match="401"):
                    client.post(deepgram_server)

            @pytest.mark.deepgram(script="words.txt")
            def test_source(self, deepgram_server):
                assert client.hear(deepgram_server) == "From a file."
        """
    )
    (inner.path / "words.txt").write_text("From a file.")
    inner.runpytest().assert_outcomes(passed=4)


def test_the_remaining_settings_reach_the_server(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import client
        import httpx
        import pytest
        from websockets.exceptions import ConnectionClosedError
        from websockets.sync.client import connect
        from mock_server.settings import Limits, ServerSettings

        @pytest.mark.deepgram(idle_timeout_s=0.05)
        def test_idle(deepgram_server):
            with connect(deepgram_server.ws_url + client.QUERY, proxy=None, additional_headers=client.KEY) as line:
                with pytest.raises(ConnectionClosedError, match="net0001"):
                    line.recv(timeout=5)

        @pytest.mark.deepgram(output_timeout_s=0.05)
        def test_output(deepgram_server):
            with connect(deepgram_server.ws_url + client.QUERY, proxy=None, additional_headers=client.KEY) as line:
                with pytest.raises(ConnectionClosedError, match="net0000"):
                    line.recv(timeout=5)

        @pytest.mark.deepgram(any_model=True)
        def test_any_model(deepgram_server):
            assert client.hear(deepgram_server, query=client.QUERY.replace("nova-3", "nova-9"))

        @pytest.mark.deepgram(file_urls={"https://example.com/a.wav": "a.raw"}, say="The file was fetched.")
        def test_file_urls(deepgram_server):
            body = {"url": "https://example.com/a.wav"}
            answer = httpx.post(deepgram_server.url + client.QUERY, json=body, headers=client.KEY, trust_env=False)
            assert "The file was fetched." in answer.text

        @pytest.mark.deepgram(settings=ServerSettings(limits=Limits(body_bytes=10)))
        def test_settings(deepgram_server):
            with pytest.raises(httpx.HTTPStatusError, match="413"):
                client.post(deepgram_server)
        """
    )
    (inner.path / "a.raw").write_bytes(b"\1\0" * 80_000)
    inner.runpytest().assert_outcomes(passed=5)


def test_a_client_left_open_does_not_outlive_the_test(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import socket
        import threading

        left = []

        def test_leaves_a_connection_open(deepgram_server):
            left.append(socket.create_connection(("127.0.0.1", deepgram_server.port)))

        def test_it_was_cut():
            (line,) = left
            line.settimeout(5)
            try:
                assert line.recv(1) == b""
            except ConnectionResetError:
                pass
            finally:
                line.close()
            assert not [t for t in threading.enumerate() if t.name == "dgharness-server"]
        """
    )
    inner.runpytest().assert_outcomes(passed=2)
