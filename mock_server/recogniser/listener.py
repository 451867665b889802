"""Listens to a whole `/v1/listen` stream, all its channels, and puts what it hears into messages. Runs in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from msgspec import UNSET

from harness.audio.pcm import Samples
from harness.protocol.codec import encode
from harness.protocol.messages import ModelInfo, Results, ResultsMetadata, SpeechStarted, UtteranceEnd, Word
from harness.protocol.options import ListenOptions
from mock_server import features
from mock_server.engines.base import FRAME, Engine, Vad
from mock_server.imprint import Imprint
from mock_server.recogniser.channel import ChannelListener, News, Segment, SpeechBegan, UtteranceOver
from mock_server.recogniser.resampling import Resampler


class StreamListener:
    """Listens to one connection.

    Args:
        engine: hears words.
        new_vad: makes a detector for each channel.
        options: the query string.
        channels: that are answered: all of the audio's, or one to which they are mixed.
        sample_rate: of the audio.
        request_id: of the connection.
    """

    def __init__(
        self,
        engine: Engine,
        new_vad: Callable[[], Vad],
        options: ListenOptions,
        channels: int,
        sample_rate: int,
        request_id: str,
    ) -> None:
        self._options = options
        self._listeners = [ChannelListener(engine, new_vad(), options) for _ in range(channels)]
        self._resampler = Resampler(sample_rate, channels)
        info = ResultsMetadata(
            request_id="",
            model_info=model_info(engine),
            model_uuid=engine.info.uuid,
            diarize_info=UNSET if options.diarize_model is None else dict(features.DIARIZE_INFO),
        )
        self._metadata = Imprint(request_id, options.extra_fields).metadata(info)

    def hear(self, samples: Samples, *, last: bool = False) -> list[str]:
        """More audio, of shape (frames, channels); returns the texts to be said of it, in order."""
        answered = len(self._listeners)
        mixed = samples if samples.shape[1] == answered else samples.mean(axis=1, keepdims=True)
        pieces = self._resampler.convert(mixed, last=last)
        said: list[str] = []
        for begin in range(0, len(pieces[0]), FRAME):  # in step, so that the channels' messages come by their audio
            for number, (listener, piece) in enumerate(zip(self._listeners, pieces, strict=True)):
                said += self._worded(number, listener.hear(piece[begin : begin + FRAME]))
        return said

    def finalize(self, channel: int | None, at_audio_s: float) -> list[str]:
        """Finalize, of one channel or of all, when so much audio has come."""
        chosen = range(len(self._listeners)) if channel is None else [channel]
        asked = (number for number in chosen if number < len(self._listeners))
        return self._finished(asked, at_audio_s, from_finalize=True)

    def close_stream(self, at_audio_s: float) -> list[str]:
        """CloseStream: what is still open becomes final."""
        said = self.hear(np.zeros((0, len(self._listeners)), np.float32), last=True)
        said += self._finished(range(len(self._listeners)), at_audio_s, from_finalize=False)
        self.close()
        return said

    def close(self) -> None:
        """Nothing more will be asked."""
        for listener in self._listeners:
            listener.close()

    def _finished(self, numbers: Iterable[int], at_audio_s: float, *, from_finalize: bool) -> list[str]:
        said: list[str] = []
        for number in numbers:
            said += self._worded(number, self._listeners[number].finish(at_audio_s, from_finalize=from_finalize))
        return said

    def _worded(self, number: int, news: Iterable[News]) -> Iterator[str]:
        index = (number, len(self._listeners))
        for item in news:
            match item:
                case SpeechBegan(at_audio_s):
                    if self._options.vad_events:
                        yield encode(SpeechStarted(channel=index, timestamp=round(at_audio_s, 3)))
                case UtteranceOver(last_word_end):
                    yield encode(UtteranceEnd(channel=index, last_word_end=last_word_end))
                case Segment():
                    yield encode(self._results(index, item))

    def _results(self, index: tuple[int, int], segment: Segment) -> Results:
        shown: tuple[Word, ...] = tuple(features.shown(word, self._options, live=True) for word in segment.words)
        entities = segment.is_final and self._options.detect_entities
        return Results(
            channel_index=index,
            start=round(segment.start_audio_s, 6),
            duration=round(segment.end_audio_s - segment.start_audio_s, 6),
            is_final=segment.is_final,
            speech_final=segment.speech_final,
            from_finalize=segment.from_finalize,
            channel=features.channel(shown, self._options, is_final=segment.is_final),
            metadata=self._metadata,
            entities=features.entities(shown) if entities else UNSET,
        )


def model_info(engine: Engine) -> ModelInfo:
    """What the wire says of the model: the engine's own name, never one of Deepgram's."""
    return ModelInfo(name=engine.info.name, version=engine.info.version, arch=engine.info.arch)
