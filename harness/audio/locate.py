"""Where in a known recording a piece of it lies: for a stream that begins in the middle."""

from __future__ import annotations

from typing import Final

import numpy as np

from harness.audio.fingerprint import RATE, Ear, Fingerprint, emphasise
from harness.audio.pcm import Samples

SAME: Final = 0.5
"""Normalised correlation from which on a piece is the recording's. A piece cut between two 8 kHz samples comes down to
0.6; a second of other speech, or of the same voice elsewhere, stays below 0.3 on the project's own clips."""

AROUND_AUDIO_S: Final = 60.0
LEAST_LEVEL: Final = 1e-3


def locate(
    samples: Samples,
    sample_rate: int,
    recording: Fingerprint,
    expected_audio_s: float,
    around_s: float = AROUND_AUDIO_S,
) -> float | None:
    """The position in the recording at which some audio begins, in seconds, to about a millisecond; None if nowhere.

    Args:
        samples: the piece, of shape (frames, channels); half a second of speech suffices.
        sample_rate: of the piece.
        recording: the whole recording (`fingerprint(audio, None)`).
        expected_audio_s: where it is looked for first; no farther away than `around_s`.
        around_s: seconds on both sides.
    """
    ear = Ear()
    heard = np.concatenate([ear.hear(samples, sample_rate), ear.finish()])
    piece = emphasise(heard)
    energy = float(np.sum(np.square(piece, dtype=np.float64)))
    if len(piece) == 0 or energy < len(piece) * LEAST_LEVEL**2:
        return None
    first = max(0, round((expected_audio_s - around_s) * RATE) - recording.onset)
    last = max(0, round((expected_audio_s + around_s) * RATE) - recording.onset + len(piece))
    window = recording.emphasised[first:last]
    if len(window) < len(piece):
        return None
    size = 1 << (len(window) + len(piece) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size)), size)
    products = products[: len(window) - len(piece) + 1]
    running = np.concatenate([[0.0], np.cumsum(np.square(window, dtype=np.float64))])
    energies = running[len(piece) :] - running[: len(window) - len(piece) + 1]
    floored = np.maximum(energies, 0.01 * float(energies.max(initial=1e-12)))
    likeness = products / np.sqrt(floored * energy)
    best = int(np.argmax(likeness))
    if likeness[best] < SAME:
        return None
    return (first + best + recording.onset) / RATE
