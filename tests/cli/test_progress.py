"""The live line: position, interim, finals; and nothing of it in a pipe."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.cli.progress import Watcher, working
from harness.recording.entries import Direction, End, Note, Text
from harness.transcript import Transcript

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


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
