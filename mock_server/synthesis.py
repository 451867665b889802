"""Makes a script of a timeline: interims about once a second that may shrink, finals that tile the audio, endpoints.

Rhythm after the captures of the live service (protocol reference, 5.1 to 5.4): a segment closes at a pause of at least
`endpointing`, or at its longest length; interims restate it from its start; silence is reported with empty transcripts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil, inf
from random import Random
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.codec import encode
from harness.protocol.messages import (
    ModelInfo,
    Results,
    ResultsMetadata,
    SpeechStarted,
    UtteranceEnd,
    Word,
)
from harness.protocol.options import ListenOptions
from mock_server import features
from mock_server.replay import SILENT_SEGMENT_AUDIO_S
from mock_server.script import UNKNOWN_MODEL_UUID, Cue, Said, Script
from mock_server.timeline import Timeline

INTERIM_EVERY_AUDIO_S: Final = 1.0
LAST_INTERIM_BEFORE_AUDIO_S: Final = 0.05
"""No interim this close to its final."""

LONGEST_SEGMENT_AUDIO_S: Final = 5.0
SHORTEST_PAUSE_AUDIO_S: Final = 0.2
"""The pause that ends speech however small `endpointing` is: its default of 10 ms does not split words."""

VAD_DELAY_AUDIO_S: Final = 0.2
LAG_WALL_S: Final = (0.06, 0.16)
HALF_HEARD_CONFIDENCE: Final = 0.55

MODEL: Final = ModelInfo(name="dgharness-script", version=version("dgharness"), arch="synthetic")
MODEL_UUID: Final = "d9a55000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class _Segment:
    start_audio_s: float
    end_audio_s: float
    words: tuple[Word, ...]
    speech_final: bool


def synthesise(timeline: Timeline, options: ListenOptions, rng: Random, name: str) -> Script:
    """What the server will say while this timeline is streamed to it.

    Args:
        timeline: the words, spread over as many channels as are answered.
        options: the query string: endpointing, interims, punctuation and so on.
        rng: of the run's seed; it chooses half-heard words, confidences and lags.
        name: what the script was made from; stands in every report.
    """
    model = timeline.model or MODEL
    uuid = timeline.model_uuid or (MODEL_UUID if timeline.model is None else UNKNOWN_MODEL_UUID)
    shown = tuple(tuple(features.shown(word, options, live=True) for word in words) for words in timeline.channels)
    cues = [
        _with_lag(cue, rng)
        for number, words in enumerate(shown)
        for cue in _Speaker(number, len(shown), words, options, model, uuid, rng).cues()
    ]
    cues.sort(key=lambda cue: cue.due_audio_s)  # stable: the order within a channel stays
    heard = Timeline(shown, timeline.duration_audio_s, model, uuid)
    return Script(name, tuple(cues), heard, uuid, model, synthetic=timeline.model is None)


class _Speaker:
    """The cues of one channel."""

    def __init__(
        self,
        number: int,
        channels: int,
        words: tuple[Word, ...],
        options: ListenOptions,
        model: ModelInfo,
        uuid: str,
        rng: Random,
    ) -> None:
        self._index = (number, channels)
        self._words = words
        self._options = options
        self._metadata = ResultsMetadata(
            request_id="",
            model_info=model,
            model_uuid=uuid,
            diarize_info=UNSET if options.diarize_model is None else dict(features.DIARIZE_INFO),
        )
        self._rng = rng

    def cues(self) -> Iterator[Cue]:
        speaking = False
        for segment in self._segments():
            if segment.words and not speaking:
                yield self._speech_started(segment.words[0])
                speaking = True
            yield from self._interims(segment)
            yield self._results(segment, segment.end_audio_s, segment.words, is_final=True)
            if segment.words and segment.speech_final:
                speaking = False
            yield from self._utterance_end(segment)

    # --- where segments begin and end ---------------------------------------------------------------------------------

    def _segments(self) -> Iterator[_Segment]:
        start_audio_s = 0.0
        for words, ended_by_pause in self._stretches():
            while words[0].start - start_audio_s > SILENT_SEGMENT_AUDIO_S:
                end_audio_s = round(start_audio_s + SILENT_SEGMENT_AUDIO_S, 3)
                yield _Segment(start_audio_s, end_audio_s, (), speech_final=False)
                start_audio_s = end_audio_s
            end_audio_s = round(_end_of(words) + (self._pause_audio_s if ended_by_pause else 0.0), 3)
            yield _Segment(start_audio_s, end_audio_s, words, speech_final=ended_by_pause)
            start_audio_s = end_audio_s

    def _stretches(self) -> Iterator[tuple[tuple[Word, ...], bool]]:
        """Words between which no segment ends, and whether a pause ended them rather than their length."""
        taken: list[Word] = []
        for index, word in enumerate(self._words):
            taken.append(word)
            following = self._words[index + 1] if index + 1 < len(self._words) else None
            silent_audio_s = inf if following is None else following.start - _end_of(taken)
            paused = silent_audio_s >= self._pause_audio_s
            too_long = following is not None and following.end - taken[0].start > LONGEST_SEGMENT_AUDIO_S
            # Two voices mixed into one channel may overlap: no segment ends in the middle of a word.
            if paused or (too_long and silent_audio_s >= 0):
                yield tuple(taken), paused and self._options.endpointing_ms is not None
                taken = []

    @property
    def _pause_audio_s(self) -> float:
        return max((self._options.endpointing_ms or 0) / 1000, SHORTEST_PAUSE_AUDIO_S)

    # --- what is said of a segment ------------------------------------------------------------------------------------

    def _interims(self, segment: _Segment) -> Iterator[Cue]:
        at_audio_s = segment.start_audio_s + INTERIM_EVERY_AUDIO_S
        while at_audio_s < segment.end_audio_s - LAST_INTERIM_BEFORE_AUDIO_S:
            heard = tuple(word for word in segment.words if word.end <= at_audio_s)
            cut_off = next((word for word in segment.words if word.start < at_audio_s < word.end), None)
            if cut_off is not None:
                heard += self._half_heard(cut_off, at_audio_s)
            yield self._results(segment, at_audio_s, _unfinished(heard), is_final=False)
            at_audio_s += INTERIM_EVERY_AUDIO_S

    def _half_heard(self, word: Word, at_audio_s: float) -> tuple[Word, ...]:
        """A word that is being spoken: missed, guessed right, or guessed as something the next interim takes back."""
        if at_audio_s - word.start < 0.1 or self._rng.random() < 0.3:
            return ()
        end = round(at_audio_s, 3)
        guess = word.word if self._rng.random() < 0.6 else word.word[: max(1, len(word.word) // 2)]
        shown = guess if isinstance(word.punctuated_word, str) else word.punctuated_word
        return (replace(word, word=guess, end=end, confidence=HALF_HEARD_CONFIDENCE, punctuated_word=shown),)

    def _results(self, segment: _Segment, end_audio_s: float, heard: tuple[Word, ...], *, is_final: bool) -> Cue:
        return _cue(
            Results(
                channel_index=self._index,
                duration=round(end_audio_s - segment.start_audio_s, 3),
                start=segment.start_audio_s,
                is_final=is_final,
                speech_final=is_final and segment.speech_final,
                channel=features.channel(heard, self._options, is_final=is_final),
                metadata=self._metadata,
                entities=features.entities(heard) if is_final and self._options.detect_entities else UNSET,
            ),
            end_audio_s,
        )

    def _speech_started(self, word: Word) -> Cue:
        at_audio_s = max(0.0, round(word.start - 0.04, 3))
        return _cue(SpeechStarted(channel=self._index, timestamp=at_audio_s), at_audio_s + VAD_DELAY_AUDIO_S)

    def _utterance_end(self, segment: _Segment) -> Iterator[Cue]:
        gap_ms = self._options.utterance_end_ms
        if gap_ms is None or not segment.words:
            return
        end_audio_s = _end_of(segment.words)
        due_audio_s = end_audio_s + gap_ms / 1000
        after = bisect_right(self._words, segment.words[-1].start, key=lambda word: word.start)
        if after == len(self._words) or self._words[after].start >= due_audio_s:
            # It is computed from the words of Results, so one that has the last word comes first.
            said_audio_s = self._first_said(segment, end_audio_s)
            yield _cue(UtteranceEnd(channel=self._index, last_word_end=end_audio_s), max(due_audio_s, said_audio_s))

    def _first_said(self, segment: _Segment, word_end_audio_s: float) -> float:
        """Where the first Results comes that has a whole word: an interim, when they are sent, or the final."""
        interims = ceil((word_end_audio_s - segment.start_audio_s) / INTERIM_EVERY_AUDIO_S - 1e-9)
        at_audio_s = segment.start_audio_s + interims * INTERIM_EVERY_AUDIO_S
        in_time = at_audio_s < segment.end_audio_s - LAST_INTERIM_BEFORE_AUDIO_S
        return at_audio_s if in_time and self._options.wants_interims else segment.end_audio_s


def _cue(message: Said, due_audio_s: float) -> Cue:
    return Cue(message, encode(message), round(due_audio_s, 3))


def _with_lag(cue: Cue, rng: Random) -> Cue:
    return Cue(cue.message, cue.text, cue.due_audio_s, round(rng.uniform(*LAG_WALL_S), 4))


def _unfinished(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """An interim does not know yet that its last word ends a sentence."""
    if not words or not isinstance(words[-1].punctuated_word, str):
        return words
    last = words[-1]
    shown = last.display.rstrip(".,;:!?") or last.display
    return (*words[:-1], replace(last, punctuated_word=shown))


def _end_of(words: Sequence[Word]) -> float:
    return max(word.end for word in words)
