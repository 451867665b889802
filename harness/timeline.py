"""Lays a recorded session out on the time line of its audio, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

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


def timeline_of(recording: Recording, ledger: Ledger, audio: Decoded, verdict: Verdict | None = None) -> Timeline:
    """The time line of one session.

    Args:
        recording: every frame both ways.
        ledger: where each connection began in the source.
        audio: the source.
        verdict: the judge's; its findings are among the events.
    """
    sending = Sending(recording, pieces_of(ledger.sent, ledger.sample_rate))
    return Timeline(
        audio_s=round(audio.duration_audio_s, 3),
        peaks=_peaks(audio),
        spans=tuple(_span(heard) for heard in read_heard(recording, sending) if heard.words),
        events=tuple(_events(recording, sending, verdict)),
    )


def _peaks(audio: Decoded) -> tuple[int, ...]:
    loudness = abs(audio.samples).max(axis=1)
    frames = len(loudness)
    edges = [frames * number // SLICES for number in range(SLICES + 1)]
    slices = (loudness[start:end] for start, end in pairwise(edges) if end > start)
    return tuple(min(100, round(100 * float(part.max()))) for part in slices)


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


def _events(recording: Recording, sending: Sending, verdict: Verdict | None) -> Iterator[TimelineEvent]:
    found = [
        (entry.wall_s, sending.to_source(entry.leg, getattr(entry, "audio_s", 0.0), end=True), *told)
        for entry in recording.entries
        if not isinstance(entry, Header | Audio | End) and (told := _told(entry))
    ]
    for finding in verdict.findings if verdict else ():
        if finding.wall_s is not None and finding.audio_s is not None:
            at_s = sending.to_source(finding.leg or 0, finding.audio_s, end=True)
            found.append((finding.wall_s, at_s, finding.severity.value, f"{finding.rule}: {finding.message}"))
    sent_s = 0.0
    for _, at_s, kind, text in sorted(found, key=lambda event: event[0]):
        sent_s = max(sent_s, at_s)  # a new connection begins with audio that was sent before
        yield TimelineEvent(kind=kind, audio_s=round(sent_s, 3), text=text)


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
