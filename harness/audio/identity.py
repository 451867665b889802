"""Which known recording is being streamed, and does the stream stay with it?

A stream is matched by its waveform: normalised cross-correlation of its lead with each candidate's fingerprint, over
one second of lag either way. The figures behind the thresholds come from 51 clips of speech (1 to 26 s, many by the
same few speakers), each in 13 forms: as it is, 16 bit at 8, 22 and 48 kHz, mu-law at 8 and 16 kHz, A-law at 8, MP3 at
32 and 64 kbit/s, AAC at 48, Opus at 16, 24 and 48. With half a second of speech heard:

    the right clip, worst form (Opus, 16 kbit/s)          0.85
    the right clip, worst of the lossless and G.711 forms 0.998
    a wrong clip, best of 2,550 pairs in two forms        0.34
    largest lag between the onsets found                  0.33 s
    worst quarter second with speech, right clip          0.61

so `SAME` is 0.6, and a quarter second that falls below `SAME_BLOCK` 0.45 shows where two clips part company.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from harness.audio.fingerprint import (
    DEAF,
    LEAD_AUDIO_S,
    ONSET_LEVEL,
    RATE,
    Ear,
    Fingerprint,
    block_levels,
    emphasise,
    fingerprint,
    onset,
    pcm_sha256,
)
from harness.audio.follower import Follower
from harness.audio.pcm import Samples

__all__ = [
    "LEAD_AUDIO_S",
    "Fingerprint",
    "Follower",
    "LeadMatcher",
    "Matched",
    "Undecided",
    "Unmatched",
    "Verdict",
    "fingerprint",
    "pcm_sha256",
]

SAME = 0.6
SAME_BLOCK = 0.45
# A stream that ends before half a second of speech must be all the more alike: wrong clips reach 0.65 there.
SAME_SHORT = 0.8
MIN_SPEECH_S = 0.5
UNMATCHED_SPEECH_S = 1.0
LIMIT_SPEECH_S = 3.0
LIMIT_AUDIO_S = 5.0

_MAX_LAG = RATE
_BLOCK = RATE // 4
_SPEECH_BLOCK = RATE // 50
_STEP = RATE // 10
_NEAREST = 5
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Undecided:
    """Not enough was heard, or several recordings still begin alike."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The stream is a known recording.

    Attributes:
        keys: the recording; several when they are the same audio, or alike up to the limit. Best first.
        similarity: normalised correlation with the best, up to 1.
        offset_audio_s: position in the stream minus position in the best; negative when the beginning is missing.
        gain: amplitude of the stream relative to the best.
    """

    keys: tuple[str, ...]
    similarity: float
    offset_audio_s: float
    gain: float


@dataclass(frozen=True, slots=True)
class Unmatched:
    """The stream is none of the recordings.

    Attributes:
        nearest: the five most similar ones, with their similarity, best first.
    """

    nearest: tuple[tuple[str, float], ...]


Verdict = Undecided | Matched | Unmatched


@dataclass(frozen=True, slots=True)
class _Alignment:
    """How a lead lies best on a fingerprint: lead[0] on fingerprint[lag]."""

    similarity: float
    lag: int
    gain: float
    blocks_agree: bool

    def is_same(self, threshold: float = SAME) -> bool:
        return self.similarity >= threshold and self.blocks_agree


class _Lead:
    """The beginning of a stream, ready to be laid on many fingerprints."""

    def __init__(self, emphasised: Samples) -> None:
        self.samples = emphasised
        self._size = 1 << (len(emphasised) + 2 * _MAX_LAG - 1).bit_length()
        self._spectrum = np.conj(np.fft.rfft(emphasised, self._size))
        self._energy = float(np.sum(np.square(emphasised, dtype=np.float64)))

    def align(self, other: Samples) -> _Alignment:
        """Lay it on `other`, preceded and followed by silence, where the two correlate best."""
        n = len(self.samples)
        around = np.zeros(n + 2 * _MAX_LAG, np.float32)
        within = other[: n + _MAX_LAG]
        around[_MAX_LAG : _MAX_LAG + len(within)] = within
        products = np.fft.irfft(np.fft.rfft(around, self._size) * self._spectrum, self._size)[: 2 * _MAX_LAG + 1]
        running = np.concatenate([[0.0], np.cumsum(np.square(around, dtype=np.float64))])
        energies = running[n:] - running[: 2 * _MAX_LAG + 1]
        # Without a floor, a lead would match any whisper of its own shape at the edge of the other's audio.
        floored = np.maximum(energies, 0.01 * max(float(energies.max()), _TINY))
        similarity = products / np.sqrt(floored * max(self._energy, _TINY))
        best = int(np.argmax(similarity))
        gain = float(products[best] / floored[best])
        agree = _blocks_agree(self.samples, np.float32(gain) * around[best : best + n])
        return _Alignment(float(similarity[best]), best - _MAX_LAG, gain, agree)


def _blocks_agree(a: Samples, b: Samples) -> bool:
    """Whether every quarter second in which either has speech is alike in both."""
    whole = len(a) // _BLOCK * _BLOCK
    left, right = a[:whole].reshape(-1, _BLOCK), b[:whole].reshape(-1, _BLOCK)
    left_energy, right_energy = np.square(left).sum(axis=1), np.square(right).sum(axis=1)
    loud = np.maximum(left_energy, right_energy) > 0.1 * np.mean(left_energy) if whole else np.zeros(0, bool)
    # 1 for equal blocks; falls with either a lower correlation or another level.
    likeness = 2 * (left * right).sum(axis=1)[loud] / (left_energy + right_energy)[loud]
    return bool((likeness >= SAME_BLOCK).all())


def _speech_s(lead: Samples) -> float:
    """Seconds in which the lead is within 20 dB of its loudest: pauses and background do not count."""
    levels = block_levels(lead, _SPEECH_BLOCK)
    threshold = max(0.1 * float(levels.max(initial=0.0)), ONSET_LEVEL)
    return float(np.count_nonzero(levels >= threshold)) * _SPEECH_BLOCK / RATE


class LeadMatcher:
    """Listens to the beginning of one stream until it is known, or known to be unknown.

    The verdict depends on the audio alone, not on the pieces it comes in: it is formed at tenths of a second.
    A typical stream is decided when half a second of speech has been heard. Recordings that begin alike are told
    apart once they differ for a quarter of a second; copies of one recording are recognised as such at once.

    Args:
        candidates: the known recordings, by the keys that verdicts name.
        limit_speech_s: seconds of speech after which recordings that still begin alike are all named.

    Attributes:
        verdict: the state of knowledge; final once it is not `Undecided`.
    """

    def __init__(self, candidates: Mapping[str, Fingerprint], *, limit_speech_s: float = LIMIT_SPEECH_S) -> None:
        self.verdict: Verdict = Undecided()
        self._candidates = dict(candidates)
        self._limit_speech_s = limit_speech_s
        self._ear = Ear()
        self._heard: Samples = np.zeros(0, np.float32)
        self._passed = 0
        self._begun = False
        self._next_look = _STEP
        self._wanted_speech_s = MIN_SPEECH_S
        self._one_recording: dict[tuple[str, str], bool] = {}

    def feed(self, samples: Samples, sample_rate: int) -> Verdict:
        """Hear more of the stream: samples of shape (frames, channels) or (frames,).

        Raises:
            BadInput: the sample rate changed within the stream.
        """
        if isinstance(self.verdict, Undecided):
            self._take(self._ear.hear(samples, sample_rate))
        return self.verdict

    def finish(self) -> Verdict:
        """The stream is over: decide on what there was."""
        if isinstance(self.verdict, Undecided):
            self._take(self._ear.finish())
        if isinstance(self.verdict, Undecided):
            self._decide(self._heard, over=True)
        return self.verdict

    def _take(self, heard: Samples) -> None:
        self._heard = np.concatenate([self._heard, heard])
        if not self._begun:
            deaf = max(0, DEAF - self._passed)
            silent = min(len(self._heard), deaf) + onset(self._heard[deaf:])
            self._heard = self._heard[silent:]
            self._passed += silent
            self._begun = len(self._heard) > 0
        while isinstance(self.verdict, Undecided) and len(self._heard) >= self._next_look:
            self._decide(self._heard[: self._next_look], over=self._next_look >= LIMIT_AUDIO_S * RATE)
            self._next_look += _STEP
        if not isinstance(self.verdict, Undecided):
            self._heard = self._heard[:0]

    def _decide(self, heard: Samples, *, over: bool) -> None:
        emphasised = emphasise(heard)
        speech_s = _speech_s(emphasised)
        over = over or speech_s >= self._limit_speech_s
        if speech_s < self._wanted_speech_s and not over:
            return
        threshold = SAME if speech_s >= MIN_SPEECH_S else SAME_SHORT
        lead = _Lead(emphasised)
        found = {key: lead.align(candidate.emphasised) for key, candidate in self._candidates.items()}
        ranking = sorted(found, key=lambda key: -found[key].similarity)
        same = tuple(key for key in ranking if found[key].is_same(threshold))
        if same and (over or self._are_one_recording(same)):
            self.verdict = self._matched(same, found[same[0]])
        elif not same and (over or speech_s >= UNMATCHED_SPEECH_S):
            self.verdict = Unmatched(tuple((key, found[key].similarity) for key in ranking[:_NEAREST]))
        elif not same:
            # A second chance, for a codec that starts badly; not a comparison at every step until then.
            self._wanted_speech_s = UNMATCHED_SPEECH_S

    def _matched(self, keys: tuple[str, ...], best: _Alignment) -> Matched:
        position_in_recording = self._candidates[keys[0]].onset + best.lag
        return Matched(keys, best.similarity, (self._passed - position_in_recording) / RATE, best.gain)

    def _are_one_recording(self, keys: Iterable[str]) -> bool:
        return all(self._begins_as(a, b) for a, b in permutations(keys, 2))

    def _begins_as(self, a: str, b: str) -> bool:
        """Whether all that is known of `a` is found in `b` too."""
        if (a, b) not in self._one_recording:
            lead = _Lead(self._candidates[a].emphasised[: int(LIMIT_AUDIO_S * RATE)])
            self._one_recording[a, b] = lead.align(self._candidates[b].emphasised).is_same()
        return self._one_recording[a, b]
