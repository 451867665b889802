"""What is kept of a recording so that a stream of it can be recognised, and the shared ear that both are heard with.

Both sides are brought to mono at 8 kHz, the narrowest rate Deepgram is sent, so the comparison never depends on how the
audio travelled; then pre-emphasised (a first difference), which takes out offset and hum: they are alike in recordings
that have nothing else in common.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import soxr

from harness.audio.decode import Audio, to_mono
from harness.audio.pcm import BLOCK, Samples, finite, to_int16
from harness.errors import BadInput

RATE = 8_000
LEAD_AUDIO_S = 6.0
"""Seconds after the onset that `fingerprint` keeps: the matcher looks at 5 at most, and one second off alignment."""

# Quieter than this (-60 dBFS) is no onset: A-law writes digital silence as +-2.4e-4, resampling rings below that.
ONSET_LEVEL = 1e-3
# A WAV header sent as samples is a loud click at the very start; nothing is lost by not listening to it.
DEAF = RATE // 20
_EMPHASIS = np.float32(0.9)
_MAGIC = b"DGFP\x01"
_HEADER = struct.Struct("<5sI")


def pcm_sha256(audio: Audio) -> str:
    """Hash of the 16-bit samples, rate and channels: the same for every container and header around them."""
    digest = hashlib.sha256(f"{audio.sample_rate} {audio.channels} ".encode())
    for start in range(0, len(audio.samples), BLOCK):
        digest.update(to_int16(audio.samples[start : start + BLOCK]).astype("<i2").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A recording, or its beginning, for comparison.

    Attributes:
        samples: int16 at 8 kHz, mono, from the onset on; of shape (n,), empty for a silent recording.
        onset: how many 8 kHz samples of silence precede them in the recording.
    """

    samples: npt.NDArray[np.int16]
    onset: int

    @cached_property
    def emphasised(self) -> Samples:
        """The samples as both matcher and follower compare them, of shape (n,)."""
        return emphasise(self.samples.astype(np.float32) / np.float32(32768))

    @cached_property
    def speech_level(self) -> float:
        """Root mean square of the emphasised blocks that are loud enough to be speech; 0.0 for silence."""
        levels = block_levels(self.emphasised)
        loud = levels[levels > 0.1 * levels.max(initial=0.0)]
        return float(np.sqrt(np.mean(np.square(loud)))) if len(loud) else 0.0

    def to_bytes(self) -> bytes:
        """A compact form for a cache; 16 kB per second."""
        return _HEADER.pack(_MAGIC, self.onset) + self.samples.astype("<i2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """Read `to_bytes` back.

        Raises:
            BadInput: these bytes are no fingerprint of this version.
        """
        if len(data) < _HEADER.size or not data.startswith(_MAGIC) or (len(data) - _HEADER.size) % 2:
            raise BadInput(f"a fingerprint of {len(data)} bytes is damaged or of another version; make it anew")
        _, onset = _HEADER.unpack_from(data)
        samples = np.frombuffer(data, "<i2", offset=_HEADER.size).astype(np.int16)
        return cls(samples, onset)


def fingerprint(audio: Audio, lead_s: float | None = LEAD_AUDIO_S) -> Fingerprint:
    """The fingerprint of a recording.

    Args:
        audio: the recording.
        lead_s: seconds to keep from the onset on, at least `LEAD_AUDIO_S`, which is all that `LeadMatcher` looks at;
            None keeps the whole recording, which `Follower` needs.

    Raises:
        BadInput: `lead_s` is too short.
    """
    if lead_s is not None and lead_s < LEAD_AUDIO_S:
        raise BadInput(f"lead_s is {lead_s:g}; wanted {LEAD_AUDIO_S:g} seconds or more, or None for all")
    ear = Ear()
    blocks = (audio.samples[start : start + BLOCK] for start in range(0, len(audio.samples), BLOCK))
    heard = np.concatenate([*(ear.hear(block, audio.sample_rate) for block in blocks), ear.finish()])
    begin = onset(heard)
    end = None if lead_s is None else begin + int(lead_s * RATE)
    return Fingerprint(to_int16(heard[begin:end]), begin)


def onset(samples: Samples) -> int:
    """Index of the first sample that is not near-digital silence; the length if there is none."""
    audible = np.flatnonzero(np.abs(samples) > ONSET_LEVEL)
    return int(audible[0]) if len(audible) else len(samples)


def emphasise(samples: Samples, before: float = 0.0) -> Samples:
    """Each sample minus 0.9 of the one before it (`before` for the first), of the same shape (n,)."""
    emphasised = samples.copy()
    emphasised[1:] -= _EMPHASIS * samples[:-1]
    emphasised[:1] -= _EMPHASIS * np.float32(before)
    return emphasised


def block_levels(samples: Samples, block: int = RATE // 50) -> npt.NDArray[np.float32]:
    """Root mean square of each whole block (20 ms by default) of samples of shape (n,)."""
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    levels: npt.NDArray[np.float32] = np.sqrt(np.mean(np.square(whole), axis=1, dtype=np.float32))
    return levels


class Ear:
    """Brings a stream of samples, in any pieces, to mono at 8 kHz; what comes out is the same for every split."""

    def __init__(self) -> None:
        self._sample_rate: int | None = None
        self._resampler: soxr.ResampleStream | None = None

    def hear(self, samples: Samples, sample_rate: int) -> Samples:
        """Take samples of shape (frames, channels) or (frames,); gives shape (n,), some 0.1 s behind.

        Raises:
            BadInput: the sample rate is not that of the samples before.
        """
        if self._sample_rate is None:
            self._sample_rate = sample_rate
            if sample_rate != RATE:
                self._resampler = soxr.ResampleStream(sample_rate, RATE, 1, dtype="float32")
        if sample_rate != self._sample_rate:
            raise BadInput(f"the sample rate changed from {self._sample_rate} to {sample_rate} Hz within one stream")
        mono = finite(samples if samples.ndim == 1 else to_mono(samples))
        return mono if self._resampler is None else self._resampler.resample_chunk(np.ascontiguousarray(mono))

    def finish(self) -> Samples:
        """What the resampler still held back."""
        rest = np.zeros(0, np.float32)
        return rest if self._resampler is None else self._resampler.resample_chunk(rest, last=True)
