"""What the streaming client is given and what it gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from harness.audio.format import AudioFormat
from harness.audio.pacing import PacingStats, Speed
from harness.protocol.session import Timers
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry
from harness.transcript import Transcript


@dataclass(frozen=True)
class StreamSettings:
    """How to stream.

    Attributes:
        chunk_ms: milliseconds of audio in each frame, 20 to 250.
        speed: audio seconds per wall second.
        buffer_audio_s: how much unsent audio is held before the source is made to wait.
        connect_timeout_s: longest wait for the upgrade.
        timers: KeepAlive, answer and drain timers of the session.
        finalize: send Finalize after the last audio and before CloseStream.
    """

    chunk_ms: float = 20
    speed: Speed = Speed()
    buffer_audio_s: float = 2.0
    connect_timeout_s: float = 10.0
    timers: Timers = Timers()
    finalize: bool = False


@dataclass(frozen=True)
class AudioToSend:
    """Raw audio in its format.

    Attributes:
        blocks: the bytes, in pieces of any size, as they become available.
        format: what they are.
        source: where they come from: a file name, a URL or `-`.
        duration_audio_s: how long they play, when that is known beforehand.
        pcm_sha256: identity of the decoded audio, when it is known beforehand.
    """

    blocks: AsyncIterator[bytes]
    format: AudioFormat
    source: str
    duration_audio_s: float | None = None
    pcm_sha256: str | None = None


@dataclass
class StreamOutcome:
    """What came of a session.

    Attributes:
        recording: every frame both ways.
        transcript: what the server said.
        audio: the bytes that were sent.
        pacing: how well the schedule was kept; None when nothing was sent.
        failure: one sentence when the session was not completed, else None.
        status: the HTTP status of a refused upgrade.
        interrupted: whether it was cancelled from outside.
    """

    recording: Recording
    transcript: Transcript
    audio: bytes
    pacing: PacingStats | None
    failure: str | None = None
    status: int | None = None
    interrupted: bool = False


Observer = Callable[[AnyEntry, Transcript], None]
"""Is told every entry as it happens, with the transcript so far; progress and files hang on it."""
