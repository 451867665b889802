"""A container streamed as it is: its header, which every new connection must see first, and the audio behind it.

A server that was not told the format reads it off the first bytes of the connection; one that never sees the header can
decode nothing (js-sdk issue 301, dotnet-sdk issue 302). A WAV's audio is raw behind its header and can be taken up at
any frame. The audio of Ogg and WebM cannot: it goes on at a page or a cluster, whose times count from the first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.audio.format import AudioFormat, Encoding
from harness.audio.sniff import sniff_container
from harness.audio.wav import SampleType, WavParser
from harness.errors import BadInput

WAV: Final = "wav"

_ENCODING: Final = {
    SampleType.S16: Encoding.LINEAR16,
    SampleType.F32: Encoding.LINEAR32,
    SampleType.MULAW: Encoding.MULAW,
    SampleType.ALAW: Encoding.ALAW,
}


@dataclass(frozen=True)
class Container:
    """A file taken apart.

    Attributes:
        name: of the container, such as `wav`.
        header: everything before the audio, as it stands in the file.
        format: of the audio.
        audio: what is behind the header, in whole frames; what follows the audio in the file is left out.
    """

    name: str
    header: bytes
    format: AudioFormat
    audio: bytes


def take_apart(data: bytes, source: str) -> Container:
    """Part a WAV file's header from its audio.

    Args:
        data: the whole file.
        source: what the sentence calls it.

    Raises:
        BadInput: it is no WAV, or none whose audio has one of the raw encodings.
    """
    found = sniff_container(data)
    if found != WAV:
        raise BadInput(
            f"{source}: its container is {found or 'none'}; wanted wav, the only one whose audio can go on behind a "
            "repeated header (without --container any file is decoded and sent raw)"
        )
    parser, at = WavParser(), 0
    while not parser.in_data and parser.broken is None and at < len(data):
        parser.feed(data[at : at + 1])  # byte by byte, because then it is known where the header ends
        at += 1
    fmt = parser.format
    if fmt is None or not parser.in_data:
        raise BadInput(f"{source}: is no readable WAV file ({parser.broken or 'its header is cut short'})")
    if fmt.sample_type not in _ENCODING:
        stored = fmt.sample_type or "compressed"
        raise BadInput(f"{source}: is a WAV of {stored} samples; wanted 16-bit, 32-bit float, mu-law or A-law samples")
    raw = AudioFormat(_ENCODING[fmt.sample_type], fmt.sample_rate, fmt.channels)
    audio = parser.feed(data[at:])
    whole = len(audio) - len(audio) % raw.frame_bytes
    if not whole:
        raise BadInput(f"{source}: is a WAV without audio; wanted at least one sample")
    return Container(WAV, data[:at], raw, audio[:whole])
