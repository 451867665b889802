"""Audio files and raw bytes to samples, and samples to the raw bytes that are streamed.

Mixing, by `encode`: the same number of channels passes through, two become one by their mean, one becomes many by
copies. Anything else would drop or invent something without saying so, and is refused.
Resampling is soxr's «HQ». 16-bit audio at the rate and channels of the target comes out bit for bit.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import av.container
import numpy as np
import numpy.typing as npt
import soxr

from harness.audio.container import container_name, frame_samples, open_container
from harness.audio.format import AudioFormat
from harness.audio.packets import PacketFormat, PacketSource
from harness.audio.pcm import SAMPLE_TYPE, Samples, from_float, to_float
from harness.audio.segment import Segment
from harness.audio.sniff import sniff_container, sniff_signature
from harness.audio.wav import WavParser, wav_header
from harness.errors import BadInput

_BLOCK_BYTES: Final = 48 << 20
"""Of samples that are put together at a time: glibc gives what is larger than 32 MiB back when it is let go."""


@dataclass(frozen=True, eq=False, slots=True)
class Audio:
    """Decoded audio.

    Attributes:
        samples: float32 of shape (frames, channels), full scale at -1 and 1.
        sample_rate: frames per second.
        container: "wav", "flac", "mp3", "ogg", "mp4", "webm", ...; "raw" when there was none.
        warnings: sentences about what was odd but bearable.
    """

    samples: Samples
    sample_rate: int
    container: str = "raw"
    warnings: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return int(self.samples.shape[1])

    @property
    def duration_audio_s(self) -> float:
        """Seconds of audio, counted per channel."""
        return len(self.samples) / self.sample_rate


def read_audio(path: str | Path, raw_format: AudioFormat | None = None, segment: Segment | None = None) -> Audio:
    """Read an audio file; the only function here that touches a file.

    A file with a header is decoded by its header even when `raw_format` is given, so that no header is ever taken for
    samples; `check_declared` tells whether the two agree.

    Args:
        path: the file.
        raw_format: how to read a file without any header; None allows only files with one.
        segment: the part that is wanted; None is all of it.

    Raises:
        BadInput: the file is missing, unreadable, empty or no audio, or has nothing in that part.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: is a directory; wanted an audio file") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if raw_format is not None and sniff_container(data) is None:
        return cut(decode_raw(data, raw_format, str(path)), segment, str(path))
    return cut(decode(data, str(path)), segment, str(path))


def cut(audio: Audio, segment: Segment | None, name: str) -> Audio:
    """A part of some audio, to the sample; what reaches beyond its end ends there.

    Raises:
        BadInput: the part begins beyond the end, or holds no sample.
    """
    if segment is None:
        return audio
    start = _frames(segment.start_audio_s, audio)
    length = None if segment.length_audio_s is None else _frames(segment.length_audio_s, audio)
    samples = audio.samples[start : None if length is None else start + length]
    if not len(samples):
        found = f"plays {audio.duration_audio_s:g} s, and nothing of it is in segment {segment}"
        raise BadInput(f"{name}: {found}; wanted one that begins before the end and is not empty")
    return replace(audio, samples=samples)


def _frames(audio_s: float, audio: Audio) -> int:
    """So many seconds in frames; no more than there are, for a manifest may name a second that is no integer."""
    return round(min(audio_s, audio.duration_audio_s) * audio.sample_rate)


def decode_raw(data: bytes, fmt: AudioFormat, name: str = "raw audio") -> Audio:
    """Headerless audio as samples; a last incomplete frame is dropped, with a warning.

    Raises:
        BadInput: there is not one whole frame.
    """
    whole = len(data) - len(data) % fmt.frame_bytes
    if not whole:
        raise BadInput(f"{name}: has {len(data)} bytes, not one frame of {fmt} ({fmt.frame_bytes} bytes)")
    warnings: tuple[str, ...] = ()
    if whole != len(data):
        warnings = (
            f"{name}: {len(data)} bytes are no whole number of frames of {fmt} ({fmt.frame_bytes} bytes each); "
            f"the last {len(data) - whole} bytes were dropped",
        )
    samples = to_float(memoryview(data)[:whole], SAMPLE_TYPE[fmt.encoding], fmt.channels)
    return Audio(samples, fmt.sample_rate, "raw", warnings)


def decode_packets(data: bytes, fmt: PacketFormat, name: str) -> Audio:
    """A file of bare packets as samples; one that bears a container's signature is read as that.

    Raises:
        BadInput: nothing in it can be decoded, as with bare Opus or Speex, whose packets a file does not keep apart.
    """
    if sniff_signature(data) is not None:
        return decode(data, name)
    source = PacketSource(fmt, None)
    if fmt.tells_lengths:
        source.feed(data)
        source.finish()
    if not source.audio_s:
        raise BadInput(f"{name}: holds no audio that can be decoded as {fmt.encoding} without a container")
    return Audio(source.samples_since(0), source.sample_rate)


def decode(data: bytes, name: str) -> Audio:
    """An audio file's bytes as samples: WAV, FLAC, MP3, Ogg, M4A, WebM and what else FFmpeg reads as audio.

    Args:
        data: the whole file.
        name: what messages call it.

    Raises:
        BadInput: empty, no audio, a WAV header cut short, no audio stream, or no samples.
    """
    if not data:
        raise BadInput(f"{name}: is empty; wanted an audio file")
    container = sniff_container(data)
    warnings = _wav_warnings(data, name) if container == "wav" else ()
    try:
        with open_container(io.BytesIO(data)) as opened:
            container = container or container_name(opened)
            samples, sample_rate, bad_packets = _decode_all(opened, name)
    except av.FFmpegError:
        wanted = "wanted WAV, FLAC, MP3, Ogg, M4A or WebM, or an encoding and sample rate for headerless audio"
        what = f"begins like {container} but cannot be decoded" if container else "is no audio file known here"
        raise BadInput(f"{name}: {what}; {wanted}") from None
    if bad_packets:
        warnings += (f"{name}: {bad_packets} damaged packets were left out",)
    return Audio(samples, sample_rate, container, warnings)


def _decode_all(opened: av.container.InputContainer, name: str) -> tuple[Samples, int, int]:
    """All samples of the first audio stream, their rate, and the number of packets that could not be decoded."""
    if not opened.streams.audio:
        raise BadInput(f"{name}: has no audio stream")
    pieces: list[Samples] = []
    blocks: list[Samples] = []
    shapes: set[tuple[int, int]] = set()
    bad_packets = 0
    for packet in opened.demux(opened.streams.audio[0]):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            bad_packets += 1
            continue
        for frame in frames:
            assert isinstance(frame, av.AudioFrame)
            shapes.add((frame.sample_rate, frame.layout.nb_channels))
            pieces.append(frame_samples(frame))
            if len(shapes) == 1 and len(pieces) * pieces[0].nbytes >= _BLOCK_BYTES:
                blocks.append(np.concatenate(pieces))
                pieces.clear()
    blocks += pieces
    if not sum(map(len, blocks)):
        raise BadInput(f"{name}: holds no audio samples")
    if len(shapes) > 1:
        found = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in sorted(shapes))
        raise BadInput(f"{name}: changes its format midway ({found}); wanted one format")
    return _joined(blocks), shapes.pop()[0], bad_packets


def _joined(blocks: list[Samples]) -> Samples:
    """All of them in one; each is let go once it is copied, so that long audio is never held twice."""
    joined = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), np.float32)
    end = len(joined)
    while blocks:
        block = blocks.pop()
        joined[end - len(block) : end] = block
        end -= len(block)
    return joined


def _wav_warnings(data: bytes, name: str) -> tuple[str, ...]:
    parser = WavParser()
    parser.feed(data)
    if parser.broken:
        raise BadInput(f"{name}: is no readable WAV, {parser.broken}")
    if not parser.in_data:
        raise BadInput(f"{name}: the WAV header is cut short, the file ends after {len(data)} bytes without any data")
    if parser.declared_bytes is not None and parser.data_bytes < parser.declared_bytes:
        return (
            f"{name}: the WAV header declares {parser.declared_bytes} bytes of audio "
            f"but only {parser.data_bytes} are there",
        )
    return ()


def encode(audio: Audio, fmt: AudioFormat) -> bytes:
    """The raw bytes that stream `audio` in `fmt`: mixed, resampled, encoded (rules in the module's head).

    Raises:
        BadInput: the channels cannot be mixed without losing some.
    """
    mixed = audio.samples
    if (audio.channels, fmt.channels) == (2, 1):
        mixed = to_mono(mixed)[:, np.newaxis]
    elif audio.channels not in (1, fmt.channels):
        raise BadInput(
            f"{audio.channels} channels cannot become {fmt.channels}; "
            "wanted the same number, two into one, or one into many"
        )
    if audio.sample_rate != fmt.sample_rate:
        mixed = soxr.resample(mixed, audio.sample_rate, fmt.sample_rate)
    if mixed.shape[1] != fmt.channels:
        mixed = np.repeat(mixed, fmt.channels, axis=1)
    return from_float(mixed, fmt)


def to_mono(samples: Samples) -> Samples:
    """The mean over the channels, of shape (frames,)."""
    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)


def check_declared(audio: Audio, fmt: AudioFormat) -> str | None:
    """One sentence when a file's own header contradicts the raw format the user declared for it, else None.

    Sending such audio under the declared format would make the server hear it too fast, too slow or interleaved.
    """
    found, declared = (audio.sample_rate, audio.channels), (fmt.sample_rate, fmt.channels)
    if audio.container == "raw" or found == declared:
        return None
    return (
        f"the {audio.container} header says {audio.sample_rate} Hz with {audio.channels} channel(s), "
        f"declared are {fmt.sample_rate} Hz with {fmt.channels}; the audio is converted to the declared format"
    )


def wav_bytes(audio: bytes | npt.NDArray[np.float32], fmt: AudioFormat) -> bytes:
    """A WAV file in `fmt`.

    Args:
        audio: raw bytes already in `fmt`, or float32 samples of shape (frames,) or (frames, channels).
        fmt: encoding, rate and channels of the file.
    """
    pcm = audio if isinstance(audio, bytes) else from_float(audio.reshape(-1, fmt.channels), fmt)
    return wav_header(fmt, len(pcm)) + pcm + b"\0" * (len(pcm) % 2)
