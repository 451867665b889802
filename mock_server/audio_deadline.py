"""When the audio itself has been away for too long, whatever KeepAlive says; for those who hold with the docs there."""

from __future__ import annotations

from harness.protocol.closing import CloseReason


class AudioDeadline:
    """Runs from the upgrade to the first audio, and from each audio to the next.

    Args:
        first_audio_after_s: longest wait for the first audio; None allows any.
        audio_after_s: longest pause in the audio; None allows any.
        now_s: monotonic seconds at the upgrade.

    Attributes:
        reason: what a client is closed with that lets it pass.
    """

    def __init__(self, first_audio_after_s: float | None, audio_after_s: float | None, now_s: float) -> None:
        self.reason = CloseReason.NET_0001
        self._since_s, self._after_s = now_s, first_audio_after_s
        self._audio_after_s = audio_after_s

    def audio_came(self, now_s: float) -> None:
        """It runs anew."""
        self.reason = CloseReason.NET_0002
        self._since_s, self._after_s = now_s, self._audio_after_s

    @property
    def at_s(self) -> float | None:
        """When it passes; None when it never does."""
        return None if self._after_s is None else self._since_s + self._after_s
