"""What answers a stream's audio: a recording's replay, or a recogniser at work. The interfaces only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeAlias

from harness.audio.pcm import Samples
from harness.protocol.messages import ModelInfo
from harness.protocol.options import ListenOptions
from mock_server.flux.replay import FluxReplay, Queued, Reply
from mock_server.flux.thresholds import Thresholds
from mock_server.sources import Source

News: TypeAlias = Callable[[], None]
"""Called, from any thread, when there is something to say that no clock could foresee."""


def nobody_waits() -> None:
    """News before a shell has said how it wants to be told."""


class Transcriber(Protocol):
    """One connection's transcription, on the audio clock."""

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        ...

    @property
    def next_due_audio_s(self) -> float | None:
        """How much audio must be there for the next message that waits for audio alone."""
        ...

    @property
    def busy(self) -> bool:
        """Whether it still works on what it was given; nothing further is to be asked of it until it has."""
        ...

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[str]:
        """So much audio may be transcribed by now; returns what is to be said at once."""
        ...

    def wake(self, now_s: float) -> list[str]:
        """What has become due by now."""
        ...

    def finalize(self, channel: int | None = None) -> list[str]:
        """Finalize, of one channel or of all."""
        ...

    def close_stream(self) -> list[str]:
        """CloseStream: everything that is left."""
        ...


class LiveTranscriber(Transcriber, Protocol):
    """One that hears the audio itself."""

    def hear(self, samples: Samples) -> None:
        """The next samples of the stream, of shape (frames, channels); they are transcribed when that may be."""
        ...

    def abandon(self) -> None:
        """Nobody waits for what is left."""
        ...


class LiveTurns(Protocol):
    """A recogniser at work on a `/v2/listen` stream; for the rest it does what `FluxReplay` does."""

    @property
    def next_wakeup_s(self) -> float | None:
        """When `wake` must be called at the latest."""
        ...

    @property
    def busy(self) -> bool:
        """Whether it still works on what it was given."""
        ...

    def hear(self, samples: Samples) -> None:
        """The next samples of the stream, of shape (frames, channels)."""
        ...

    def receive_audio(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """So many seconds of audio are here now."""
        ...

    def wake(self, now_s: float) -> list[Queued]:
        """What has been found out by now."""
        ...

    def configure(self, reply: Reply, thresholds: Thresholds, now_s: float) -> list[Queued]:
        """New thresholds for all audio from here on, and what answers their Configure."""
        ...

    def force_end_turn(self, now_s: float) -> list[Queued]:
        """End the turn in progress at what has arrived."""
        ...

    def close_stream(self, cursor_audio_s: float, now_s: float) -> list[Queued]:
        """Everything that is left; an open turn stays open."""
        ...

    def abandon(self) -> None:
        """Nobody waits for what is left."""
        ...


Turns: TypeAlias = FluxReplay | LiveTurns
"""What says a `/v2/listen` stream's turns."""


class Recogniser(ABC):
    """A source that listens for itself: what it says of a stream depends on nothing but the stream.

    Attributes:
        model, model_uuid: as the wire names them.
    """

    model: ModelInfo
    model_uuid: str
    synthetic = False
    """Its words were recognised."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in reports."""

    @abstractmethod
    def describe(self) -> str:
        """Where its words come from, for reports."""

    @abstractmethod
    def transcriber(
        self, options: ListenOptions, channels: int, sample_rate: int, request_id: str, news: News
    ) -> LiveTranscriber:
        """Begin to listen to a `/v1/listen` stream, of which so many channels are answered."""

    @abstractmethod
    def turns(self, thresholds: Thresholds, sample_rate: int, news: News) -> LiveTurns:
        """Begin to listen to a `/v2/listen` stream."""


StreamSource: TypeAlias = Source | Recogniser
"""What can answer a stream."""
