"""Which container do these bytes begin with? Told by magic numbers alone.

This keeps a header out of a stream that is declared raw: Deepgram would play the header as samples
(https://developers.deepgram.com/docs/determining-your-audio-format-for-live-streaming-audio). A file with any of
these signatures is decoded, and its samples are sent, whatever its name or the declared format say.
"""

from __future__ import annotations

SIGNATURE_BYTES = 12
"""Bytes after which `sniff_container` can no longer change from None to a container."""

_AT_START = (
    (b"OggS", "ogg"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"#!AMR", "amr"),
    (b"caff", "caf"),
    (b".snd", "au"),
)
_IFF_GROUPS = {b"RIFF", b"RF64", b"FORM"}
_IFF_FORMS = {b"WAVE": "wav", b"AIFF": "aiff", b"AIFC": "aiff"}


def sniff_signature(head: bytes) -> str | None:
    """The container whose signature `head` carries, or None; MPEG frame syncs do not count.

    A signature is at least three fixed bytes, so raw audio practically never bears one by chance.
    """
    for magic, container in _AT_START:
        if head.startswith(magic):
            return container
    if head[:4] in _IFF_GROUPS:
        return _IFF_FORMS.get(head[8:12])
    return "mp4" if head[4:8] == b"ftyp" else None


def sniff_container(head: bytes) -> str | None:
    """The container that `head` begins, or None when it may be raw audio (or too short to tell).

    Args:
        head: the first bytes of the audio; 12 decide. More make MPEG audio without a tag surer, since the next frame is
            then looked for where this one says it begins: two bytes alone occur in raw audio too.

    Returns:
        "wav", "ogg", "webm" (any Matroska), "flac", "mp3", "mp4" (M4A too), "aac" (ADTS), "amr", "aiff", "caf", "au",
        or None.
    """
    return sniff_signature(head) or _sniff_frame_sync(head)


def _sniff_frame_sync(head: bytes) -> str | None:
    for container, frame_length in (("aac", _adts_frame_length), ("mp3", _mp3_frame_length)):
        length = frame_length(head)
        if length is None:
            continue
        following = head[length:]
        if len(following) < SIGNATURE_BYTES or frame_length(following) is not None:
            return container
    return None


def _adts_frame_length(head: bytes) -> int | None:
    """Bytes of the ADTS frame at the start of `head` (ISO/IEC 13818-7, 6.2), or None when there is none."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 0xF > 12:
        return None
    length = (head[3] & 0x3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else None


# Layer III only (ISO/IEC 11172-3, 2.4.2.3; 13818-3 halves the rates), kbit/s by bitrate index 1 to 14.
_MPEG1_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBITS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_RATE = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mp3_frame_length(head: bytes) -> int | None:
    """Bytes of the MPEG Layer III frame at the start of `head`, or None when there is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = head[1] >> 3 & 0x3, head[2] >> 4, head[2] >> 2 & 0x3
    if version == 1 or not 1 <= bitrate <= 14 or rate == 3:
        return None
    kbits, frame_samples = (_MPEG1_KBITS, 1152) if version == 3 else (_MPEG2_KBITS, 576)
    padding = head[2] >> 1 & 0x1
    return frame_samples // 8 * kbits[bitrate - 1] * 1000 // _MPEG_RATE[version][rate] + padding
