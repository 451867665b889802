"""Where somebody speaks: from a detector's probability for each frame to speech, pauses and their lengths. Pure."""

from __future__ import annotations

from typing import Final

from mock_server.engines.base import FRAME_AUDIO_S

SPEECH_FROM: Final = 0.5
"""Speech begins when the detector is at least so sure (Silero's own default)."""

SPEECH_UNTIL: Final = 0.35
"""And goes on as long as it is so sure: 0.15 lower, as in Silero's own examples, so that it does not flutter."""

SURE_AFTER_FRAMES: Final = 2
"""One frame alone is a click."""


class SpeechTracker:
    """Follows one channel frame by frame.

    Attributes:
        speaking: whether speech is going on, its pauses aside.
        began_audio_s: where the present speech, or else the last, began.
        ended_audio_s: where speech was last detected.
    """

    def __init__(self) -> None:
        self.speaking = False
        self.began_audio_s = 0.0
        self.ended_audio_s = 0.0
        self._sure_frames = 0

    def hear(self, probability: float, end_audio_s: float) -> bool:
        """The next frame, which ends at `end_audio_s`; returns whether speech has just begun with it."""
        threshold = SPEECH_UNTIL if self.speaking else SPEECH_FROM
        if probability < threshold:
            self._sure_frames = 0
            return False
        self._sure_frames += 1
        if self.speaking:
            self.ended_audio_s = end_audio_s
            return False
        if self._sure_frames < SURE_AFTER_FRAMES:
            return False
        self.speaking = True
        self.began_audio_s = max(0.0, end_audio_s - SURE_AFTER_FRAMES * FRAME_AUDIO_S)
        self.ended_audio_s = end_audio_s
        return True

    def silent_audio_s(self, at_audio_s: float) -> float:
        """How long it has been silent since speech was last detected."""
        return at_audio_s - self.ended_audio_s

    def rest(self) -> None:
        """The speech is over: what comes next begins anew."""
        self.speaking = False
        self._sure_frames = 0
