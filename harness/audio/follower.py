"""Does a stream, once recognised, stay with its recording?

Each half second the last whole second of the stream is correlated with the same second of the recording. Here no lag is
searched, so a wrong second stays near zero. On the clips described in `harness.audio.identity` the right second never
fell below 0.98 (G.711), 0.78 (MP3, 32 kbit/s) and 0.65 (Opus, 16 kbit/s); of 5,963 wrong ones none exceeded 0.07.
Where both are quiet there is nothing to compare.
"""

from __future__ import annotations

import numpy as np

from harness.audio.fingerprint import DEAF, RATE, Ear, Fingerprint, emphasise
from harness.audio.pcm import Samples

SAME_SECOND = 0.35
# Below a tenth of the recording's speech level (-20 dB) is a pause: lossy codecs do not keep the waveform of noise.
QUIET = 0.1
# For a recording of silence: what A-law and lossy codecs make of digital silence stays below this.
MIN_QUIET_LEVEL = 1e-4

_WINDOW = RATE
_STEP = RATE // 2
_BLOCK = RATE // 10
_MIN_TAIL = RATE // 4


class Follower:
    """Compares a stream with the recording it was matched to, and says where it leaves it.

    The offset must be right to a fraction of a millisecond, so let a `LeadMatcher` find it, be it with one candidate:
    a header sent as samples or a little silence in front shifts everything.

    Args:
        recording: the whole recording, `fingerprint(audio, None)`.
        offset_audio_s: position in the stream minus position in the recording, as `Matched` gives it.
        gain: amplitude of the stream relative to the recording, as `Matched` gives it.
        start_audio_s: position in the stream of the first sample that will be fed.

    Attributes:
        departed_at_audio_s: where in the stream the audio stops being the recording's, to a tenth of a second; None
            while it is. Silence after the recording's end is no departure; silence instead of its speech is, and so
            is speech in its pauses or after its end. Half a second or less at the stream's very end may go unnoticed.
    """

    def __init__(
        self,
        recording: Fingerprint,
        offset_audio_s: float = 0.0,
        gain: float = 1.0,
        start_audio_s: float = 0.0,
    ) -> None:
        self.departed_at_audio_s: float | None = None
        self._recording = recording
        self._gain = gain
        self._quiet = max(QUIET * recording.speech_level, MIN_QUIET_LEVEL)
        self._ear = Ear()
        self._start = round(start_audio_s * RATE)
        self._shift = round(offset_audio_s * RATE) + recording.onset
        # Emphasised stream from position `_first` (8 kHz samples since the first one fed) on.
        self._heard: Samples = np.zeros(0, np.float32)
        self._first = 0
        self._compared = 0
        self._last_sample = 0.0

    def feed(self, samples: Samples, sample_rate: int) -> float | None:
        """Hear more of the stream: samples of shape (frames, channels) or (frames,); gives `departed_at_audio_s`.

        Raises:
            BadInput: the sample rate changed within the stream.
        """
        if self.departed_at_audio_s is None:
            self._take(self._ear.hear(samples, sample_rate))
        return self.departed_at_audio_s

    def finish(self) -> float | None:
        """The stream is over: compare the last part of a second too."""
        if self.departed_at_audio_s is None:
            self._take(self._ear.finish())
        end = self._first + len(self._heard)
        if self.departed_at_audio_s is None and end - self._compared >= _MIN_TAIL:
            self._compare(self._compared, end)
        return self.departed_at_audio_s

    def _take(self, heard: Samples) -> None:
        emphasised = emphasise(heard, self._last_sample)
        emphasised[: max(0, DEAF - self._start - self._first - len(self._heard))] = 0
        self._heard = np.concatenate([self._heard, emphasised])
        self._last_sample = float(heard[-1]) if len(heard) else self._last_sample
        while self.departed_at_audio_s is None and self._first + len(self._heard) >= self._compared + _WINDOW:
            self._compare(self._compared, self._compared + _WINDOW)
            self._compared += _STEP
            past = max(0, self._compared - _WINDOW - self._first)
            self._heard = self._heard[past:]
            self._first += past

    def _compare(self, begin: int, end: int) -> None:
        if self._likeness(begin, end) < SAME_SECOND:
            self.departed_at_audio_s = (self._start + self._departure(end)) / RATE

    def _departure(self, end: int) -> int:
        """The first block that differs, of those after which nothing agrees any more."""
        departure = end
        for begin in range(end - _BLOCK, self._first - 1, -_BLOCK):
            likeness = self._likeness(begin, begin + _BLOCK)
            if likeness < SAME_SECOND:
                departure = begin
            elif likeness < np.inf:
                break
        return departure

    def _likeness(self, begin: int, end: int) -> float:
        """Correlation of stream and recording between two positions; infinite where both are quiet."""
        heard = self._heard[begin - self._first : end - self._first]
        recorded = self._recorded(begin, end)
        floor = self._quiet * np.sqrt(end - begin)
        heard_norm, recorded_norm = np.linalg.norm(heard) / self._gain, np.linalg.norm(recorded)
        if heard_norm < floor and recorded_norm < floor:
            return np.inf
        product = float(np.dot(heard, recorded)) / self._gain
        return product / float(max(heard_norm, floor) * max(recorded_norm, floor))

    def _recorded(self, begin: int, end: int) -> Samples:
        """The recording at the same place, with silence before and after it."""
        known = self._recording.emphasised
        start, stop = begin + self._start - self._shift, end + self._start - self._shift
        piece = known[max(0, start) : max(0, stop)]
        before = min(max(0, -start), end - begin)
        return np.pad(piece, (before, end - begin - before - len(piece)))
