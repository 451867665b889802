"""Says a script at the pace of the audio that arrives: a cue is due when its audio is here, plus its lag.

Pure: audio positions and times come in as numbers, texts go out. How the audio was cut into frames makes no difference.

When a Finalize or an early CloseStream cuts a segment short, what was due later of that segment is said anew without
the part already given; everything else goes out literally, with the connection's own `request_id`.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from harness.protocol.codec import encode
from harness.protocol.messages import (
    Entity,
    Results,
    ResultsMetadata,
    UtteranceEnd,
    Word,
)
from harness.protocol.options import ListenOptions
from mock_server import features
from mock_server.behaviour import FinalizeReply
from mock_server.imprint import Imprint
from mock_server.script import TOLERANCE_AUDIO_S, Cue, Script, Trigger, moved, words_from
from mock_server.timeline import alternative_of

SILENT_SEGMENT_AUDIO_S: Final = 5.0
"""After a script has ended, silence is reported in segments of this length, as the live service does."""

UNCLAIMED_FINALIZE_AUDIO_S: Final = 1.0
"""A recorded reply to Finalize is said as an ordinary final when the client has not asked for it by then."""

# A quote inside a JSON string is always escaped, so a quote without a backslash before it begins a key.
_FLAGGED = re.compile(r'(?<!\\)("from_finalize"\s*:\s*)true')


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
        finalize_reply: how Finalize is answered.
    """

    def __init__(
        self,
        script: Script,
        options: ListenOptions,
        request_id: str,
        *,
        lag_scale: float = 1.0,
        finalize_reply: FinalizeReply = FinalizeReply.FLAGGED,
    ) -> None:
        self._script = script.asked_for(options)
        self._options = options
        self._unread = iter(self._script.cues)
        self._imprint = Imprint(request_id, options.extra_fields)
        self._lag_scale = lag_scale
        self._finalize_reply = finalize_reply
        self._pending: deque[Cue] = deque()
        self._due: deque[_Due] = deque()
        self._cursor_audio_s = 0.0
        self._quiet_until_audio_s = 0.0  # nothing new is due before that much audio has come
        self._last_due_wall_s = 0.0
        self._segment_start_audio_s = [0.0] * len(script.timeline.channels)
        # A cut reports an endpoint only to a client that has endpointing on.
        self._endpoints = options.endpointing_ms is not None
        self._unsaid = Counter(
            cue.message.channel_index[0] for cue in self._script.cues if isinstance(cue.message, Results)
        )
        # Per channel: how many of the settled words were said, and how many belong to finals that have gone by.
        self._words = script.settled_words
        self._given = [sum(w.at_audio_s < script.from_audio_s for w in words) for words in self._words]
        self._passed = [0] * len(self._words)
        # Where a word ended for this client, by channel and by where the script has its end.
        self._cut_off: dict[tuple[int, float], float] = {}

    busy = False
    """It says at once what is due."""

    @property
    def next_wakeup_s(self) -> float | None:
        """When the next message that waits only for its lag is due."""
        return self._due[0].at_wall_s if self._due else None

    @property
    def next_due_audio_s(self) -> float | None:
        """How much audio must be there for the next message that waits for audio alone; None when none does."""
        silent = (at for number, at in enumerate(self._segment_start_audio_s) if not self._unsaid[number])
        dues = [at_audio_s + SILENT_SEGMENT_AUDIO_S for at_audio_s in silent]
        cue = self._next_cue()
        return min([*dues, *([] if cue is None else [_said_by_itself_s(cue)])], default=None)

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[str]:
        """So many seconds of audio are here now; returns what is to be said at once."""
        self._cursor_audio_s = cursor_audio_s
        said = self.wake(now_s)
        if cursor_audio_s < self._quiet_until_audio_s - TOLERANCE_AUDIO_S:
            return said
        while (cue := self._next_cue()) is not None and _said_by_itself_s(cue) <= cursor_audio_s + TOLERANCE_AUDIO_S:
            # Silence that ended before this message's audio comes before it, so that the cut into frames never shows.
            said += self._report_silence(_said_by_itself_s(cue))
            self._queue(self._pending.popleft(), now_s)
            said += self.wake(now_s)
        said += self._report_silence(cursor_audio_s)
        self._quiet_until_audio_s = inf if self.next_due_audio_s is None else self.next_due_audio_s
        return said

    def wake(self, now_s: float) -> list[str]:
        """What has become due by now."""
        said: list[str] = []
        while self._due and self._due[0].at_wall_s <= now_s:
            said += self._say(self._due.popleft().cue)
        return said

    def finalize(self, channel: int | None = None) -> list[str]:
        """Everything heard so far as final, each channel's last Results flagged `from_finalize`."""
        said = self._say_all_due() + self._report_silence(self._cursor_audio_s)
        for number in range(len(self._segment_start_audio_s)):
            if channel is None or channel == number:
                said += self._finalized(number)
        return said

    def close_stream(self) -> list[str]:
        """The last finals: everything that was recorded for the audio received, then whatever that leaves open."""
        said = self._say_all_due()
        while (cue := self._next_cue()) is not None and cue.due_audio_s <= self._cursor_audio_s + TOLERANCE_AUDIO_S:
            said += self._say(self._pending.popleft())
        said += self._report_silence(self._cursor_audio_s)
        for number, start_audio_s in enumerate(self._segment_start_audio_s):
            if self._cursor_audio_s - start_audio_s > TOLERANCE_AUDIO_S:
                said.append(self._cut(number, self._cursor_audio_s, from_finalize=False))
        self._pending.clear()
        self._unread = iter(())
        return said

    # --- what is due ------------------------------------------------------------------------------------------------

    def _next_cue(self) -> Cue | None:
        """The next cue that is not due yet; a script is moved to this connection's clock as it is read."""
        return self._pending[0] if self._pending or self._read_on() else None

    def _read_on(self) -> bool:
        for cue in self._unread:
            on_our_clock = moved(cue, self._script.from_audio_s)
            if isinstance(cue.message, Results):
                self._skip(cue.message, on_our_clock)
            if on_our_clock is not None:
                self._pending.append(on_our_clock)
                return True
        return False

    def _skip(self, original: Results, on_our_clock: Cue | None) -> None:
        """Take note of what an earlier connection has said of a message."""
        number = original.channel_index[0]
        if on_our_clock is None:
            self._unsaid[number] -= 1
        if original.is_final:
            rest = on_our_clock.message if on_our_clock is not None else None
            self._passed[number] += len(original.words) - (len(rest.words) if isinstance(rest, Results) else 0)

    def _queue(self, cue: Cue, now_s: float) -> None:
        at_wall_s = max(now_s + cue.lag_wall_s * self._lag_scale, self._last_due_wall_s)
        self._last_due_wall_s = at_wall_s
        self._due.append(_Due(at_wall_s, cue))

    def _say_all_due(self) -> list[str]:
        said: list[str] = []
        while self._due:
            said += self._say(self._due.popleft().cue)
        return said

    def _report_silence(self, until_audio_s: float) -> list[str]:
        """Whole segments of silence on the channels for which the script has nothing more."""
        said: list[str] = []
        starts_audio_s = self._segment_start_audio_s
        while silent := [number for number in range(len(starts_audio_s)) if not self._unsaid[number]]:
            number = min(silent, key=starts_audio_s.__getitem__)
            end_audio_s = starts_audio_s[number] + SILENT_SEGMENT_AUDIO_S
            if end_audio_s > until_audio_s + TOLERANCE_AUDIO_S:
                break
            said.append(self._cut(number, end_audio_s, from_finalize=False))
        return said

    # --- saying it --------------------------------------------------------------------------------------------------

    def _say(self, cue: Cue) -> list[str]:
        self._quiet_until_audio_s = 0.0
        message = cue.message
        if not isinstance(message, Results):
            return [self._event(cue)]
        number = message.channel_index[0]
        self._unsaid[number] -= 1
        start_audio_s, left = self._segment_start_audio_s[number], self._left_of(message)
        if message.end_audio_s <= start_audio_s + TOLERANCE_AUDIO_S and start_audio_s > 0.0:
            return []  # a cut has given all of it already
        if message.is_final:
            self._segment_start_audio_s[number] = message.end_audio_s
        text = self._literal(cue, message, start_audio_s, left)
        return [_FLAGGED.sub(r"\1false", text)]  # only `_flagged` answers a Finalize

    def _event(self, cue: Cue) -> str:
        message = cue.message
        if isinstance(message, UtteranceEnd):
            cut_off_audio_s = self._cut_off.get((message.channel[0], message.last_word_end))
            if cut_off_audio_s is not None:
                return encode(replace(message, last_word_end=cut_off_audio_s))
        return cue.text

    def _left_of(self, message: Results) -> tuple[Word, ...]:
        """The words of a message that no cut has given; those of a final count as given from here on."""
        number = message.channel_index[0]
        if not message.is_final:
            return tuple(word for word in message.words if _middle(word) >= self._segment_start_audio_s[number])
        already = max(0, self._given[number] - self._passed[number])
        self._passed[number] += len(message.words)
        self._given[number] = max(self._given[number], self._passed[number])
        return message.words[already:]

    def _literal(self, cue: Cue, message: Results, start_audio_s: float, left: tuple[Word, ...]) -> str:
        whole = len(left) == len(message.words) or not message.is_final
        if whole and message.start >= start_audio_s - TOLERANCE_AUDIO_S:
            return self._imprint.text(cue.text, message.metadata)
        trimmed = _trimmed(message, start_audio_s, left)
        return encode(replace(trimmed, metadata=self._imprint.metadata(message.metadata)))

    def _finalized(self, number: int) -> list[str]:
        """The answer to Finalize on one channel (protocol reference, 5.5)."""
        if self._finalize_reply is FinalizeReply.FLAGGED:
            return self._flagged(number)
        pending = self._cursor_audio_s - self._segment_start_audio_s[number] > TOLERANCE_AUDIO_S
        if self._finalize_reply is FinalizeReply.WHEN_PENDING:
            return self._flagged(number) if pending else []
        text = [self._cut(number, self._cursor_audio_s, from_finalize=False)] if pending else []
        return [*text, self._cut(number, self._cursor_audio_s, from_finalize=True)]

    def _flagged(self, number: int) -> list[str]:
        recorded = self._recorded_reply(number)
        if recorded is None:
            return [self._cut(number, self._cursor_audio_s, from_finalize=True)]
        self._quiet_until_audio_s = 0.0
        message = recorded.message
        assert isinstance(message, Results)
        self._unsaid[number] -= 1
        start_audio_s, left = self._segment_start_audio_s[number], self._left_of(message)
        self._segment_start_audio_s[number] = message.end_audio_s
        return [self._literal(recorded, message, start_audio_s, left)]

    def _recorded_reply(self, number: int) -> Cue | None:
        """The recorded answer to a Finalize at this very position, taken out of what is pending."""
        index = 0
        while index < len(self._pending) or self._read_on():
            cue, index = self._pending[index], index + 1
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

    def _cut(self, number: int, end_audio_s: float, *, from_finalize: bool) -> str:
        """A final for what is open on one channel, up to some position in the audio received."""
        self._quiet_until_audio_s = 0.0
        start_audio_s = self._segment_start_audio_s[number]
        end_audio_s = max(start_audio_s, end_audio_s)  # what was said may reach past the audio by the tolerance
        self._segment_start_audio_s[number] = end_audio_s
        words = _beginning_at(start_audio_s, self._open_words(number, end_audio_s))
        diarized = self._options.diarize_model is not None and self._script.synthetic
        metadata = ResultsMetadata(
            request_id="",
            model_info=self._script.model,
            model_uuid=self._script.model_uuid,
            diarize_info=dict(features.DIARIZE_INFO) if diarized else UNSET,
        )
        return encode(
            Results(
                channel_index=(number, len(self._segment_start_audio_s)),
                start=round(start_audio_s, 6),
                duration=round(end_audio_s - start_audio_s, 6),
                is_final=True,
                speech_final=bool(words) and self._endpoints,
                channel=features.channel(words, self._options, is_final=True),
                metadata=self._imprint.metadata(metadata),
                from_finalize=from_finalize,
                entities=features.entities(words) if self._options.detect_entities else UNSET,
            )
        )

    def _open_words(self, number: int, end_audio_s: float) -> tuple[Word, ...]:
        """The words of one channel that nothing has given yet and whose middle comes before a position."""
        from_audio_s, settled = self._script.from_audio_s, self._words[number]
        ungiven = (settled[index] for index in range(self._given[number], len(settled)))
        heard = [w.word for w in takewhile(lambda w: w.at_audio_s - from_audio_s < end_audio_s, ungiven)]
        self._given[number] += len(heard)
        words = words_from(heard, from_audio_s) if from_audio_s else tuple(heard)
        return tuple(self._ended_by(word, number, end_audio_s) for word in words)

    def _ended_by(self, word: Word, number: int, end_audio_s: float) -> Word:
        """A word that a cut goes through ends there, as far as anyone heard."""
        if word.end <= end_audio_s:
            return word
        cut_off_audio_s = max(word.start, round(end_audio_s, 6))
        self._cut_off[number, word.end] = cut_off_audio_s
        return replace(word, end=cut_off_audio_s)


def _beginning_at(start_audio_s: float, words: Iterable[Word]) -> tuple[Word, ...]:
    """Words that a cut went through begin there for the segment that has them."""
    return tuple(
        w if w.start >= start_audio_s else replace(w, start=min(w.end, round(start_audio_s, 6))) for w in words
    )


def _trimmed(message: Results, start_audio_s: float, words: tuple[Word, ...]) -> Results:
    """The rest of a segment, from `start_audio_s` on."""
    channel = message.channel
    began_before = any(word.start < start_audio_s for word in words)
    if began_before or len(words) != len(message.words):
        rest = alternative_of(_beginning_at(start_audio_s, words))
        kept = replace(
            channel.alternatives[0], transcript=rest.transcript, confidence=rest.confidence, words=rest.words
        )
        found = UNSET if channel.search is UNSET else features.search(words, [term.query for term in channel.search])
        channel = replace(channel, alternatives=(kept,), search=found)
    return replace(
        message,
        start=round(start_audio_s, 6),
        duration=round(message.end_audio_s - start_audio_s, 6),
        channel=channel,
        entities=_left_entities(message.entities, len(message.words) - len(words)),
    )


def _left_entities(entities: tuple[Entity, ...] | UnsetType, dropped: int) -> tuple[Entity, ...] | UnsetType:
    """The entities of what is left of a segment once so many of its first words are gone; they count words from it."""
    if entities is UNSET:
        return UNSET
    left = (entity for entity in entities if entity.start_word >= dropped)
    return tuple(
        replace(entity, start_word=entity.start_word - dropped, end_word=entity.end_word - dropped) for entity in left
    )


def _said_by_itself_s(cue: Cue) -> float:
    """The audio position at which a cue is due though nothing else has brought it about.

    What was said only after Finalize or CloseStream waits for it, unless this client goes on talking past that point.
    """
    return cue.due_audio_s + (0.0 if cue.trigger is Trigger.AUDIO else UNCLAIMED_FINALIZE_AUDIO_S)


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
