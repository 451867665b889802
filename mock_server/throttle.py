"""How much of the audio received has been transcribed: no more than some audio seconds in a second.

Deepgram takes audio faster than real time and transcribes it at about 1.25 times real time; the rest waits, and with
it every result, the answer to Finalize and the close (docs, «Recovering from connection errors»). A client that sends
as it records never notices: up to a second of audio, a large frame, is transcribed at once.
"""

from __future__ import annotations

from typing import Final

ALLOWANCE_AUDIO_S: Final = 1.0
"""Audio that is transcribed at once after it was quiet: more than any frame that a paced client sends."""

_ROUNDING_AUDIO_S: Final = 1e-9


class Throttle:
    """Follows the position up to which audio was transcribed.

    Args:
        speed: audio seconds per second at most; None transcribes everything at once.
        now_s: monotonic seconds at the upgrade.
    """

    def __init__(self, speed: float | None, now_s: float) -> None:
        self._speed = speed
        self._at_s = now_s
        self._received_audio_s = 0.0
        self._allowance_audio_s = ALLOWANCE_AUDIO_S
        self.processed_audio_s = 0.0

    def advance(self, received_audio_s: float, now_s: float) -> float:
        """So much has been received by now; returns how much of it was transcribed."""
        if self._speed is None:
            self.processed_audio_s = self._received_audio_s = received_audio_s
            return received_audio_s
        self._allowance_audio_s += (now_s - self._at_s) * self._speed
        self._at_s = now_s
        if self.behind:
            self._transcribe()  # what waited before this audio came
        if self._allowance_audio_s > ALLOWANCE_AUDIO_S:
            self._allowance_audio_s = ALLOWANCE_AUDIO_S
        self._received_audio_s = received_audio_s
        self._transcribe()
        return self.processed_audio_s

    @property
    def behind(self) -> bool:
        """Whether audio waits."""
        return self.processed_audio_s < self._received_audio_s

    def reaches_at_s(self, audio_s: float) -> float | None:
        """When a position that was received will have been transcribed; None when it has been, or nothing waits."""
        waiting_audio_s = min(audio_s, self._received_audio_s) - self.processed_audio_s
        if self._speed is None or waiting_audio_s <= 0.0:
            return None
        return self._at_s + max(0.0, waiting_audio_s - self._allowance_audio_s) / self._speed

    def _transcribe(self) -> None:
        waiting_audio_s = self._received_audio_s - self.processed_audio_s
        if waiting_audio_s <= self._allowance_audio_s + _ROUNDING_AUDIO_S:
            # To the very position: a rest too short to move a clock would be waited for without end.
            self.processed_audio_s = self._received_audio_s
        else:
            self.processed_audio_s += self._allowance_audio_s
        self._allowance_audio_s -= min(waiting_audio_s, self._allowance_audio_s)
