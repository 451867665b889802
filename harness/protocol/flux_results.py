"""A turn of Flux as the Results of `/v1/listen`, for what is the same in both: interims, finals, and their words."""

from __future__ import annotations

from msgspec import UNSET

from harness.protocol.flux_messages import TurnEvent, TurnInfo
from harness.protocol.messages import Alternative, Channel, Results, ResultsMetadata, Word


def as_results(turn: TurnInfo) -> Results:
    """A turn that goes on is an interim of its window of audio, its end the final."""
    ended = turn.event == TurnEvent.END_OF_TURN
    alternative = Alternative(
        transcript=turn.transcript, confidence=turn.end_of_turn_confidence, words=tuple(_words(turn))
    )
    return Results(
        channel_index=(0, 1),
        duration=max(0.0, turn.audio_window_end - turn.audio_window_start),
        start=turn.audio_window_start,
        is_final=ended,
        speech_final=ended,
        channel=Channel(alternatives=(alternative,)),
        metadata=ResultsMetadata(request_id=turn.request_id),
    )


def _words(turn: TurnInfo) -> list[Word]:
    """The words with times; where the wire gives none, as before 2026, spread evenly over the turn's window."""
    window_s = max(0.0, turn.audio_window_end - turn.audio_window_start)
    step_s = window_s / max(1, len(turn.words))
    words = []
    for number, word in enumerate(turn.words):
        start = turn.audio_window_start + number * step_s if word.start is UNSET else word.start
        end = start + step_s if word.end is UNSET else word.end
        bare = word.word.strip(".,!?;:").lower() or word.word
        words.append(Word(word=bare, start=start, end=end, confidence=word.confidence, punctuated_word=word.word))
    return words
