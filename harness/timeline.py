"""Lays a recorded session out on the time line of its audio, for people to look at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from harness.audio.decode import Audio as Decoded
from harness.conformance.findings import Verdict
from harness.ledger import Ledger
from harness.recording.document import Recording
from harness.recording.entries import Audio, Binary, Close, Direction, End, Header, Lost, Note, Opened, Refused, Text
from harness.results import Timeline, TimelineEvent, TimelineSpan
from harness.scoring.heard import Heard, read_heard
from harness.scoring.sending import Sending, pieces_of

SLICES: Final = 600
_CONTROL_CHARACTERS: Final = 80


class Provoked(NamedTuple):
    """A fault that the server was told to have.

    Attributes:
        leg: of which connection, from 0.
        wall_s: seconds since its upgrade; 0 at the handshake.
        audio_s: seconds of audio that the server had of it.
        text: what it was, and what it hit.
        at_handshake: whether it came instead of the upgrade, or with it.
    """

    leg: int
    wall_s: float
    audio_s: float
    text: str
    at_handshake: bool = False


def timeline_of(
    recording: Recording,
    ledger: Ledger,
    audio: Decoded,
    verdict: Verdict | None = None,
    provoked: Sequence[Provoked] = (),
) -> Timeline:
    """The time line of one session.

    Args:
        recording: every frame both ways.
        ledger: where each connection began in the source.
        audio: the source.
        verdict: the judge's; its findings are among the events.
        provoked: faults, where the server is ours to ask.
    """
    sending = Sending(recording, pieces_of(ledger.sent, ledger.sample_rate))
    return Timeline(
        audio_s=round(audio.duration_audio_s, 3),
        peaks=_peaks(audio),
        spans=tuple(_span(heard) for heard in read_heard(recording, sending) if heard.words),
        events=tuple(_events(recording, sending, verdict, provoked)),
    )


def _peaks(audio: Decoded) -> tuple[int, ...]:
    frames = len(audio.samples)
    edges = [frames * number // SLICES for number in range(SLICES + 1)]
    slices = (audio.samples[start:end] for start, end in pairwise(edges) if end > start)
    return tuple(min(100, round(100 * float(abs(part).max()))) for part in slices)


def _span(heard: Heard) -> TimelineSpan:
    starts = [word.start_audio_s for word in heard.words if word.start_audio_s is not None]
    return TimelineSpan(
        kind="final" if heard.is_final else "interim",
        channel=heard.channel,
        start_audio_s=round(min([*starts, heard.end_audio_s]), 3),
        end_audio_s=round(heard.end_audio_s, 3),
        arrived_audio_s=round(heard.end_audio_s + heard.lag_audio_s, 3),
        text=" ".join(word.text for word in heard.words),
    )


def _events(
    recording: Recording, sending: Sending, verdict: Verdict | None, provoked: Sequence[Provoked]
) -> Iterator[TimelineEvent]:
    found = [
        (entry.wall_s, sending.to_source(entry.leg, getattr(entry, "audio_s", 0.0), end=True), *told)
        for entry in recording.entries
        if not isinstance(entry, Header | Audio | End) and (told := _told(entry))
    ]
    for finding in verdict.findings if verdict else ():
        if finding.wall_s is not None and finding.audio_s is not None:
            at_s = sending.to_source(finding.leg or 0, finding.audio_s, end=True)
            found.append((finding.wall_s, at_s, finding.severity.value, f"{finding.rule}: {finding.message}"))
    for fault in provoked:
        at_s = sending.to_source(fault.leg, fault.audio_s, end=True)
        found.append((_happened_s(fault, recording), at_s, "fault", fault.text))
    sent_s = 0.0
    for _, at_s, kind, text in sorted(found, key=lambda event: (event[0], event[2] != "fault")):
        sent_s = max(sent_s, at_s)  # a new connection begins with audio that was sent before
        yield TimelineEvent(kind=kind, audio_s=round(sent_s, 3), text=text)


def _happened_s(fault: Provoked, recording: Recording) -> float:
    """When a fault happened, by the recording's clock.

    The server's clock of a connection begins a little before the client knows of the upgrade, so a fault may seem to be
    later than what it did: it is no later than the connection's end.
    """
    of_leg = [entry for entry in recording.entries if not isinstance(entry, Header | Audio | End)]
    of_leg = [entry for entry in of_leg if entry.leg == fault.leg]
    begun = Opened | Refused if fault.at_handshake else Opened
    begun_s = next((entry.wall_s for entry in of_leg if isinstance(entry, begun)), 0.0)
    ends_s = (entry.wall_s for entry in of_leg if isinstance(entry, Lost | Close) and entry.wall_s >= begun_s)
    return min(begun_s + fault.wall_s, next(ends_s, math.inf))


def _told(entry: Opened | Refused | Text | Binary | Close | Lost | Note) -> tuple[str, str] | None:
    match entry:
        case Text(direction=Direction.UPSTREAM):
            return "control", entry.text[:_CONTROL_CHARACTERS]
        case Opened():
            return "opened", f"connection {entry.leg} opened"
        case Refused():
            return "refused", f"connection {entry.leg} refused with {entry.status}"
        case Close():
            who = "the server" if entry.direction is Direction.DOWNSTREAM else "the client"
            return "closed", f"{who} closed connection {entry.leg}: {entry.code} {entry.reason}".rstrip()
        case Lost():
            return "lost", f"connection {entry.leg} lost: {entry.why}"
        case Note():
            return "note", entry.text
    return None
