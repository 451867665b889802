"""Rules on how a client cuts its audio into frames, and what it puts into binary frames at all.

Seconds follow from bytes for raw formats only; frames of a container are not judged by their length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.audio.format import AudioFormat
from harness.audio.sniff import SIGNATURE_BYTES, sniff_container, sniff_signature
from harness.conformance.evidence import Frame, Leg, Session
from harness.conformance.findings import ChunkingMeasured
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, milliseconds, number, plural, seconds


def measure_chunking(leg: Leg) -> ChunkingMeasured | None:
    """How the audio of one leg was cut; None without audio."""
    if not leg.frames:
        return None
    sizes = [frame.entry.size for frame in leg.full_frames or leg.frames]
    typical_s = leg.typical_audio_s
    return ChunkingMeasured(
        leg=leg.number,
        frames=len(leg.frames),
        size=sum(frame.entry.size for frame in leg.frames),
        typical_bytes=leg.typical_bytes,
        typical_ms=None if typical_s is None else typical_s * 1000,
        smallest_bytes=min(sizes),
        largest_bytes=max(sizes),
        other_sizes=len(_other_sizes(leg)),
    )


def _other_sizes(leg: Leg) -> list[Frame]:
    # A rate such as 11,025 Hz has no whole number of samples in 20 ms, so frames may differ by one sample.
    sample = 0 if leg.asked.format is None else leg.asked.format.frame_bytes
    return [frame for frame in leg.full_frames if abs(frame.entry.size - leg.typical_bytes) > sample]


@dataclass(frozen=True)
class _OutOfRange:
    frames: list[Frame]
    lowest_s: float
    highest_s: float


def _outside(leg: Leg, low_s: float, high_s: float) -> _OutOfRange | None:
    raw = leg.asked.format
    if raw is None:
        return None
    low, high = raw.aligned_bytes(low_s), raw.aligned_bytes(high_s)
    bad = [frame for frame in leg.frames if frame.entry.size > high or (frame.entry.size < low and not frame.ends_run)]
    lengths = [raw.seconds(frame.entry.size) for frame in bad]
    return _OutOfRange(bad, min(lengths), max(lengths)) if bad else None


def _lengths(found: _OutOfRange) -> str:
    if found.lowest_s == found.highest_s:
        return milliseconds(found.lowest_s)
    return f"{number(found.lowest_s * 1000)} to {milliseconds(found.highest_s)}"


def frames_are_of_good_length(leg: Leg) -> Iterator[Hit]:
    """C-CHUNK-SIZE: a frame holds 20 to 250 ms of audio; what ends a run may be shorter.

    Smaller frames cost more than they carry, larger ones delay every answer. Told once per leg. Source: docs,
    «Measuring Streaming Latency».
    """
    low_s, high_s = leg.settings.chunk_min_audio_s, leg.settings.chunk_max_audio_s
    found = _outside(leg, low_s, high_s)
    if found:
        first = found.frames[0]
        message = (
            f"{_lengths(found)} of audio in {len(found.frames):,} of {plural(len(leg.frames), 'frame')}; "
            f"wanted {number(low_s * 1000)} to {milliseconds(high_s)}."
        )
        yield Hit(message, first.at, f"{first.entry.size:,} bytes at {leg.asked.format}")


def frames_are_of_advised_length(leg: Leg) -> Iterator[Hit]:
    """C-CHUNK-ADVISED: 20 to 40 ms are best for a conversation; up to 250 ms is in order, 100 ms a common default.

    Told once per leg, as advice, and only where C-CHUNK-SIZE is content. Source: docs, «Measuring Streaming Latency».
    """
    low_s, high_s = leg.settings.chunk_min_audio_s, leg.settings.chunk_advised_max_audio_s
    found = _outside(leg, low_s, high_s)
    if found and not _outside(leg, low_s, leg.settings.chunk_max_audio_s):
        message = (
            f"{_lengths(found)} of audio in {len(found.frames):,} of {plural(len(leg.frames), 'frame')}; that is "
            f"allowed, but {number(low_s * 1000)} to {milliseconds(high_s)} give answers sooner."
        )
        yield Hit(message, found.frames[0].at)


def frames_are_alike(leg: Leg) -> Iterator[Hit]:
    """C-CHUNK-CONSISTENT: the frames of a raw stream have one size; what ends a run may be shorter.

    Uneven frames make the audio clock, and every delay measured on it, jump. Told once per leg. Source: docs,
    «Measuring Streaming Latency».
    """
    others = _other_sizes(leg) if leg.asked.format else []
    if others:
        sizes = sorted({frame.entry.size for frame in others})
        message = (
            f"Other sizes than the usual {leg.typical_bytes:,} bytes in {len(others):,} of "
            f"{plural(len(leg.frames), 'frame')}: {plural(len(sizes), 'size')} from {sizes[0]:,} to {sizes[-1]:,}."
        )
        yield Hit(message, others[0].at)


def frames_hold_whole_samples(leg: Leg) -> Iterator[Hit]:
    """C-SPLIT-SAMPLE: a frame ends at the end of a sample of all channels.

    The server joins the halves, yet a frame lost or a reconnect in between turns all that follows into noise. Told
    once per leg. Source: Deepgram's AsyncAPI description (`encoding`, `channels`); inference on the damage.
    """
    raw = leg.asked.format
    split = [frame for frame in leg.frames if raw and frame.entry.size % raw.frame_bytes]
    if raw and split:
        message = (
            f"A sample is split at the end of {len(split):,} of {plural(len(leg.frames), 'frame')}: "
            f"{split[0].entry.size:,} bytes are no multiple of {raw.frame_bytes}."
        )
        yield Hit(message, split[0].at, str(raw))


def no_empty_frame_inside(leg: Leg) -> Iterator[Hit]:
    """C-EMPTY-FRAME: no empty binary frame before the end of the audio: Deepgram takes it for CloseStream.

    Source: deepgram-python-sdk #146, #427, PR #121.
    """
    last_audio = leg.frames[-1].at if leg.frames else -1
    for at in leg.empties:
        if at < last_audio:
            lost_s = sum(frame.audio_s for frame in leg.frames if frame.at > at)
            yield Hit(
                f"An empty binary frame ended the stream with {seconds(lost_s)} of audio still to come; send no frame "
                f"when there is nothing to send.",
                at,
            )


def no_audio_after_close_stream(leg: Leg) -> Iterator[Hit]:
    """C-AUDIO-AFTER-CLOSE: no audio after CloseStream: it is lost. Told once per leg.

    Source: deepgram-dotnet-sdk #341, #358 (CloseStream overtook queued audio); deepgram-python-sdk #127.
    """
    if leg.close_stream is None:
        return
    late = [frame for frame in leg.frames if frame.at > (leg.close_stream or 0)]
    if late:
        size = sum(frame.entry.size for frame in late)
        yield Hit(
            f"{plural(size, 'byte')} of audio in {plural(len(late), 'frame')} came after CloseStream.", late[0].at
        )


def control_messages_are_text(leg: Leg) -> Iterator[Hit]:
    """C-CONTROL-BINARY: KeepAlive, Finalize and CloseStream go as text frames; in a binary frame they are audio.

    Where the bytes were not kept, a frame is told by its size: exactly that of such a message, amid far longer ones.
    Source: docs, «Audio Keep Alive» and «Using Lower-Level Websockets».
    """
    sizes = {at: entry.size for at, entry in leg.binaries}
    for at, control in leg.controls.items():
        if at in leg.heads and control.lstrip().startswith("{"):
            yield Hit("A control message was sent as a binary frame and played as audio.", at, excerpt(control))
        else:
            yield Hit(
                f"A binary frame of {sizes[at]} bytes amid frames of {leg.typical_bytes:,} has exactly the size of a "
                f"{control} message, which must be a text frame.",
                at,
            )


def raw_audio_has_no_header(leg: Leg) -> Iterator[Hit]:
    """C-HEADER-IN-RAW: a stream declared raw does not begin with a container's header, which would be played.

    Needs the first bytes of the audio. Source: docs, «Determining Your Audio Format»; deepgram-js-sdk example 41,
    which strips it.
    """
    head = leg.heads.get(leg.frames[0].at, b"") if leg.frames else b""
    container = sniff_signature(head)
    if leg.asked.format and container:
        yield Hit(
            f"The stream is declared as {leg.asked.encoding} but begins with a {container} header, which is played as "
            f"samples.",
            leg.frames[0].at,
            head[:SIGNATURE_BYTES].hex(" "),
        )


def audio_can_be_decoded(leg: Leg) -> Iterator[Hit]:
    """C-UNDECODED: raw audio declares `encoding` and `sample_rate`; a container begins with its header, on every leg.

    Seen either in the first bytes, or in Metadata that counts no audio although some was sent. Source:
    deepgram-python-sdk #361, #454, #509; deepgram-js-sdk #301, #336; deepgram-dotnet-sdk #302, #342.
    """
    if not leg.frames:
        return
    first = leg.frames[0]
    head = leg.heads.get(first.at, b"")
    declared = f"encoding={leg.asked.encoding}" if leg.asked.encoding else "no encoding"
    if leg.asked.encoding is None and len(head) >= SIGNATURE_BYTES and sniff_container(head) is None:
        yield Hit(
            "The query declares no encoding and the audio begins with no container header: raw audio needs encoding "
            "and sample_rate, a container its header on every connection.",
            first.at,
            head[:SIGNATURE_BYTES].hex(" "),
        )
    elif leg.metadata and leg.metadata[1].duration == 0:
        size = sum(frame.entry.size for frame in leg.frames)
        yield Hit(f"The server could decode none of the {plural(size, 'byte')} sent, with {declared}.", leg.metadata[0])


def claimed_length_is_carried(session: Session) -> Iterator[Hit]:
    """C-CHUNK-CLAIM: a frame plays as long as the client says. Needs the client's claim; told once per leg.

    Bytes mean milliseconds only under a rate, a width and a number of channels; mixing them up is the commonest fault
    of a chunker. Source: docs, «Measuring Streaming Latency»; pipecat #1263.
    """
    claimed_ms = session.claim.chunk_ms if session.claim else None
    raw = session.asked.format
    if claimed_ms is None or raw is None:
        return
    for leg in session.legs:
        carried_ms = raw.seconds(leg.typical_bytes) * 1000
        slack_ms = 1000 / raw.sample_rate + claimed_ms * 0.01
        if leg.frames and not abs(carried_ms - claimed_ms) <= slack_ms:
            yield Hit(
                f"The client calls {leg.typical_bytes:,} bytes {number(claimed_ms)} ms; at {_format(raw)} they are "
                f"{number(carried_ms)} ms.",
                leg.frames[0].at,
            )


def _format(raw: AudioFormat) -> str:
    layout = {1: "mono", 2: "stereo"}.get(raw.channels, f"with {raw.channels} channels")
    return f"{number(raw.sample_rate / 1000)} kHz {raw.sample_width * 8}-bit {layout}"
