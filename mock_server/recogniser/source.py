"""A recogniser as what a server answers with: every stream and every file, with what it hears in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.audio.decode import Audio
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import PrerecordedResponse
from mock_server.answer import Submitted, answer
from mock_server.engines.base import Engine, Vad
from mock_server.flux.thresholds import Thresholds
from mock_server.library import Identification, Replies, Unidentified
from mock_server.recogniser.files import heard_in
from mock_server.recogniser.flux_transcription import FluxTranscription
from mock_server.recogniser.listener import StreamListener, model_info
from mock_server.recogniser.looks import LooksListener
from mock_server.recogniser.transcription import Transcription
from mock_server.recogniser.workers import Desk, Workers
from mock_server.sources import FileSource
from mock_server.transcriber import News, Recogniser


class EngineSource(Recogniser):
    """An engine and the threads that it works in.

    Args:
        engine: hears words.
        new_vad: makes a detector for each channel.
        workers: where they work.
    """

    def __init__(self, engine: Engine, new_vad: Callable[[], Vad], workers: Workers) -> None:
        self.engine, self.new_vad, self._workers = engine, new_vad, workers
        self.model, self.model_uuid = model_info(engine), engine.info.uuid

    @property
    def name(self) -> str:
        """The engine's model."""
        return self.engine.info.name

    def describe(self) -> str:
        """Which model listened."""
        return f"recognised by {self.engine.info.name} ({self.engine.info.version})"

    def transcriber(
        self, options: ListenOptions, channels: int, sample_rate: int, request_id: str, news: News
    ) -> Transcription:
        """Begin to listen to a stream."""
        listener = StreamListener(self.engine, self.new_vad, options, channels, sample_rate, request_id)
        return Transcription(listener, Desk(self._workers, news), sample_rate)

    def turns(self, thresholds: Thresholds, sample_rate: int, news: News) -> FluxTranscription:
        """Begin to listen to a Flux stream."""
        listener = LooksListener(self.engine, self.new_vad(), sample_rate)
        return FluxTranscription(listener, Desk(self._workers, news), thresholds, sample_rate)


@dataclass(frozen=True)
class HeardFile:
    """A posted file that the engine has yet to hear."""

    source: EngineSource
    audio: Audio
    synthetic = False

    @property
    def name(self) -> str:
        """The engine's model."""
        return self.source.name

    def describe(self) -> str:
        """Which model listened."""
        return self.source.describe()

    def answer(self, options: ListenOptions, submitted: Submitted) -> PrerecordedResponse:
        """Hear the file and say what it says; takes as long as that takes."""
        engine, each_channel = self.source.engine, options.multichannel is True
        heard = heard_in(self.audio, engine, self.source.new_vad, each_channel=each_channel)
        return answer(heard, options, submitted, self.source.model, self.source.model_uuid)


class RecognisedReplies(Replies):
    """Answers anything at all with what an engine hears in it.

    Attributes:
        source: the engine.
    """

    def __init__(self, source: EngineSource) -> None:
        super().__init__()
        self.source = source

    @property
    def goes_by_recordings(self) -> bool:
        """Never."""
        return False

    def identify(self, options: ListenOptions) -> Identification:
        """It is always the engine."""
        return Identification(chosen=self.source)

    def for_file(
        self, data: bytes, sha256: str, audio: Audio | None, options: ListenOptions
    ) -> FileSource | Unidentified:
        """What the engine hears in it, when it is audio."""
        if audio is None:
            return Unidentified("the posted file cannot be decoded")
        return HeardFile(self.source, audio)
