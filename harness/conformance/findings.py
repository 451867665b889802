"""What the judge hands out: findings, measurements and the verdict, all plain values that msgspec writes as JSON."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Family(StrEnum):
    """What a rule is about."""

    CHUNKING = "chunking"
    PACING = "pacing"
    PARSING = "parsing"
    PROTOCOL = "protocol"


class Blame(StrEnum):
    """Whose fault it is."""

    CLIENT = "client"
    SERVER = "server"


class Severity(StrEnum):
    """How much a finding weighs: an error fails its family, a warning marks it, advice changes nothing."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Status(StrEnum):
    """How a family came out; `not-judged` when the recording holds no evidence for it."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    NOT_JUDGED = "not-judged"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule broken once.

    Attributes:
        rule: its id, as in the rule table.
        family: what it is about.
        blame: whose fault it is.
        severity: how much it weighs.
        message: one sentence with the numbers found and wanted.
        leg: the connection, from 0; None when it is about the session as a whole.
        frame: index of the entry in `Recording.entries`, or None.
        audio_s: audio sent on the leg at that entry, in seconds, or None.
        wall_s: when that entry happened, on the clock of the side that recorded, or None.
        evidence: a short excerpt or figures; may be empty.
        source: the documentation page or public issue that the rule comes from.
    """

    rule: str
    family: Family
    blame: Blame
    severity: Severity
    message: str
    leg: int | None = None
    frame: int | None = None
    audio_s: float | None = None
    wall_s: float | None = None
    evidence: str = ""
    source: str


class ChunkingMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """How one leg's audio was cut; milliseconds are None when seconds do not follow from bytes.

    Attributes:
        leg: the connection, from 0.
        frames: audio frames, empty ones and control messages not counted.
        size: bytes in them.
        typical_bytes: the commonest frame size.
        typical_ms: how long that plays.
        smallest_bytes: the smallest frame, the last and those before a control message left out.
        largest_bytes: the largest frame.
        other_sizes: frames that differ from the typical one by more than a sample, with the same left out.
    """

    leg: int
    frames: int
    size: int
    typical_bytes: int
    typical_ms: float | None
    smallest_bytes: int
    largest_bytes: int
    other_sizes: int


class PacingMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """How one leg's audio was paced, seen on the recording side's clock (a server's includes the network).

    Lateness is wall time against a schedule that starts with the first send and plays the audio at the wanted speed.
    A *stretch* is what lies between pauses; drift and jitter are measured within stretches, so that a muted
    microphone is no drift.

    Attributes:
        leg: the connection, from 0.
        clock: `client` or `server`.
        sends: audio frames.
        audio_s: seconds of audio sent.
        wall_s: from the first send to the last.
        speed: audio seconds per wall second, the last frame left out because nothing says when it was over; None for a
            single instant.
        drift_s: growth of the lateness over the longest stretch, from its lower envelope; negative when running ahead.
        drift_per_s: the same for each wall second of that stretch.
        jitter_p50_s: median of |interval - wanted interval| between neighbouring sends.
        jitter_p99_s: its 99th percentile.
        largest_burst_audio_s: most audio within any 100 ms of wall time beyond the first frame of that window.
        longest_gap_wall_s: longest wall time between neighbouring sends.
        max_lead_s: farthest that the audio ran ahead of the schedule of the whole leg.
        max_lag_s: farthest that it fell behind it, pauses included.
        backlog_audio_s: audio sent at once at the start of a reconnected leg.
        lateness_p50_s: median lateness against the sender's own `due_s`; None when it recorded none.
        lateness_p99_s: its 99th percentile.
        max_lateness_s: its maximum.
    """

    leg: int
    clock: str
    sends: int
    audio_s: float
    wall_s: float
    speed: float | None
    drift_s: float
    drift_per_s: float
    jitter_p50_s: float
    jitter_p99_s: float
    largest_burst_audio_s: float
    longest_gap_wall_s: float
    max_lead_s: float
    max_lag_s: float
    backlog_audio_s: float = 0.0
    lateness_p50_s: float | None = None
    lateness_p99_s: float | None = None
    max_lateness_s: float | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much was judged, and how often something was found."""

    legs: int = 0
    audio_frames: int = 0
    upstream_messages: int = 0
    downstream_messages: int = 0
    errors: int = 0
    warnings: int = 0
    advice: int = 0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge says of one recording.

    Attributes:
        recording: its name.
        passed: whether no error was found, on either side.
        families: how each family came out.
        counts: how much was judged and found; findings left out for their number are counted.
        broken: how often each broken rule was broken; like `counts`, complete.
        findings: what was found, by leg and entry; at most `JudgeSettings.findings_per_rule` of each rule.
        chunking: per leg that sent audio.
        pacing: per leg that sent audio whose seconds are known.
    """

    recording: str
    passed: bool
    families: dict[Family, Status]
    counts: Counts
    broken: dict[str, int]
    findings: tuple[Finding, ...]
    chunking: tuple[ChunkingMeasured, ...] = ()
    pacing: tuple[PacingMeasured, ...] = ()

    def of(self, blame: Blame) -> tuple[Finding, ...]:
        """The findings that blame one side."""
        return tuple(finding for finding in self.findings if finding.blame is blame)
