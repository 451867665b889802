"""The command line as a user has it: in process where branches count, as a process where signals and terminals do."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.cli import main
from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from tests.cli.corpus_rows import TEXTS

WORDS = "hello world this is a test"
MONO_16K = AudioFormat()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command sets up the log of its process, which here is everybody's."""
    log = logging.getLogger("dgharness")
    before = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.propagate = before[0], before[2]
    log.setLevel(before[1])


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one sentence on stderr with which it refused, if it did and said nothing else; otherwise nothing."""
        refused = (self.code, self.out, self.err.count("\n")) == (2, "", 1) and self.err.startswith("dgharness: ")
        return self.err if refused else ""


Run = Callable[..., Ran]
StartServer = Callable[..., MockServer]
Spawn = Callable[..., subprocess.Popen[str]]
Terminal = Callable[[int], io.StringIO]
MakeCorpus = Callable[..., Path]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A command that was stopped is deaf to further signals, to the end of its process: this one goes on."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """run("stream", …) -> Ran: the command in this process."""

    def ran(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ran(int(exit_.value.code or 0), out, err)

    return ran


@pytest.fixture
def mock() -> Iterator[StartServer]:
    """mock(say=WORDS, **settings) -> a server in a thread that answers at once, until the test ends."""
    with ExitStack() as stack:

        def start(say: str = WORDS, **settings: Any) -> MockServer:
            chosen = ServerSettings(connection=ConnectionSettings(lag_scale=0.0), **settings)
            return stack.enter_context(BackgroundServer(MockServer(Replies(always=loading.say(say)), chosen)))

        yield start


@pytest.fixture
def url(mock: StartServer) -> str:
    """A mock that says WORDS and takes any key."""
    return f"ws://127.0.0.1:{mock().port}"


@cache
def noise(duration_audio_s: float, seed: int = 1) -> bytes:
    """Quiet linear16 noise at 16 kHz."""
    return bytes(
        b % 4 if index % 2 else b for index, b in enumerate(Random(seed).randbytes(int(duration_audio_s * 32_000)))
    )


@pytest.fixture
def pcm() -> bytes:
    """Two seconds of raw linear16 at 16 kHz."""
    return noise(2.0)


@pytest.fixture
def clip(tmp_path: Path, pcm: bytes) -> Path:
    """The same as a WAV file."""
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(pcm, MONO_16K))
    return path


@dataclass
class FakeStdin:
    """Standard input whose blocks a test decides; `read` may do anything before it gives one."""

    blocks: list[bytes]
    terminal: bool = False
    before: Callable[[int], None] = lambda read: None
    reads: int = field(default=0)

    def isatty(self) -> bool:
        return self.terminal

    @property
    def buffer(self) -> FakeStdin:
        return self

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(self.blocks)
        self.before(self.reads)
        self.reads += 1
        return self.blocks.pop(0) if self.blocks else b""


PutStdin = Callable[..., FakeStdin]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> PutStdin:
    """stdin(*blocks, terminal=False, before=…) -> what the command will read."""

    def put(*blocks: bytes, **how: Any) -> FakeStdin:
        fake = FakeStdin(list(blocks), **how)
        monkeypatch.setattr(sys, "stdin", fake)
        return fake

    return put


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """terminal(width) -> what the live line and `--watch` write, as to a terminal of that width."""
    from harness.cli import progress

    def make(width: int) -> io.StringIO:
        screen = io.StringIO()
        console = progress._Console(file=screen, force_terminal=True, width=width, highlight=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(progress, "_console", lambda: console)
        return screen

    return make


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """spawn("serve", …) -> a process; one that is left over is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, module: str = "", **how: Any) -> subprocess.Popen[str]:
        program = ["-m", module] if module else ["-c", "from harness.cli import main; main()"]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | how
        process = subprocess.Popen([sys.executable, *program, *map(str, arguments)], **how)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class Helpers:
    """Functions that tests share."""

    noise = staticmethod(noise)

    @staticmethod
    def wait_for(condition: Callable[[], bool], *, at_most_s: float = 20.0) -> None:
        """Until something is so; a test that waits in vain fails instead of hanging."""
        pause = threading.Event()
        for _ in range(int(at_most_s / 0.01)):
            if condition():
                return
            pause.wait(0.01)
        raise AssertionError(f"not so within {at_most_s} s")

    @staticmethod
    def interrupt() -> None:
        """Ctrl-C, as this process sees it."""
        os.kill(os.getpid(), signal.SIGINT)

    @staticmethod
    def interrupt_twice(process: subprocess.Popen[str]) -> None:
        """Ctrl-C and SIGTERM, both of which another process finds when it goes on."""
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)

    @staticmethod
    def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
        """The ready line of `dgharness serve`, as soon as it comes."""
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"it never got ready: {process.communicate()[1]}"
        ready: dict[str, Any] = json.loads(line)
        return ready


@pytest.fixture
def helpers() -> Helpers:
    """Functions that tests share."""
    return Helpers()


@pytest.fixture
def corpus(tmp_path: Path) -> MakeCorpus:
    """corpus(6) -> a folder with as many clips of `duration_audio_s`, and what was said beside them."""

    def make(count: int, duration_audio_s: float = 0.6) -> Path:
        folder = tmp_path / "clips"
        for number in range(count):
            place = folder / f"speaker{number % 2}"
            place.mkdir(parents=True, exist_ok=True)
            data = wav_bytes(noise(duration_audio_s, seed=number + 1), MONO_16K)
            (place / f"clip{number}.wav").write_bytes(data)
            (place / f"clip{number}.txt").write_text(TEXTS[number % 3])
        return folder

    return make
