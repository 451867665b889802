"""Says a script at the pace of the audio that arrives: a cue is due when its audio is here, plus its lag.

Pure: audio positions and times come in as numbers, texts go out. How the audio was cut into frames makes no difference.

When a Finalize or an early CloseStream cuts a segment short, what was due later of that segment is said anew without
the part already given; everything else goes out literally, with the connection's own `request_id`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from harness.protocol.codec import encode, with_request_id
from harness.protocol.messages import (
    Channel,
    Results,
    ResultsMetadata,
    Word,
)
from harness.protocol.options import ListenOptions
from mock_server.script import TOLERANCE_AUDIO_S, Cue, Script, Trigger
from mock_server.timeline import alternative_of

SILENT_SEGMENT_AUDIO_S: Final = 5.0
"""After a script has ended, silence is reported in segments of this length, as the live service does."""

UNCLAIMED_FINALIZE_AUDIO_S: Final = 1.0
"""A recorded reply to Finalize is said as an ordinary final when the client has not asked for it by then."""


@dataclass(frozen=True)
class _Due:
    at_wall_s: float
    cue: Cue


class ReplayEngine:
    """One connection's replay.

    Args:
        script: what to say.
        options: what the client asked for.
        request_id: of this connection; replaces the script's.
        lag_scale: factor on recorded lags; 0 answers at once.
    """

    def __init__(self, script: Script, options: ListenOptions, request_id: str, *, lag_scale: float = 1.0) -> None:
        self._script = script.asked_for(options)
        self._request_id = request_id
        self._lag_scale = lag_scale
        self._pending = deque(self._script.cues)
        self._due: deque[_Due] = deque()
        self._cursor_audio_s = 0.0
        self._last_due_wall_s = 0.0
        self._segment_start_audio_s = [0.0] * len(script.timeline.channels)

    @property
    def next_wakeup_s(self) -> float | None:
        """When the next message that waits only for its lag is due."""
        return self._due[0].at_wall_s if self._due else None

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[str]:
        """So many seconds of audio are here now; returns what is to be said at once."""
        self._cursor_audio_s = cursor_audio_s
        while self._pending and self._audio_has_come(self._pending[0]):
            self._queue(self._pending.popleft(), now_s)
        return self.wake(now_s) + self._report_silence()

    def wake(self, now_s: float) -> list[str]:
        """What has become due by now."""
        said: list[str] = []
        while self._due and self._due[0].at_wall_s <= now_s:
            said += self._say(self._due.popleft().cue)
        return said

    def finalize(self, channel: int | None = None) -> list[str]:
        """Everything heard so far as final, each channel's last Results flagged `from_finalize`."""
        said = self._say_all_due()
        for number in range(len(self._segment_start_audio_s)):
            if channel is None or channel == number:
                said += self._flagged(number)
        return said

    def close_stream(self) -> list[str]:
        """The last finals: everything that was recorded for the audio received, then whatever that leaves open."""
        said = self._say_all_due()
        while self._pending and self._pending[0].due_audio_s <= self._cursor_audio_s + TOLERANCE_AUDIO_S:
            said += self._say(self._pending.popleft())
        for number, start_audio_s in enumerate(self._segment_start_audio_s):
            if self._cursor_audio_s - start_audio_s > TOLERANCE_AUDIO_S:
                said.append(self._cut(number, from_finalize=False))
        self._pending.clear()
        return said

    # --- what is due ------------------------------------------------------------------------------------------------

    def _audio_has_come(self, cue: Cue) -> bool:
        patience = {
            Trigger.AUDIO: 0.0,
            Trigger.FINALIZE: UNCLAIMED_FINALIZE_AUDIO_S,
            # What was said only after CloseStream waits for it, unless this client goes on talking past that point.
            Trigger.CLOSE_STREAM: UNCLAIMED_FINALIZE_AUDIO_S,
        }[cue.trigger]
        return cue.due_audio_s + patience <= self._cursor_audio_s + TOLERANCE_AUDIO_S

    def _queue(self, cue: Cue, now_s: float) -> None:
        at_wall_s = max(now_s + cue.lag_wall_s * self._lag_scale, self._last_due_wall_s)
        self._last_due_wall_s = at_wall_s
        self._due.append(_Due(at_wall_s, cue))

    def _say_all_due(self) -> list[str]:
        said: list[str] = []
        while self._due:
            said += self._say(self._due.popleft().cue)
        return said

    def _report_silence(self) -> list[str]:
        if self._pending or self._due:
            return []
        return [
            self._cut(number, from_finalize=False)
            for number, start_audio_s in enumerate(self._segment_start_audio_s)
            if self._cursor_audio_s - start_audio_s >= SILENT_SEGMENT_AUDIO_S
        ]

    # --- saying it --------------------------------------------------------------------------------------------------

    def _say(self, cue: Cue) -> list[str]:
        message = cue.message
        if not isinstance(message, Results):
            return [cue.text]
        number = message.channel_index[0]
        start_audio_s = self._segment_start_audio_s[number]
        if message.end_audio_s <= start_audio_s + TOLERANCE_AUDIO_S and start_audio_s > 0.0:
            return []  # a cut has given all of it already
        text = self._literal(cue, message, start_audio_s)
        if message.is_final:
            self._segment_start_audio_s[number] = message.end_audio_s
        return [text]

    def _literal(self, cue: Cue, message: Results, start_audio_s: float) -> str:
        was_cut = message.start < start_audio_s - TOLERANCE_AUDIO_S
        unclaimed = message.from_finalize  # only `_flagged` answers a Finalize
        if not was_cut and not unclaimed:
            return with_request_id(cue.text, self._request_id)
        changed = _trimmed(message, start_audio_s) if was_cut else message
        metadata = replace(message.metadata, request_id=self._request_id)
        return encode(replace(changed, metadata=metadata, from_finalize=False))

    def _flagged(self, number: int) -> list[str]:
        recorded = self._recorded_reply(number)
        if recorded is None:
            return [self._cut(number, from_finalize=True)]
        before = self._segment_start_audio_s[number]
        message = recorded.message
        assert isinstance(message, Results)
        self._segment_start_audio_s[number] = message.end_audio_s
        if message.start < before - TOLERANCE_AUDIO_S:
            metadata = replace(message.metadata, request_id=self._request_id)
            return [encode(replace(_trimmed(message, before), metadata=metadata))]
        return [with_request_id(recorded.text, self._request_id)]

    def _recorded_reply(self, number: int) -> Cue | None:
        """The recorded answer to a Finalize at this very position, taken out of what is pending."""
        for cue in self._pending:
            message = cue.message
            if not isinstance(message, Results) or message.channel_index[0] != number:
                continue
            near = abs(message.end_audio_s - self._cursor_audio_s) <= TOLERANCE_AUDIO_S
            if cue.trigger is Trigger.FINALIZE and near:
                self._pending.remove(cue)
                return cue
            if message.is_final:
                return None
        return None

    def _cut(self, number: int, *, from_finalize: bool) -> str:
        """A final for what is open on one channel, up to the audio received."""
        start_audio_s, end_audio_s = self._segment_start_audio_s[number], self._cursor_audio_s
        self._segment_start_audio_s[number] = end_audio_s
        words = tuple(
            word
            for word in self._script.timeline.channels[number]
            if start_audio_s <= _middle(word) < end_audio_s and word.start < end_audio_s
        )
        return encode(
            Results(
                channel_index=(number, len(self._segment_start_audio_s)),
                start=round(start_audio_s, 6),
                duration=round(end_audio_s - start_audio_s, 6),
                is_final=True,
                speech_final=bool(words),
                channel=Channel(alternatives=(alternative_of(words),)),
                metadata=ResultsMetadata(
                    request_id=self._request_id, model_info=self._script.model, model_uuid=self._script.model_uuid
                ),
                from_finalize=from_finalize,
            )
        )


def _trimmed(message: Results, start_audio_s: float) -> Results:
    """The rest of a segment, from `start_audio_s` on."""
    words = tuple(word for word in message.words if _middle(word) >= start_audio_s)
    return replace(
        message,
        start=round(start_audio_s, 6),
        duration=round(message.end_audio_s - start_audio_s, 6),
        channel=replace(message.channel, alternatives=(alternative_of(words),)),
    )


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
