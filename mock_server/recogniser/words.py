"""Words of an engine as words of the wire: on the stream's clock, and with times and confidences for those without.

Where an engine gives no times, its words are shared out by their length over the frames in which speech was detected;
where it gives no confidence, a word has the detector's mean certainty while it was spoken. Both are derived, and
`model_info.arch` of such an engine says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from harness.protocol.messages import Word
from mock_server.engines.base import FRAME_AUDIO_S, Heard
from mock_server.recogniser.speech import SPEECH_UNTIL
from mock_server.timeline import SECONDS_PER_LETTER, SECONDS_PER_WORD, bare

SHORTEST_WORD_AUDIO_S: Final = 0.02


def on_the_wire(
    heard: Sequence[Heard], start_audio_s: float, end_audio_s: float, probabilities: Sequence[float]
) -> tuple[Word, ...]:
    """The words of a stretch.

    Args:
        heard: what the engine heard in it.
        start_audio_s, end_audio_s: where the stretch lies on the connection's clock.
        probabilities: of speech, frame by frame, of the stretch.

    Returns:
        Words in order of time, each within the stretch.
    """
    if not heard:
        return ()
    spans = _spans(heard, end_audio_s - start_audio_s, probabilities)
    words: list[Word] = []
    latest_audio_s = end_audio_s - start_audio_s
    at_audio_s = 0.0
    for word, (begin, end) in zip(heard, spans, strict=True):
        begin = min(max(begin, at_audio_s), max(latest_audio_s - SHORTEST_WORD_AUDIO_S, 0.0))
        end = min(max(end, begin + SHORTEST_WORD_AUDIO_S), max(latest_audio_s, begin))
        at_audio_s = begin
        confidence = _certainty(probabilities, begin, end) if word.confidence is None else float(word.confidence)
        words.append(
            Word(
                word=bare(word.text),
                start=round(start_audio_s + begin, 3),
                end=round(start_audio_s + end, 3),
                confidence=round(min(1.0, max(0.0, confidence)), 4),
                punctuated_word=word.text,
            )
        )
    return tuple(words)


def _spans(
    heard: Sequence[Heard], duration_audio_s: float, probabilities: Sequence[float]
) -> list[tuple[float, float]]:
    """Where each word lies within its stretch."""
    if all(word.start_audio_s is not None and word.end_audio_s is not None for word in heard):
        # Engines compute with numpy, whose numbers are not the wire's.
        return [(float(word.start_audio_s or 0.0), float(word.end_audio_s or 0.0)) for word in heard]
    spoken = [number for number, probability in enumerate(probabilities) if probability >= SPEECH_UNTIL]
    if not spoken:
        spoken = list(range(max(1, int(duration_audio_s / FRAME_AUDIO_S))))
    weights = np.array([len(word.text) + SECONDS_PER_WORD / SECONDS_PER_LETTER for word in heard])
    edges = np.concatenate(([0.0], np.cumsum(weights))) * (len(spoken) / weights.sum())
    # Of the frames with speech, a word begins in the one after those of the words before it, and ends in its own last.
    begins = [spoken[min(int(edge), len(spoken) - 1)] * FRAME_AUDIO_S for edge in edges[:-1]]
    ends = [(spoken[min(max(int(np.ceil(edge)) - 1, 0), len(spoken) - 1)] + 1) * FRAME_AUDIO_S for edge in edges[1:]]
    return list(zip(begins, ends, strict=True))


def _certainty(probabilities: Sequence[float], begin_audio_s: float, end_audio_s: float) -> float:
    first = int(begin_audio_s / FRAME_AUDIO_S)
    during = probabilities[first : max(first + 1, int(end_audio_s / FRAME_AUDIO_S))]
    return float(np.mean(during)) if len(during) else 0.0
