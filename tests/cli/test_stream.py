"""`dgharness stream` of a file, against a mock in this process: what is heard, judged and told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat, Encoding
from harness.recording.entries import Binary, Direction, Refused
from harness.recording.store import load
from harness.runner import judge_stream
from tests.cli.stream_arguments import FAST

if TYPE_CHECKING:
    from harness.conformance.findings import Verdict
    from harness.streamer.notes import StreamOutcome
    from harness.streamer.settings import StreamSettings
    from tests.cli.conftest import Helpers, Run, StartServer

KEY = "sk_test_0123456789abcdef"


def test_a_file_is_heard_judged_and_told(run: Run, clip: Path, url: str) -> None:
    ran = run("stream", clip, "--url", url, *FAST)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("PASS  clip.wav\n")
    assert "streaming text  hello world this is a test\n" in ran.out


def test_json_is_one_case_and_nothing_else(run: Run, clip: Path, url: str) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "--json")
    assert ran.code == 0
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    assert ran.json["outcome"] == "pass"
    assert ran.json["recording"] is None


def test_watch_prints_every_message_even_into_a_pipe(run: Run, clip: Path, url: str) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "--watch")
    assert re.search(r"^ +\d\.\d\d s  interim hello world", ran.err, re.MULTILINE)
    assert re.search(r"^ +\d\.\d\d s  final   .*a test$", ran.err, re.MULTILINE)
    assert "metadata 2.00 s of audio, request " in ran.err


def test_options_of_the_query_string_travel(run: Run, clip: Path, mock: StartServer) -> None:
    server = mock()
    run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "-o", "model=nova-2", "-o", "keyterm=a=b")
    query = server.sessions[0].recording().header.query
    assert "model=nova-2" in query
    assert "keyterm=a%3Db" in query
    assert "encoding=linear16&sample_rate=16000&channels=1" in query


def test_what_deepgram_refuses_or_ignores_is_said_beforehand(run: Run, clip: Path, url: str) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "-o", "utterance_end_ms=100", "-o", "modell=x", "--chunk-ms", "60")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "warning: Deepgram would refuse this: Invalid 'utterance_end_ms' value of '100'.",
        "warning: `modell` is not a parameter, and is ignored; did you mean `model`?",
        "warning: chunks of 60 ms hold every word back by up to 60 ms; 20 to 40 ms is recommended",
        f"dgharness: {url[5:]}: refused with HTTP 400: Invalid 'utterance_end_ms' value of '100'.",
    ]


def test_a_declared_rate_that_the_header_contradicts_is_a_warning(run: Run, clip: Path, url: str) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "--sample-rate", 8000)
    assert ran.code == 0
    assert ran.err.startswith(f"warning: {clip}: the wav header says 16000 Hz with 1 channel(s), declared are 8000 Hz")


def test_a_conversion_that_nobody_asked_for_is_a_note(run: Run, tmp_path: Path, pcm: bytes, url: str) -> None:
    path = tmp_path / "stereo.wav"
    path.write_bytes(wav_bytes(pcm, AudioFormat(channels=2)))
    ran = run("stream", path, "--url", url, *FAST)
    assert ran.code == 0
    assert ran.err.startswith(f"note: {path}: the wav header says 16000 Hz with 2 channel(s)")


@pytest.mark.parametrize(
    ("name", "options"), [("odd.raw", []), ("odd.RAW", []), ("odd.bin", ["--encoding", "linear16"])]
)
def test_raw_audio_with_a_byte_too_many(
    run: Run,
    tmp_path: Path,
    pcm: bytes,
    mock: StartServer,
    name: str,
    options: list[str],
) -> None:
    server = mock()
    (tmp_path / name).write_bytes(pcm + b"\1")
    ran = run("stream", tmp_path / name, "--url", f"ws://127.0.0.1:{server.port}", *FAST, *options)
    assert ran.code == 0
    assert "the last 1 bytes were dropped" in ran.err
    assert sum(entry.size for entry in server.sessions[0].recording().of(Binary)) == len(pcm)


def test_a_raw_name_never_makes_samples_of_a_header(
    run: Run,
    tmp_path: Path,
    clip: Path,
    pcm: bytes,
    mock: StartServer,
) -> None:
    server = mock()
    clip.rename(tmp_path / "liar.raw")
    run("stream", tmp_path / "liar.raw", "--url", f"ws://127.0.0.1:{server.port}", *FAST)
    assert sum(entry.size for entry in server.sessions[0].recording().of(Binary)) == len(pcm)


def test_a_refused_key_is_one_sentence_and_appears_nowhere(
    run: Run,
    clip: Path,
    mock: StartServer,
    tmp_path: Path,
) -> None:
    server = mock(api_keys=frozenset({"another-key-entirely"}))
    kept = tmp_path / "refused.jsonl"
    options = ("--url", f"ws://127.0.0.1:{server.port}", "--key", KEY, "--record", kept, "--log-level", "debug")
    ran = run("stream", clip, *options)
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err.splitlines()[-1] == f"dgharness: 127.0.0.1:{server.port}: refused with HTTP 401: Invalid credentials."
    )
    assert KEY not in ran.err + kept.read_text()
    assert next(load(kept).of(Refused)).status == 401


def test_the_key_may_come_from_the_environment(
    run: Run,
    clip: Path,
    mock: StartServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    server = mock(api_keys=frozenset({KEY}))
    assert run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST).code == 0


def test_finalize_is_sent_when_asked_for(run: Run, clip: Path, mock: StartServer) -> None:
    server = mock()
    run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--finalize")
    said = [entry.text for entry in server.sessions[0].recording().texts(Direction.UPSTREAM)]
    assert said == ['{"type":"Finalize"}', '{"type":"CloseStream"}']


def test_a_verdict_with_an_error_is_exit_code_1(
    run: Run, clip: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_if_it_had_raised(outcome: StreamOutcome, settings: StreamSettings) -> Verdict:
        return judge_stream(replace(outcome, failure="made up"), settings)

    monkeypatch.setattr("harness.cli.stream_audio.judge_stream", as_if_it_had_raised)
    ran = run("stream", clip, "--url", url, *FAST, "--json")
    assert ran.code == 1
    assert ran.json["outcome"] == "fail"
    assert ran.json["reasons"] == ["The client ended with an error of its own."]


# --- sessions that end early ----------------------------------------------------------------------------------------


def test_other_encodings_are_sent_as_declared(run: Run, clip: Path, mock: StartServer, helpers: Helpers) -> None:
    server = mock()
    ran = run(
        "stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--encoding", "mulaw", "--sample-rate", 8000
    )
    assert ran.code == 0
    helpers.wait_for(lambda: server.sessions[0].recording().audio is not None)  # noted once the client has gone
    audio = server.sessions[0].recording().audio
    assert audio is not None
    assert audio.encoding == Encoding.MULAW
    assert sum(entry.size for entry in server.sessions[0].recording().of(Binary)) == 16_000
