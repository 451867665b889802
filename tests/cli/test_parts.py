"""The parts of the command line that no command shows alone: log, keeper, output, signals, the live line."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from harness.cli import output, signals
from harness.cli.keeper import Keeper
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.output import say, style_for
from harness.cli.progress import Watcher, working
from harness.errors import BadInput
from harness.protocol.auth import MASK
from harness.recording.entries import AnyEntry, Audio, Binary, Direction, End, Header, Note, Refused, Side, Text
from harness.recording.store import load
from harness.transcript import Transcript

if TYPE_CHECKING:
    from tests.cli.conftest import Helpers, Terminal

SetUpLog = Callable[..., logging.Logger]
KEY = "sk_test_0123456789abcdef"
HEADER = Header(side=Side.CLIENT, path="/v1/listen", query="model=x&token=t", created="", tool="t", replies="r")


# --- the log --------------------------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[SetUpLog]:
    """log(level, as_json=…, secrets=…) -> the logger; what it says is restored after the test."""
    root = logging.getLogger("dgharness")
    before = root.handlers[:], root.level, root.propagate

    def set_up(level: str, *, as_json: bool = False, secrets: Iterable[str] = ()) -> logging.Logger:
        set_up_logging(level, as_json=as_json, secrets=secrets)
        return logging.getLogger("dgharness.test")

    yield set_up
    root.handlers[:], root.propagate = before[0], before[2]
    root.setLevel(before[1])


def test_text_lines_show_every_field(log: SetUpLog, capsys: pytest.CaptureFixture[str]) -> None:
    log("info").info("open", extra={"request_id": "abc", "size": 3})
    assert capsys.readouterr().err == "INFO dgharness.test: open request_id='abc' size=3\n"


def test_json_lines_show_every_field(log: SetUpLog, capsys: pytest.CaptureFixture[str]) -> None:
    log("info", as_json=True).info("open", extra={"request_id": "abc"})
    line = json.loads(capsys.readouterr().err)
    assert (line["levelname"], line["name"], line["message"], line["request_id"]) == (
        "INFO",
        "dgharness.test",
        "open",
        "abc",
    )


def test_the_level_is_kept_and_a_second_set_up_doubles_nothing(
    log: SetUpLog, capsys: pytest.CaptureFixture[str]
) -> None:
    log("debug")
    logger = log("warning")
    logger.info("quiet")
    logger.warning("loud")
    assert capsys.readouterr().err == "WARNING dgharness.test: loud\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_no_line_holds_a_secret_whoever_logs_it(
    log: SetUpLog, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    logger = log("info", as_json=as_json, secrets=secrets_of(KEY))
    try:
        raise ValueError(f"bad header: Token {KEY}")
    except ValueError:
        logger.exception("failed with %s", KEY, extra={"header": KEY})
    err = capsys.readouterr().err
    assert KEY not in err
    assert err.count(MASK) >= 3


@pytest.mark.parametrize("key", ["", "test", "dgharness"])
def test_a_stand_in_for_a_key_tears_no_holes_into_text(key: str) -> None:
    assert secrets_of(key) == frozenset()


# --- keeping a recording --------------------------------------------------------------------------------------------


def keep(keeper: Keeper, *entries: AnyEntry, audio: bytes = b"\0\0") -> None:
    with keeper:
        keeper.header(HEADER)
        for entry in entries:
            keeper(entry, Transcript())
        keeper.finish(audio)


def test_a_server_that_quotes_the_key_does_not_get_it_into_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    refused = Refused(leg=0, wall_s=0, status=401, headers={"dg-error": f"no such key: {KEY}"}, body=KEY)
    keep(
        Keeper(path, secrets_of(KEY)),
        refused,
        Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=0, audio_s=0, text="x"),
    )
    assert KEY not in path.read_text()
    recording = load(path)
    assert next(recording.of(Refused)).headers == {"dg-error": f"no such key: {MASK}"}
    assert recording.header.query == "model=x"


def test_audio_and_end_are_written_last_with_the_name_of_the_audio(tmp_path: Path) -> None:
    audio = Audio(sha256="0" * 64, size=2, duration_audio_s=0)
    keep(Keeper(tmp_path / "a.jsonl"), audio, End(wall_s=1))
    recording = load(tmp_path / "a.jsonl")
    assert [type(entry) for entry in recording.entries] == [Audio, End]
    assert recording.audio is not None
    assert (tmp_path / str(recording.audio.file)).read_bytes() == b"\0\0"


def test_without_finish_the_recording_is_partial_and_loads(tmp_path: Path) -> None:
    with Keeper(tmp_path / "a.jsonl") as keeper:
        keeper.header(HEADER)
        keeper(Binary(leg=0, direction=Direction.UPSTREAM, wall_s=0, audio_s=0, size=2), Transcript())
    assert load(tmp_path / "a.jsonl").partial


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(Keeper(None), End(wall_s=0))
    assert list(tmp_path.iterdir()) == []


class FullDisk:
    """A writer that fails from its `good`-th entry on."""

    def __init__(self, path: Path, good: int, *, at_close: bool = False) -> None:
        self.path, self._good, self._at_close = path, good, at_close
        self.closed = 0

    def write(self, entry: object) -> None:
        self._good -= 1
        if self._good < 0:
            raise OSError(28, "No space left on device")

    def close(self) -> None:
        self.closed += 1
        if self._at_close:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("good", [0, 1])
def test_a_full_disk_ends_the_recording_and_not_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    disk = FullDisk(tmp_path / "a.jsonl", good)
    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", lambda path, header: disk)
    keeper = Keeper(tmp_path / "a.jsonl")
    note = Note(leg=0, wall_s=0, audio_s=0, text="n")
    keep(keeper, note, note, End(wall_s=0))
    assert keeper.failure == f"{tmp_path / 'a.jsonl'}: the recording is cut short (No space left on device)"
    assert disk.closed == 1


def test_a_disk_that_is_full_only_at_the_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(tmp_path / "a.jsonl", 9, at_close=True)
    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", lambda path, header: disk)
    keeper = Keeper(tmp_path / "a.jsonl")
    keep(keeper, End(wall_s=0))
    assert "cut short" in str(keeper.failure)


def test_a_disk_that_is_full_at_the_first_line_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, header: Header) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.cli.keeper.RecordingWriter", full)
    with pytest.raises(BadInput, match=r"a\.jsonl: cannot be written \(No space left on device\)"):
        Keeper(tmp_path / "a.jsonl").header(HEADER)


# --- output ---------------------------------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "environment", "style"),
    [
        ("80", {}, {"width": 80, "color": True}),
        ("300", {}, {"width": 100, "color": True}),
        ("80", {"NO_COLOR": "1"}, {"width": 80, "color": False}),
        ("80", {"TERM": "dumb"}, {"width": 80, "color": False}),
    ],
)
def test_a_terminal_decides_width_and_colour(
    monkeypatch: pytest.MonkeyPatch, columns: str, environment: dict[str, str], style: dict[str, object]
) -> None:
    for name, value in ({"COLUMNS": columns, "TERM": "xterm", "NO_COLOR": ""} | environment).items():
        monkeypatch.setenv(name, value)
    assert style_for(Screen()) == style


def test_a_pipe_gets_plain_text() -> None:
    assert style_for(io.StringIO()) == {"width": 100, "color": False}


def test_nothing_that_is_said_on_stderr_can_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    output.complain("it said \x1b[2J\nand more")
    assert capsys.readouterr().err == "dgharness: it said \\x1b[2J and more\n"


def broken(error: OSError) -> io.StringIO:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    return Broken()


def test_a_reader_that_went_away_silences_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    silenced: list[object] = []
    monkeypatch.setattr(output, "silence", silenced.append)
    monkeypatch.setattr(sys, "stdout", broken(BrokenPipeError(32, "Broken pipe")))
    say("text")
    assert silenced == [sys.stdout]


def test_a_full_disk_under_stdout_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "silence", lambda stream: None)
    monkeypatch.setattr(sys, "stdout", broken(OSError(28, "No space left on device")))
    with pytest.raises(BadInput, match=r"standard output cannot be written \(No space left on device\)"):
        say("text")


def test_a_full_disk_under_stderr_is_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "silence", lambda stream: None)
    monkeypatch.setattr(sys, "stderr", broken(OSError(28, "No space left on device")))
    output.warn("text")


def test_what_is_silenced_goes_nowhere_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w") as stream:
        print("before", file=stream, flush=True)
        output.silence(stream)
        print("after", file=stream, flush=True)
    assert path.read_text() == "before\n"


def test_a_report_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be written \(Is a directory\)"):
        output.write_text(tmp_path, "text")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_head_in_a_pipe_leaves_exit_code_and_stderr_alone(clip: Path, url: str, stream: str) -> None:
    pipe = "2>/dev/null |" if stream == "stdout" else "2>&1 >/dev/null |"
    program = f"{sys.executable} -c 'from harness.cli import main; main()'"
    line = f"{program} stream {clip} --url {url} --speed 8 --watch {pipe} true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


# --- signals --------------------------------------------------------------------------------------------------------


async def cancelled_with_a_result(helpers: Helpers) -> str:
    helpers.interrupt()
    helpers.interrupt()
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "partial"
    return "whole"


def test_what_is_returned_after_an_interrupt_is_kept(helpers: Helpers) -> None:
    assert asyncio.run(signals.interruptible(cancelled_with_a_result(helpers))) == "partial"


def test_nothing_returned_is_an_abort(helpers: Helpers) -> None:
    async def nothing() -> None:
        helpers.interrupt()
        await asyncio.sleep(30)

    with pytest.raises(click.Abort):
        asyncio.run(signals.interruptible(nothing()))


def test_the_handlers_are_as_before_afterwards() -> None:
    async def work() -> int:
        return 1

    before = signal.getsignal(signal.SIGTERM)
    assert asyncio.run(signals.interruptible(work())) == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_after_the_first_interrupt_the_process_is_deaf_to_its_end(helpers: Helpers) -> None:
    heard = []
    with signals.on_stop(lambda: heard.append("stop")):
        helpers.interrupt()
        helpers.interrupt()
    helpers.interrupt()
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == ["stop"]


# --- the live line --------------------------------------------------------------------------------------------------

RESULTS = (
    '{"type":"Results","channel_index":[0,%d],"duration":1.0,"start":0.0,"is_final":%s,"speech_final":false,'
    '"channel":{"alternatives":[{"transcript":"%s","confidence":1.0,"words":[]}]},"metadata":{"request_id":"r",'
    '"model_info":{"name":"m","version":"v","arch":"a"},"model_uuid":"u"}}'
)


def told(text: str, is_final: bool, channels: int = 1) -> Text:
    shown = RESULTS % (channels, "true" if is_final else "false", text)
    return Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=1.0, audio_s=1.0, text=shown)


def heard(text: str) -> Transcript:
    from harness.protocol.codec import decode_server

    transcript = Transcript()
    transcript.feed(decode_server(told(text, False).text).message)
    return transcript


@pytest.mark.parametrize("width", [30, 80])
def test_the_live_line_shows_position_and_interim_and_never_wraps(terminal: Terminal, width: int) -> None:
    screen = terminal(width)
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    with Watcher("clip.wav", 3.0) as watcher:
        watcher(told(words, False), heard(words))
        line = watcher._line(1.0, heard(words))
    assert line.cell_len < width
    assert line.plain.startswith("clip.wav  1.0/3.0 s  …")
    assert line.plain.endswith("fifteen"[-5:])
    assert "clip.wav" in screen.getvalue()


def test_a_stream_of_unknown_length_shows_only_where_it_is(terminal: Terminal) -> None:
    terminal(80)
    with Watcher("-", None) as watcher:
        assert watcher._line(1.0, heard("so far")).plain == "-  1.0 s  so far"


def test_a_name_that_fills_the_line_leaves_no_room_for_words(terminal: Terminal) -> None:
    terminal(12)
    with Watcher("a-long-name.wav", None) as watcher:
        assert watcher._line(1.0, heard("so far")).plain == "a-long-name.wav  1.0 s  so far"


def test_finals_scroll_by_on_a_terminal_and_interims_only_when_watched(terminal: Terminal) -> None:
    screen = terminal(80)
    with Watcher("clip.wav", 3.0) as watcher:
        watcher(told("an interim", False), Transcript())
        watcher(told("a final", True, channels=2), Transcript())
        watcher(Note(leg=0, wall_s=1, audio_s=1, text="dropped some"), Transcript())
        watcher(End(wall_s=1), Transcript())
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert "   1.00 s  final   [0] a final" in shown
    assert "   1.00 s  dropped some" in shown
    assert "interim an interim" not in shown


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Watcher("clip.wav", 3.0) as watcher, working("posting"):
        watcher(told("a final", True), Transcript())
    assert capsys.readouterr().err == ""


def test_waiting_is_shown_on_a_terminal(terminal: Terminal) -> None:
    screen = terminal(80)
    with working("clip.wav posted"):
        pass
    assert "clip.wav posted" in screen.getvalue()


def test_whoever_reads_along_may_leave(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.cli import progress

    silenced: list[object] = []
    monkeypatch.setattr(progress, "silence", silenced.append)
    progress._Console(file=io.StringIO()).on_broken_pipe()
    assert silenced == [sys.stderr]


def test_on_a_real_terminal_the_line_comes_and_goes(clip: Path, url: str) -> None:
    reader, writer = pty.openpty()
    program = [sys.executable, "-c", "from harness.cli import main; main()"]
    process = subprocess.Popen(
        [*program, "stream", str(clip), "--url", url, "--speed", "2"],
        stdin=writer,
        stdout=writer,
        stderr=writer,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": ""},
    )
    os.close(writer)
    screen = b""
    with open(reader, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(65_536):
                screen += piece
        except OSError:
            pass  # how Linux says that the other end of a terminal is closed
    assert process.wait(30) == 0
    text = screen.decode()
    assert re.search(r"clip\.wav  \d\.\d/2\.0 s ", text)
    assert "\x1b[32mPASS" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor is given back
