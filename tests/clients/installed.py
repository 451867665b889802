"""Real clients, unmodified: which ones, how each is installed in an environment of its own, and how one is run.

They are kept below `.venv/clients`, so that they go where the virtual environment goes; what is there is used again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.clock import SystemClock

DRIVERS: Final = Path(__file__).with_name("drivers")
FOLDER: Final = Path(__file__).resolve().parents[2] / ".venv" / "clients"
INSTALL_TIMEOUT_S: Final = 240.0
AT_ONCE: Final = 3
"""Clients that are installed or run side by side."""


class CannotInstall(Exception):
    """A client could not be installed; the message says why."""


@dataclass(frozen=True)
class Client:
    """One version of one package, and the program that drives it.

    Attributes:
        package: its name in its registry.
        version: the exact one.
        driver: file name in `drivers`.
        flux: whether it can stream to `/v2/listen`.
    """

    package: str
    version: str
    driver: str
    flux: bool

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.package} {self.version}"

    @property
    def node(self) -> bool:
        """Whether it runs in Node."""
        return self.driver.endswith(".js")

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return FOLDER / f"{re.sub('[^a-z-]+', '-', self.package).strip('-')}-{self.version}"

    @property
    def command(self) -> list[str]:
        """How its driver is started; a Node driver finds its client from the working directory, `folder`."""
        driver = str(DRIVERS / self.driver)
        return ["node", driver] if self.node else [str(self.folder / "bin" / "python"), driver]


CLIENTS: Final = (
    Client("deepgram-sdk", "3.11.0", "python_sdk_3.py", flux=False),
    Client("deepgram-sdk", "4.8.1", "python_sdk_3.py", flux=False),
    Client("deepgram-sdk", "5.3.4", "python_sdk_5.py", flux=True),
    Client("deepgram-sdk", "6.1.1", "python_sdk_5.py", flux=True),
    Client("deepgram-sdk", "7.17.0", "python_sdk_5.py", flux=True),
    Client("@deepgram/sdk", "3.13.0", "node_sdk_3.js", flux=False),
    Client("@deepgram/sdk", "5.13.0", "node_sdk_5.js", flux=True),
)

VOICE_FRAMEWORKS: Final = (
    Client("livekit-plugins-deepgram", "1.8.9", "livekit_agents.py", flux=True),
    Client("pipecat-ai[deepgram]", "1.14.0", "pipecat_services.py", flux=True),
)
"""Their users get frames and events of the framework's own, and not Deepgram's messages."""


@dataclass(frozen=True)
class Line:
    """What the client told its user, and when the line arrived here, on the monotonic clock."""

    now_s: float
    event: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of a driver.

    Attributes:
        lines: everything the user was told, in order.
        took_s: from its start to its end.
        killed: it did not end by itself within the limit.
        stderr: what else it printed.
    """

    lines: tuple[Line, ...]
    took_s: float
    killed: bool
    stderr: str

    def of(self, event: str) -> list[Line]:
        """The lines about one event."""
        return [line for line in self.lines if line.event == event]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that the client handed over."""
        return [line.facts["message"] for line in self.of("message") if isinstance(line.facts["message"], dict)]

    @property
    def errors(self) -> list[str]:
        """The errors that the client showed."""
        return [line.facts["text"] for line in self.of("error")]

    @property
    def finals(self) -> list[dict[str, Any]]:
        """Final Results with words; what is of the wrong types is none."""
        return [message for message in self.messages if message.get("is_final") is True and said(message)]

    @property
    def transcript(self) -> str:
        """Of the final Results, as a user joins them."""
        return " ".join(map(said, self.finals))


def said(message: dict[str, Any]) -> str:
    """The transcript of one Results."""
    text: str = message["channel"]["alternatives"][0]["transcript"]
    return text


def install(client: Client) -> None:
    """Install a client unless it is there; a half-made one never counts.

    Raises:
        CannotInstall: Node is missing, or the registry did not answer.
    """
    if client.folder.is_dir():
        return
    if client.node and shutil.which("npm") is None:
        raise CannotInstall(f"{client.name} needs node and npm, which are not on this machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=FOLDER))
    try:
        if client.node:
            (making / "package.json").write_text('{"private": true}\n', encoding="utf-8")
            options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
            command = ["npm", "install", *options, f"{client.package}@{client.version}"]
        else:
            venv.create(making, symlinks=True, with_pip=False)
            pip = [sys.executable, "-m", "pip", "--python", str(making / "bin" / "python")]
            command = [*pip, "install", "--quiet", "--disable-pip-version-check", f"{client.package}=={client.version}"]
        done = subprocess.run(command, cwd=making, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
        if done.returncode != 0:
            raise CannotInstall(f"{client.name} could not be installed: {(done.stderr or done.stdout).strip()[-300:]}")
        if not client.folder.is_dir():  # another run of the tests may have been quicker
            making.rename(client.folder)
    except subprocess.TimeoutExpired:
        raise CannotInstall(f"{client.name} was not installed within {INSTALL_TIMEOUT_S:.0f} s") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def install_all(clients: tuple[Client, ...] = (*CLIENTS, *VOICE_FRAMEWORKS)) -> dict[Client, str]:
    """Install side by side; returns those that could not be, with the reason."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {client: why for client, why in zip(clients, pool.map(_why_not, clients), strict=True) if why}


def run(client: Client, url: str, key: str, mode: str, audio: Path, speed: float, limit_s: float = 30.0) -> Run:
    """Run a client's driver to its end, or kill it after `limit_s`.

    Args:
        client: an installed one.
        url: `http://HOST:PORT` of the mock.
        key: what it says who it is.
        mode: `stream`, `finalize`, `turns` or `file`.
        audio: raw 16 kHz linear16 to stream, or the file to post.
        speed: audio seconds per second.
        limit_s: longest run.
    """
    clock = SystemClock()
    begun_s = clock.now_s()
    lines: list[Line] = []
    with (
        tempfile.TemporaryFile("w+") as stderr,
        subprocess.Popen(
            [*client.command, url, key, mode, str(audio), str(speed)],
            cwd=client.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(client.folder), "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        killer = threading.Timer(limit_s, process.kill)
        killer.start()
        assert process.stdout is not None
        for text in process.stdout:
            facts = json.loads(text)
            lines.append(Line(clock.now_s(), facts.pop("event"), facts))
        process.wait()
        killer.cancel()
        killer.join()
        stderr.seek(0)
        return Run(tuple(lines), clock.now_s() - begun_s, process.returncode == -9, stderr.read())


def _why_not(client: Client) -> str:
    try:
        install(client)
    except CannotInstall as error:
        return str(error)
    return ""
