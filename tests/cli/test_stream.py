"""`dgharness stream` against a mock in this process."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat, Encoding
from harness.cli.keeper import Keeper
from harness.errors import BadInput
from harness.protocol.codec import encode
from harness.protocol.messages import KeepAlive
from harness.recording.entries import Binary, Direction, Lost, Refused
from harness.recording.store import load, load_audio
from harness.runner import judge_stream
from harness.streamer.seam import Seam
from mock_server.faults.notation import parse_fault_text

if TYPE_CHECKING:
    from harness.conformance.findings import Verdict
    from harness.streamer.notes import StreamOutcome
    from harness.streamer.settings import StreamSettings
    from tests.cli.conftest import Helpers, PutStdin, Run, Spawn, StartServer

FAST = ("--speed", "max")
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


def test_a_recording_replays_to_the_same_transcript(
    run: Run,
    spawn: Spawn,
    clip: Path,
    url: str,
    tmp_path: Path,
    helpers: Helpers,
) -> None:
    kept = tmp_path / "kept" / "session.jsonl"
    first = run("stream", clip, "--url", url, *FAST, "--json", "--record", kept)
    assert first.json["recording"] == str(kept)
    assert load_audio(kept, load(kept)) is not None
    ready = helpers.ready(spawn("serve", "--port", 0, "--recording", kept, "--quiet"))
    for chunk_ms in (20, 100):
        again = run("stream", clip, "--url", ready["ws_url"], *FAST, "--json", "--chunk-ms", chunk_ms)
        assert again.code == 0
        assert again.json["streamed"]["transcript"] == first.json["streamed"]["transcript"]


def test_an_older_recording_is_replaced(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    for words in ("first=1", "second=2"):
        run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "kept.jsonl", "-o", words)
    assert load(tmp_path / "kept.jsonl").header.query.endswith("&second=2")


def test_a_recording_of_another_name_is_kept_with_a_note(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    ran = run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "session.rec")
    assert ran.code == 0
    assert ran.err == f"note: {tmp_path / 'session.rec'}: `serve --recording` takes it when its name ends in .jsonl\n"
    assert not load(tmp_path / "session.rec").partial


def test_audio_that_cannot_be_kept_is_said_and_the_result_still_comes(
    run: Run, clip: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, data: bytes, ending: str) -> str:
        raise BadInput("a.raw: cannot be written (No space left on device)")

    monkeypatch.setattr("harness.cli.keeper.keep_audio", full)
    ran = run("stream", clip, "--url", url, *FAST, "--record", tmp_path / "kept.jsonl", "--json")
    assert (ran.code, ran.err) == (2, "dgharness: a.raw: cannot be written (No space left on device)\n")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    assert load(tmp_path / "kept.jsonl").audio is not None


def test_secrets_in_the_query_stay_out_of_the_recording(run: Run, clip: Path, url: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    run("stream", clip, "--url", url, *FAST, "--record", kept, "-o", "token=a-secret-of-mine")
    assert "a-secret-of-mine" not in kept.read_text()


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


# --- standard input -------------------------------------------------------------------------------------------------


def test_standard_input_in_odd_pieces(run: Run, stdin: PutStdin, pcm: bytes, mock: StartServer) -> None:
    server = mock()
    stdin(pcm[:7], pcm[7:5000], pcm[5000:])
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", *FAST)
    assert (ran.code, ran.err) == (0, "")
    assert sum(entry.size for entry in server.sessions[0].recording().of(Binary)) == len(pcm)


def test_standard_input_that_ends_within_a_frame(run: Run, stdin: PutStdin, pcm: bytes, url: str) -> None:
    stdin(pcm + b"\1")
    ran = run("stream", "-", "--url", url, *FAST)
    assert ran.code == 0
    assert ran.err.endswith("ended within a frame of linear16 16000 Hz, 1 channel; left out: its last 1 byte\n")


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([], "standard input ended after 0 bytes; wanted raw audio in linear16 16000 Hz, 1 channel"),
        ([b"\1"], "standard input ended after 1 byte; wanted raw audio"),
        (
            [wav_bytes(bytes(3200), AudioFormat())],
            "standard input begins with the header of a wav file; wanted raw audio",
        ),
        ([b"fL", b"aC" + bytes(20)], "standard input begins with the header of a flac file"),
    ],
)
def test_standard_input_that_is_no_raw_audio(
    run: Run,
    stdin: PutStdin,
    url: str,
    blocks: list[bytes],
    sentence: str,
) -> None:
    stdin(*blocks)
    ran = run("stream", "-", "--url", url)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"dgharness: {sentence}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", ["stream", "transcribe"])
def test_a_terminal_is_not_waited_for(run: Run, stdin: PutStdin, command: str) -> None:
    stdin(terminal=True)
    ran = run(command, "-", "--url", "ws://127.0.0.1:1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("dgharness: standard input is a terminal; wanted audio from a pipe or a file")


def test_keep_alives_bridge_a_pause_of_the_source(
    run: Run,
    stdin: PutStdin,
    pcm: bytes,
    mock: StartServer,
    helpers: Helpers,
) -> None:
    server = mock()
    keep_alive = encode(KeepAlive())

    def bridged() -> bool:
        sent = server.sessions[0].recording().texts(Direction.UPSTREAM) if server.sessions else []
        return keep_alive in [entry.text for entry in sent]

    def pause(read: int) -> None:
        if read == 1:
            helpers.wait_for(bridged)

    stdin(pcm[:3200], pcm[3200:6400], before=pause)
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--keep-alive-s", "0.1")
    assert ran.code == 0
    assert bridged()


def test_standard_input_that_breaks(run: Run, stdin: PutStdin, pcm: bytes, url: str) -> None:
    def broken(read: int) -> None:
        if read == 1:
            raise OSError(5, "Input/output error")

    stdin(pcm, before=broken)
    ran = run("stream", "-", "--url", url, *FAST)
    assert ran.code == 2
    assert ran.err.startswith("dgharness: standard input cannot be read on (Input/output error)")


# --- sessions that end early ----------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_received(
    run: Run,
    stdin: PutStdin,
    pcm: bytes,
    mock: StartServer,
    helpers: Helpers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = mock()

    def interrupt(read: int) -> None:
        if read == 1:
            helpers.wait_for(lambda: bool(kept.exists() and '"down"' in kept.read_text()))
            helpers.interrupt()

    def interrupt_again(keeper: Keeper, audio: bytes) -> None:
        helpers.interrupt()  # impatience, while the results are written
        finish(keeper, audio)

    finish = Keeper.finish
    monkeypatch.setattr(Keeper, "finish", interrupt_again)

    kept = tmp_path / "kept.jsonl"
    fake = stdin(pcm, before=interrupt)
    fake.blocks += [b"\0" * 3200] * 100
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--speed", "4", "--record", kept, "--json")
    assert ran.code == 2
    assert ran.err == f"dgharness: interrupted; what was received is in {kept}, marked partial\n"
    assert (ran.json["outcome"], ran.json["reasons"]) == ("error", ["interrupted"])
    recording = load(kept)
    assert recording.partial
    assert any(recording.texts(Direction.DOWNSTREAM))
    assert recording.audio is not None
    assert load_audio(kept, recording) == (pcm + bytes(320_000))[: recording.audio.size]


def test_a_server_that_dies_leaves_a_partial_session(
    run: Run,
    spawn: Spawn,
    stdin: PutStdin,
    pcm: bytes,
    helpers: Helpers,
    tmp_path: Path,
) -> None:
    server = spawn("serve", "--port", 0, "--say", "hello world this is a test", "--lag-scale", 0)
    url = helpers.ready(server)["http_url"]
    kept = tmp_path / "kept.jsonl"

    def kill(read: int) -> None:
        if read == 1:
            helpers.wait_for(lambda: bool(kept.exists() and '"down"' in kept.read_text()))
            server.kill()

    stdin(pcm, pcm, before=kill)
    ran = run("stream", "-", "--url", url, "--record", kept, "--speed", 2)
    assert ran.code == 2
    assert ran.out.startswith("ERROR  -\n  the connection ended with 1006")
    assert ran.err.startswith("dgharness: the connection ended with 1006")
    assert ran.err.endswith(f"what was received is in {kept}, marked partial\n")
    recording = load(kept)
    assert recording.partial
    assert len(list(recording.of(Lost))) == 1


def test_audio_that_nothing_answers_is_told_without_a_recording(
    run: Run,
    clip: Path,
    spawn: Spawn,
    helpers: Helpers,
) -> None:
    server = spawn("serve", "--port", 0, "--case", "fixtures/cases/command.toml", "--quiet")
    ran = run("stream", clip, "--url", helpers.ready(server)["ws_url"], *FAST)
    assert ran.code == 2
    assert "no recording matches this audio" in ran.err
    assert ran.err.endswith("what was received is in the result, marked partial\n")


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


# --- coming back ----------------------------------------------------------------------------------------------------

CUT_ONCE = parse_fault_text("reset at_audio_s=1 leg=0")
AT_ONCE = ("--reconnect", "--reconnect-cap-s", "0.05")


def test_a_lost_connection_is_the_end_unless_it_is_to_come_back(run: Run, clip: Path, mock: StartServer) -> None:
    server = mock(faults=(CUT_ONCE,))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", "--speed", 8)
    assert ran.code == 2
    assert "the connection ended with 1006" in ran.err


@pytest.mark.parametrize("how", [(), ("--overlap-s", "0"), ("--buffer-s", "2", "--catch-up", "2", "--live")], ids=str)
def test_it_comes_back_when_asked_to_and_the_text_is_whole(
    run: Run, clip: Path, mock: StartServer, how: tuple[str, ...]
) -> None:
    server = mock(faults=(CUT_ONCE,))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", "--speed", 8, *AT_ONCE, *how, "--json")
    assert (ran.code, ran.json["outcome"]) == (0, "pass")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    assert re.fullmatch(r"note: 2 connections: lost at 0\.\d\d s, back after 0\.\d\d s\n", ran.err)
    assert len(server.sessions) == 2
    assert ran.json["streamed"]["connections"] == 2
    (outage,) = ran.json["streamed"]["outages"]
    assert f"lost at {outage['lost_wall_s']:.2f} s, back after {outage['took_s']:.2f} s" in ran.err


def test_what_a_live_source_lost_is_told_to_the_millisecond(
    run: Run, stdin: PutStdin, pcm: bytes, mock: StartServer
) -> None:
    server = mock()
    stdin(pcm)  # two seconds at once, of which half a second can be kept
    ran = run("stream", "-", "--url", f"ws://127.0.0.1:{server.port}", "--live", "--buffer-s", "0.5", "--json")
    said = re.fullmatch(
        r"warning: dropped (\d\.\d{3}) to 1\.500 s of the source \((\d\.\d{3}) s\): the buffer could not hold it "
        r"until it could be sent",
        ran.err.splitlines()[-1],
    )
    assert said is not None, ran.err
    sent = sum(entry.size for entry in server.sessions[0].recording().of(Binary))
    assert float(said[2]) == pytest.approx(2.0 - sent / 32_000)
    assert ran.json["streamed"]["dropped"] == [{"start_audio_s": float(said[1]), "end_audio_s": 1.5}]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--reconnect", "--reconnect-attempts", "0"], "'0' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-attempts", "1.5"], "'1.5' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-attempts", "9999999"], "'9999999' is not a whole number from 1 to 999999"),
        (["--reconnect", "--reconnect-cap-s", "0"], "'0' is not a number of seconds above 0"),
        (["--reconnect", "--reconnect-budget-s", "nan"], "'nan' is not a number of seconds above 0"),
        (["--buffer-s", "-1"], "'-1' is not a number of seconds above 0"),
        (["--reconnect", "--overlap-s", "-0.1"], "'-0.1' is not a number of seconds, 0 or more"),
        (["--catch-up", "0.9"], "'0.9' is not a number of 1 or more"),
        (["--catch-up", "inf"], "'inf' is not a number of 0 or more"),
        (["--reconnect-attempts", "3"], "--reconnect-attempts: is of no use without --reconnect"),
        (["--reconnect-cap-s", "3"], "--reconnect-cap-s: is of no use without --reconnect"),
        (["--reconnect-budget-s", "3"], "--reconnect-budget-s: is of no use without --reconnect"),
        (["--overlap-s", "1"], "--overlap-s: is of no use without --reconnect"),
        (
            ["--reconnect", "--overlap-s", "2", "--buffer-s", "3"],
            "--overlap-s 2: is more than half of --buffer-s 3; wanted room for what is not final yet",
        ),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(run: Run, clip: Path, options: list[str], sentence: str) -> None:
    ran = run("stream", clip, "--url", "ws://127.0.0.1:1", *options)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_what_the_ledger_finds_is_in_the_result(
    run: Run, clip: Path, mock: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says every final twice, and a client that takes all it is told for new."""
    monkeypatch.setattr(Seam, "rebase", lambda seam, message, leg: message)
    server = mock(faults=(parse_fault_text("duplicate message=final"),))
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--json")
    assert (ran.code, ran.json["outcome"]) == (1, "fail")
    assert any(reason.startswith("ledger: «hello» at ") for reason in ran.json["reasons"])


# --- a container as it is -------------------------------------------------------------------------------------------


def test_a_wav_file_is_sent_as_it_is_and_no_format_declared(
    run: Run, clip: Path, mock: StartServer, helpers: Helpers
) -> None:
    server = mock()
    ran = run("stream", clip, "--url", f"ws://127.0.0.1:{server.port}", *FAST, "--container", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["streamed"]["transcript"] == ["hello world this is a test"]
    helpers.wait_for(lambda: server.sessions[0].recording().audio is not None)
    recording = server.sessions[0].recording()
    assert "encoding" not in recording.header.query
    assert "sample_rate" not in recording.header.query
    assert "channels" not in recording.header.query
    audio = recording.audio
    assert audio is not None
    assert (audio.container, audio.size, audio.duration_audio_s) == ("wav", clip.stat().st_size, 2.0)
    assert audio.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_a_new_connection_sees_the_header_again(run: Run, clip: Path, mock: StartServer, helpers: Helpers) -> None:
    server = mock(faults=(CUT_ONCE,))
    url = f"ws://127.0.0.1:{server.port}"
    ran = run("stream", clip, "--url", url, "--speed", 8, *AT_ONCE, "--container", "--json")
    assert (ran.code, ran.json["outcome"]) == (0, "pass")
    assert len(server.sessions) == 2
    helpers.wait_for(lambda: server.sessions[1].recording().audio is not None)
    audio = server.sessions[1].recording().audio
    assert audio is not None
    assert (audio.container, audio.sample_rate) == ("wav", 16_000)
    assert audio.duration_audio_s == pytest.approx((audio.size - 44) / 32_000)


@pytest.mark.parametrize(
    ("name", "data", "options", "sentence"),
    [
        (
            "a.ogg",
            b"OggS" + bytes(99),
            [],
            "a.ogg: its container is ogg; wanted wav, the only one whose audio can go on",
        ),
        ("a.wav", bytes(99), [], "a.wav: its container is none; wanted wav"),
        (
            "a.wav",
            wav_bytes(bytes(99), AudioFormat()),
            ["--sample-rate", "8000"],
            "--sample-rate: contradicts --container",
        ),
    ],
)
def test_what_cannot_be_sent_as_it_is(
    run: Run, tmp_path: Path, name: str, data: bytes, options: list[str], sentence: str
) -> None:
    (tmp_path / name).write_bytes(data)
    ran = run("stream", tmp_path / name, "--url", "ws://127.0.0.1:1", "--container", *options)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_a_container_is_not_read_from_standard_input(run: Run, stdin: PutStdin, pcm: bytes) -> None:
    stdin(pcm)
    ran = run("stream", "-", "--url", "ws://127.0.0.1:1", "--container")
    assert ran.code == 2
    assert ran.err == "dgharness: --container: cannot be had from standard input; wanted a file or a URL\n"
