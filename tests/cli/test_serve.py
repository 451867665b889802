"""`dgharness serve` as the process that it is: the ready line, verdicts, signals, and what it leaves behind."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import connect

from harness.cli.output import say
from harness.cli.reply_options import RepliesNamed
from harness.cli.server_options import _url_files
from harness.cli.sessions import Sessions
from harness.recording.store import load
from mock_server.journal import Journal

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Run, Spawn, StartServer

READY_FIELDS = ["event", "host", "port", "ws_url", "http_url", "health_url", "pid", "tool"]


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("options", "said_on_stdout", "said_on_stderr"),
    [((), [], "PASS  session 1: "), (("--json",), ["session"], ""), (("--quiet",), [], "")],
)
def test_what_is_said_of_a_session_in_this_process(
    run: Run,
    helpers: Helpers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
    said_on_stdout: list[str],
    said_on_stderr: str,
) -> None:
    def session(ready: dict[str, Any]) -> None:
        key = {"Authorization": "Token any"}
        with connect(ready["ws_url"] + "/v1/listen", additional_headers=key, compression=None, proxy=None) as line:
            line.send('{"type":"CloseStream"}')
            list(line)
        helpers.wait_for(lambda: any((tmp_path / "kept").iterdir()))
        helpers.interrupt()

    def say_and_begin(text: str) -> None:
        say(text)
        if '"ready"' in text:
            client.append(threading.Thread(target=session, args=(json.loads(text),)))
            client[0].start()

    client: list[threading.Thread] = []
    monkeypatch.setattr("harness.cli.serve.say", say_and_begin)
    ran = run("serve", "--port", 0, "--say", "hello", "--record-dir", tmp_path / "kept", *options)
    client[0].join()
    ready, *said = map(json.loads, ran.out.splitlines())
    assert (ran.code, list(ready)) == (0, READY_FIELDS)
    assert [line["event"] for line in said] == said_on_stdout
    assert ran.err.startswith(said_on_stderr)
    assert bool(ran.err) is bool(said_on_stderr)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["", "mock_server"])
def test_it_says_when_it_is_ready_and_ends_cleanly(
    spawn: Spawn,
    by: signal.Signals,
    module: str,
    helpers: Helpers,
) -> None:
    process = spawn(*(() if module else ("serve",)), "--port", 0, "--say", "hello", module=module)
    ready = helpers.ready(process)
    assert list(ready) == READY_FIELDS
    assert (ready["event"], ready["host"], ready["pid"]) == ("ready", "127.0.0.1", process.pid)
    assert ready["ws_url"] == f"ws://127.0.0.1:{ready['port']}"
    with urllib.request.urlopen(ready["health_url"]) as answer:
        assert json.load(answer)["status"] == "ok"
    assert ended(process, by) == (0, "", "")


def test_impatience_changes_nothing(spawn: Spawn, helpers: Helpers) -> None:
    process = spawn("serve", "--port", 0, "--say", "hello")
    helpers.ready(process)
    helpers.interrupt_twice(process)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("host", "shown"), [("::1", "[::1]"), ("[::1]", "[::1]"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")]
)
def test_its_addresses_can_be_connected_to(
    spawn: Spawn,
    run: Run,
    clip: Path,
    host: str,
    shown: str,
    helpers: Helpers,
) -> None:
    process = spawn("serve", "--port", 0, "--say", "hello there", "--host", host)
    ready = helpers.ready(process)
    assert ready["http_url"] == f"http://{shown}:{ready['port']}"
    assert run("transcribe", clip, "--url", ready["http_url"]).out == "hello there\n"


def test_a_verdict_follows_each_session_on_stderr(
    spawn: Spawn,
    run: Run,
    clip: Path,
    tmp_path: Path,
    helpers: Helpers,
) -> None:
    process = spawn("serve", "--port", 0, "--say", "hello", "--record-dir", tmp_path / "kept", "--lag-scale", 0)
    streamed = run("stream", clip, "--url", helpers.ready(process)["ws_url"], "--speed", "4", "--json").json["streamed"]
    code, out, err = ended(process, signal.SIGTERM)
    assert (code, out) == (0, "")
    assert err[4:].startswith("  session 1: ")
    assert [path.stem for path in (tmp_path / "kept").iterdir()] == [streamed["request_id"]]
    assert load(tmp_path / "kept" / f"{streamed['request_id']}.jsonl").request_id == streamed["request_id"]


def test_sessions_as_lines_of_json(spawn: Spawn, run: Run, clip: Path, tmp_path: Path, helpers: Helpers) -> None:
    process = spawn("serve", "--port", 0, "--say", "hello", "--json", "--api-key", "the-right-key", "--lag-scale", 0)
    url = helpers.ready(process)["ws_url"]
    assert run("stream", clip, "--url", url, "--key", "the-wrong-key").code == 2
    request_id = run("stream", clip, "--url", url, "--key", "the-right-key", "--speed", "4", "--json").json["streamed"][
        "request_id"
    ]
    code, out, err = ended(process, signal.SIGTERM)
    refused, heard = map(json.loads, out.splitlines())
    assert (code, err) == (0, "")
    assert (refused["event"], refused["number"], refused["recording"]) == ("session", 1, None)
    assert (heard["number"], heard["request_id"]) == (2, request_id)
    assert heard["verdict"]["families"]["chunking"] == "pass"


def test_neither_key_shows_in_the_log(spawn: Spawn, run: Run, clip: Path, helpers: Helpers) -> None:
    options = ("--say", "hello", "--api-key", "the-right-key", "--log-level", "debug", "--log-json")
    process = spawn("serve", "--port", 0, *options)
    run("stream", clip, "--url", helpers.ready(process)["ws_url"], "--key", "the-wrong-key")
    code, out, err = ended(process, signal.SIGTERM)
    assert code == 0
    assert '"message": "upgrade refused"' in err
    assert "the-right-key" not in out + err
    assert "the-wrong-key" not in out + err


def test_a_journal_that_cannot_be_written_stops_nothing(
    spawn: Spawn,
    run: Run,
    clip: Path,
    tmp_path: Path,
    helpers: Helpers,
) -> None:
    kept = tmp_path / "kept"
    process = spawn("serve", "--port", 0, "--say", "hello", "--record-dir", kept, "--quiet", "--lag-scale", 0)
    url = helpers.ready(process)["ws_url"]
    kept.rmdir()
    for _ in range(2):
        assert run("stream", clip, "--url", url, "--speed", "max").code == 0
    code, out, err = ended(process, signal.SIGTERM)
    assert (code, out) == (0, "")
    assert err.count(": cannot be written (No such file or directory)\n") == 2


def test_several_recordings_are_told_apart_by_their_audio(
    spawn: Spawn, run: Run, clip: Path, tmp_path: Path, pcm: bytes, helpers: Helpers, url: str, mock: StartServer
) -> None:
    from harness.audio.decode import wav_bytes
    from harness.audio.format import AudioFormat

    other = tmp_path / "other.wav"
    other.write_bytes(wav_bytes(helpers.noise(2.5, seed=7), AudioFormat()))
    elsewhere = f"ws://127.0.0.1:{mock('something else entirely').port}"
    run("stream", clip, "--url", url, "--speed", "max", "--record", tmp_path / "kept" / "one.jsonl")
    run("stream", other, "--url", elsewhere, "--speed", "max", "--record", tmp_path / "kept" / "two.jsonl")
    both = helpers.ready(spawn("serve", "--port", 0, "--recording", tmp_path / "kept", "--quiet"))["ws_url"]
    heard = [
        run("stream", path, "--url", both, "--speed", "max", "--json").json["streamed"]["transcript"]
        for path in (other, clip)
    ]
    assert heard == [["something else entirely"], ["hello world this is a test"]]


def test_what_to_say_from_a_file_and_a_posted_url(spawn: Spawn, tmp_path: Path, clip: Path, helpers: Helpers) -> None:
    (tmp_path / "words.txt").write_text("from a file\n")
    options = ("--say", f"@{tmp_path / 'words.txt'}", "--url-file", f"https://example.com/a.wav={clip}", "--no-key")
    ready = helpers.ready(spawn("serve", "--port", 0, *options))
    request = urllib.request.Request(
        ready["http_url"] + "/v1/listen",
        data=b'{"url": "https://example.com/a.wav"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        body = json.load(answer)
    assert body["results"]["channels"][0]["alternatives"][0]["transcript"] == "from a file"


def test_unknown_audio_is_silence_when_asked_for(spawn: Spawn, run: Run, clip: Path, helpers: Helpers) -> None:
    ready = helpers.ready(spawn("serve", "--port", 0, "--unknown-is-silence", "--quiet"))
    ran = run("stream", clip, "--url", ready["ws_url"], "--speed", "max", "--json")
    assert ran.code == 0
    assert ran.json["streamed"]["transcript"] in ([], [""])


def test_tls(spawn: Spawn, tmp_path: Path, helpers: Helpers) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    try:
        files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
        subprocess.run([*made, *files], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed, and makes the certificate")
    options = ("--certfile", tmp_path / "cert.pem", "--keyfile", tmp_path / "key.pem")
    ready = helpers.ready(spawn("serve", "--port", 0, "--say", "hello", *options))
    assert ready["ws_url"] == f"wss://127.0.0.1:{ready['port']}"
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with urllib.request.urlopen(ready["health_url"], context=trusting) as answer:
        assert answer.status == 200


def test_a_server_without_journals_says_so_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal("/v1/listen", "", "2026-01-01T00:00:00Z", "test", 0.0)
    Sessions(None, as_json=True, quiet=False)(journal)
    told = json.loads(capsys.readouterr().out)
    assert (told["number"], told["request_id"], told["recording"]) == (1, None, None)


def test_a_full_disk_is_said_and_the_verdict_comes_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    journal = Journal("/v1/listen", "", "2026-01-01T00:00:00Z", "test", 0.0)
    sessions = Sessions(tmp_path / "kept", as_json=True, quiet=False)
    (tmp_path / "kept").rmdir()
    sessions(journal)
    out, err = capsys.readouterr()
    assert json.loads(out)["recording"] is None
    assert err == f"dgharness: {tmp_path / 'kept' / '1.jsonl'}: cannot be written (No such file or directory)\n"


def test_several_sources_are_told_apart_and_one_text_answers_all(tmp_path: Path, clip: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('audio = "clip.wav"\nreference = "x"\n')
    for spoken in (None, "hello"):
        with RepliesNamed(spoken, (), (tmp_path,), engine=None, unknown_is_silence=False).open() as replies:
            assert replies.names == ("a", "b")


def test_urls_and_their_files(clip: Path) -> None:
    assert _url_files((f"https://a.example/?x=y={clip}",)) == {"https://a.example/?x=y": clip}
