"""One client in one situation against a mock of its own, and what its user lost by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.audio.decode import Audio, encode, read_audio
from harness.audio.format import AudioFormat
from harness.scoring.normalize import normalizer
from harness.scoring.wer import score
from mock_server import loading
from mock_server.faults.notation import parse_fault_text
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from tests.clients.faults.situations import Situation
from tests.clients.installed import Client, Run, run

FIXTURES: Final = Path(__file__).resolve().parents[3] / "fixtures"
CLIP_AUDIO_S: Final = 7.2
"""Two sentences with half a second between them."""

LIMIT_S: Final = 55.0
"""Longer than the 40 s after which a client that pings every 20 s, and waits as long, has noticed."""

OVERLAP_AUDIO_S: Final = 0.5
"""A final that begins so much before the end of the one before it counts its time from another zero."""

ASKED_FOR: Final = (None, 1000)
"""Codes of the close after CloseStream; the Python SDK shows none."""

MEASURED: Final = ("deepgram-sdk 7.17.0", "@deepgram/sdk 5.13.0")


@dataclass(frozen=True)
class Loss:
    """What a user has of a session, against one in which nothing went wrong.

    Attributes:
        fired: how often the fault did; 0 makes the row worthless.
        lost, changed, extra: words of the final transcript: missing, other, and too many.
        connections: opened by the client.
        ended: it did by itself; otherwise it was killed.
        took_s: until its end.
        error: the first error that the client showed; empty when it showed none.
        noticed_s: from the first firing to the first sign of it that the user was told; None when there was none.
        backwards: a final of a later connection begins before what was said before it.
    """

    fired: int
    lost: int
    changed: int
    extra: int
    connections: int
    ended: bool
    took_s: float
    error: str
    noticed_s: float | None
    backwards: bool


def clip() -> Audio:
    """The audio of the measurement."""
    audio = read_audio(FIXTURES / "audio" / "directions.wav")
    return Audio(audio.samples[: round(CLIP_AUDIO_S * audio.sample_rate)], audio.sample_rate)


def write_clip(folder: Path) -> Path:
    """The clip as the drivers stream it: 16 kHz linear16 without a header."""
    path = folder / "clip.raw"
    path.write_bytes(encode(clip(), AudioFormat()))
    return path


def observe(client: Client, situation: Situation, audio: Path, limit_s: float = LIMIT_S) -> tuple[Run, MockServer]:
    """Run a client in a situation; the server has been stopped, what it saw is kept."""
    known = loading.from_reference(FIXTURES / "references" / "directions.json", audio=clip())
    faults = (parse_fault_text(situation.fault),) if situation.fault else ()
    server = MockServer(Replies([known]), ServerSettings(faults=faults))
    with BackgroundServer(server):
        url = f"http://127.0.0.1:{server.port}"
        done = run(client, url, "any", situation.mode, audio, situation.speed, limit_s)
    return done, server


def loss(done: Run, server: MockServer, undisturbed: str) -> Loss:
    """Judge a run by the transcript of an undisturbed one."""
    fired = server.reception.runs.fired
    rate = score(undisturbed, done.transcript, normalizer("basic")).words
    return Loss(
        fired=len(fired),
        lost=rate.deletions,
        changed=rate.substitutions,
        extra=rate.insertions,
        connections=len(server.sessions),
        ended=not done.killed,
        took_s=done.took_s,
        error=brief(done.errors[0] if done.errors else last_line(done.stderr)),
        noticed_s=noticed_after_s(done, fired[0].wall_s) if fired else None,
        backwards=runs_backwards(done.finals),
    )


def noticed_after_s(done: Run, fired_wall_s: float) -> float | None:
    """Seconds from the fault to the first error, or close that the user had not asked for; None without either."""
    sent_s = next((line.now_s for line in done.of("sent")), float("inf"))
    for line in done.lines:
        unasked = line.event == "close" and (line.now_s < sent_s or line.facts.get("code") not in ASKED_FOR)
        if line.event == "error" or unasked:
            began_s = next((opened.now_s for opened in done.of("open")), line.now_s)
            return max(0.0, line.now_s - began_s - fired_wall_s)
    return None


def runs_backwards(finals: list[dict[str, Any]]) -> bool:
    """Whether a final begins well before the end of the one before it."""
    ends = [final["start"] + final["duration"] for final in finals]
    return any(final["start"] < end - OVERLAP_AUDIO_S for end, final in zip(ends, finals[1:], strict=False))


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def brief(error: str) -> str:
    """An error without what differs from run to run or would break a table."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", error).replace("|", "/")[:110]
