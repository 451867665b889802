"""What the judge is told beside the recording: its limits, and what the client says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from harness.audio.pacing import Speed


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """The limits. The defaults are such that a well-written sender on a busy shared CI machine keeps them.

    Attributes:
        speed: speed the audio was meant to be sent at; None is real time. At `Speed.MAX` pacing is not judged.
        tolerance_s: how exactly times on the audio clock must agree. Deepgram's floats come from 32-bit numbers, so a
            further 2**-22 of the time itself is allowed: about 1 ms after an hour.
        chunk_min_audio_s, chunk_max_audio_s: Deepgram's good range of frame lengths (docs, «Measuring Streaming
            Latency»).
        chunk_advised_max_audio_s: above it a frame adds delay that a conversation notices; only advice.
        drift_s, drift_share: allowed growth of lateness: a fixed part, because a scheduler wakes late, and a share of
            the wall time, because two clocks differ. A sender that sleeps a whole chunk after each send of 20 ms
            drifts by 1 to 5 percent, far beyond 0.2.
        drift_sends: sends that a stretch needs for its drift to mean anything.
        jitter_p99_s: deviation of an interval that one send in a hundred may exceed. Ten times what a quiet machine
            shows; a garbage collector's pause fits in.
        jitter_sends: sends needed before a 99th percentile is more than the maximum.
        late_p99_s: the same for lateness against the sender's own schedule.
        burst_audio_s: audio within 100 ms of wall time beyond one frame, times the speed when that is above 1. A stall
            of half a second is caught up with less.
        gap_wall_s: silence between two frames, beyond the audio of the first, that counts as a pause.
        idle_wall_s: silence after which Deepgram closes (NET-0001).
        first_audio_wall_s: time after the upgrade in which audio must have come.
        greeting_wall_s: time that a client which never sends anything must have waited to be noticed.
        reply_wait_wall_s: time without audio after a few frames that shows a client waiting for an answer.
        reply_loop_frames: frames in strict turn with messages that show a request-response loop.
        refusals: equal refusals of the upgrade after which trying again is a fault.
        hot_retry_wall_s: time before another try below which a retry is hot.
        segment_slack_s: slack of words around their segment and of sums of durations.
        findings_per_rule: findings of one rule that are kept; further ones are counted only.
    """

    speed: Speed | None = None
    tolerance_s: float = 1e-3
    chunk_min_audio_s: float = 0.020
    chunk_max_audio_s: float = 0.250
    chunk_advised_max_audio_s: float = 0.040
    drift_s: float = 0.050
    drift_share: float = 0.002
    drift_sends: int = 20
    jitter_p99_s: float = 0.100
    jitter_sends: int = 100
    late_p99_s: float = 0.100
    burst_audio_s: float = 0.5
    gap_wall_s: float = 1.0
    idle_wall_s: float = 10.0
    first_audio_wall_s: float = 10.0
    greeting_wall_s: float = 2.0
    reply_wait_wall_s: float = 3.0
    reply_loop_frames: int = 8
    refusals: int = 3
    hot_retry_wall_s: float = 0.5
    segment_slack_s: float = 0.1
    findings_per_rule: int = 20

    @property
    def speed_factor(self) -> float:
        """Audio seconds per wall second that were meant; infinite for `Speed.MAX`."""
        return 1.0 if self.speed is None else self.speed.factor


DEFAULT_SETTINGS = JudgeSettings()


@dataclass(frozen=True, kw_only=True)
class ClientClaim:
    """What the client under test says of itself; None where it says nothing.

    Attributes:
        chunk_ms: how long it believes one of its frames to play.
        transcript: the final text it reports.
        final_words: the words it took as final, for a client that reports those; goes before `transcript`.
        error: text of the error it ended with, such as the last line of a traceback.
    """

    chunk_ms: float | None = None
    transcript: str | None = None
    final_words: tuple[str, ...] | None = None
    error: str | None = None

    @property
    def text(self) -> str | None:
        """What it says was spoken."""
        return self.transcript if self.final_words is None else " ".join(self.final_words)
