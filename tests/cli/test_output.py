"""What is printed and written, on terminals, into pipes, and where nothing can be."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import output
from harness.cli.output import say, style_for
from harness.errors import BadInput


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
    silenced: list[object] = []
    monkeypatch.setattr(output, "silence", silenced.append)
    monkeypatch.setattr(sys, "stderr", broken(OSError(28, "No space left on device")))
    output.warn("text")
    assert silenced == [sys.stderr]


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
