"""Makes a script of a timeline: interims about once a second that may shrink, finals that tile the audio, endpoints.

Rhythm after the captures of the live service (protocol reference, 5.1 to 5.4): a segment closes at a pause of at least
`endpointing`, or at its longest length; interims restate it from its start; silence is reported with empty transcripts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from random import Random
from typing import Final

from harness.protocol.codec import encode
from harness.protocol.messages import (
    Alternative,
    Channel,
    ModelInfo,
    Results,
    ResultsMetadata,
    SpeechStarted,
    UtteranceEnd,
    Word,
)
from harness.protocol.options import ListenOptions
from mock_server.replay import SILENT_SEGMENT_AUDIO_S
from mock_server.script import Cue, Said, Script
from mock_server.timeline import Timeline, alternative_of

INTERIM_EVERY_AUDIO_S: Final = 1.0
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
    uuid = MODEL_UUID
    punctuated = options.punctuates
    shown = tuple(tuple(_shown(word, punctuated) for word in words) for words in timeline.channels)
    cues = [
        _with_lag(cue, rng)
        for number, words in enumerate(shown)
        for cue in _Speaker(number, len(shown), words, options, model, uuid, rng).cues()
    ]
    cues.sort(key=lambda cue: cue.due_audio_s)  # stable: the order within a channel stays
    heard = Timeline(shown, timeline.duration_audio_s, model)
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
        self._metadata = ResultsMetadata(request_id="", model_info=model, model_uuid=uuid)
        self._rng = rng

    def cues(self) -> Iterator[Cue]:
        speaking = False
        for segment in self._segments():
            if segment.words and not speaking:
                yield self._speech_started(segment.words[0])
                speaking = True
            yield from self._interims(segment)
            yield self._results(segment, segment.end_audio_s, alternative_of(segment.words), is_final=True)
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
            end_audio_s = round(self._end_of(words, ended_by_pause), 3)
            yield _Segment(start_audio_s, end_audio_s, words, speech_final=ended_by_pause)
            start_audio_s = end_audio_s

    def _stretches(self) -> Iterator[tuple[tuple[Word, ...], bool]]:
        """Words between which no segment ends, and whether a pause ended them rather than their length."""
        taken: list[Word] = []
        for index, word in enumerate(self._words):
            taken.append(word)
            following = self._words[index + 1] if index + 1 < len(self._words) else None
            paused = following is None or following.start - word.end >= self._pause_audio_s
            too_long = following is not None and following.end - taken[0].start > LONGEST_SEGMENT_AUDIO_S
            if paused or too_long:
                yield tuple(taken), paused and self._options.endpointing_ms is not None
                taken = []

    @property
    def _pause_audio_s(self) -> float:
        return max((self._options.endpointing_ms or 0) / 1000, SHORTEST_PAUSE_AUDIO_S)

    def _end_of(self, words: tuple[Word, ...], ended_by_pause: bool) -> float:
        if not ended_by_pause:
            return words[-1].end
        return words[-1].end + self._pause_audio_s

    # --- what is said of a segment ------------------------------------------------------------------------------------

    def _interims(self, segment: _Segment) -> Iterator[Cue]:
        at_audio_s = segment.start_audio_s + INTERIM_EVERY_AUDIO_S
        while at_audio_s < segment.end_audio_s - 0.05:
            heard = tuple(word for word in segment.words if word.end <= at_audio_s)
            cut_off = next((word for word in segment.words if word.start < at_audio_s < word.end), None)
            if cut_off is not None:
                heard += self._half_heard(cut_off, at_audio_s)
            yield self._results(segment, at_audio_s, alternative_of(_unfinished(heard)), is_final=False)
            at_audio_s += INTERIM_EVERY_AUDIO_S

    def _half_heard(self, word: Word, at_audio_s: float) -> tuple[Word, ...]:
        """A word that is being spoken: missed, guessed right, or guessed as something the next interim takes back."""
        if at_audio_s - word.start < 0.1 or self._rng.random() < 0.3:
            return ()
        end = round(at_audio_s, 3)
        guess = word.word if self._rng.random() < 0.6 else word.word[: max(1, len(word.word) // 2)]
        shown = guess if isinstance(word.punctuated_word, str) else word.punctuated_word
        return (Word(word=guess, start=word.start, end=end, confidence=HALF_HEARD_CONFIDENCE, punctuated_word=shown),)

    def _results(self, segment: _Segment, end_audio_s: float, heard: Alternative, *, is_final: bool) -> Cue:
        return _cue(
            Results(
                channel_index=self._index,
                duration=round(end_audio_s - segment.start_audio_s, 3),
                start=segment.start_audio_s,
                is_final=is_final,
                speech_final=is_final and segment.speech_final,
                channel=Channel(alternatives=(heard,)),
                metadata=self._metadata,
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
        last = segment.words[-1]
        due_audio_s = last.end + gap_ms / 1000
        following = next((word for word in self._words if word.start >= last.end and word is not last), None)
        if following is None or following.start >= due_audio_s:
            yield _cue(UtteranceEnd(channel=self._index, last_word_end=last.end), due_audio_s)


def _cue(message: Said, due_audio_s: float) -> Cue:
    return Cue(message, encode(message), round(due_audio_s, 3))


def _with_lag(cue: Cue, rng: Random) -> Cue:
    return Cue(cue.message, cue.text, cue.due_audio_s, round(rng.uniform(*LAG_WALL_S), 4))


def _shown(word: Word, punctuated: bool) -> Word:
    if punctuated:
        return word
    return Word(word=word.word, start=word.start, end=word.end, confidence=word.confidence, speaker=word.speaker)


def _unfinished(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """An interim does not know yet that its last word ends a sentence."""
    if not words or not isinstance(words[-1].punctuated_word, str):
        return words
    last = words[-1]
    shown = last.display.rstrip(".,;:!?")
    kept = Word(word=last.word, start=last.start, end=last.end, confidence=last.confidence, punctuated_word=shown)
    return (*words[:-1], kept)
