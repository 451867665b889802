"""A whole file at once: cut at its longest pauses into stretches as long as the engine takes, each heard in full.

A stream must be answered while it is spoken, in segments that end at its short pauses; a file gives its engine more to
go by on both sides of every word. That is why the two differ, and it is the difference that users measure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from harness.audio.decode import Audio
from harness.protocol.messages import Word
from mock_server.engines.base import FRAME, FRAME_AUDIO_S, RATE, Engine, Mono, Vad
from mock_server.recogniser.listener import model_info
from mock_server.recogniser.resampling import Resampler
from mock_server.recogniser.speech import SPEECH_FROM, SPEECH_UNTIL
from mock_server.recogniser.words import on_the_wire
from mock_server.timeline import Timeline

LONG_PAUSE_AUDIO_S: Final = 2.5
"""A pause that ends a stretch however short it is."""

MARGIN_AUDIO_S: Final = 0.3
"""What an engine is given before and after the speech of a stretch."""


def heard_in(audio: Audio, engine: Engine, new_vad: Callable[[], Vad], *, each_channel: bool) -> Timeline:
    """Every word of a file, channel by channel or of all channels mixed."""
    samples = audio.samples if each_channel else audio.samples.mean(axis=1, keepdims=True)
    channels = Resampler(audio.sample_rate, samples.shape[1]).convert(samples, last=True)
    words = tuple(_words_of(mono, engine, new_vad()) for mono in channels)
    return Timeline(words, audio.duration_audio_s, model_info(engine), engine.info.uuid)


def _words_of(mono: Mono, engine: Engine, vad: Vad) -> tuple[Word, ...]:
    frames = -(-len(mono) // FRAME)
    padded = np.pad(mono, (0, frames * FRAME - len(mono)))
    probabilities = [vad.speech_probability(padded[n * FRAME : (n + 1) * FRAME]) for n in range(frames)]
    words: list[Word] = []
    for first, end in stretches(probabilities, round(engine.info.longest_audio_s / FRAME_AUDIO_S)):
        heard = engine.transcribe(mono[first * FRAME : end * FRAME])
        end_audio_s = min(end * FRAME, len(mono)) / RATE
        words += on_the_wire(heard, first * FRAME_AUDIO_S, end_audio_s, probabilities[first:end])
    return tuple(words)


def stretches(probabilities: Sequence[float], longest: int) -> Iterator[tuple[int, int]]:
    """Frames from which to which there is speech to be heard, none more than `longest`, cut where it is quietest.

    Silence is in none of them but for a margin: an engine asked about silence makes words up.
    """
    margin = round(MARGIN_AUDIO_S / FRAME_AUDIO_S)
    pause = round(LONG_PAUSE_AUDIO_S / FRAME_AUDIO_S)
    begin: int | None = None
    last = 0
    for number, probability in enumerate(probabilities):
        if probability >= (SPEECH_FROM if begin is None else SPEECH_UNTIL):
            begin = max(last, number - margin) if begin is None else begin
            last = number + 1
        elif begin is not None and number + 1 - last >= pause:
            if last > begin:
                yield begin, last + margin
            begin = None
        if begin is not None and number + 1 - begin >= longest:
            # The middle of the longest pause in the later half; without one the single quietest frame.
            cut = begin + longest // 2 + _quietest(probabilities[begin + longest // 2 : number + 1])
            yield begin, cut
            begin = cut
    if begin is not None and last > begin:
        yield begin, min(len(probabilities), last + margin)


def _quietest(probabilities: Sequence[float]) -> int:
    """The middle of the longest run of frames without speech, or else the frame with the least."""
    best_begin, best_length, begin = 0, 0, None
    for number, probability in enumerate([*probabilities, 1.0]):
        if probability < SPEECH_UNTIL:
            begin = number if begin is None else begin
            if number + 1 - begin > best_length:
                best_begin, best_length = begin, number + 1 - begin
        else:
            begin = None
    return best_begin + best_length // 2 if best_length else int(np.argmin(probabilities))
