"""Where replies come from: a recorded session, a recorded pre-recorded response, or a text that was never spoken to us.

A source answers every endpoint. What it lacks of the one it derives from another, and says so in `describe`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Final, Protocol

from harness.protocol.messages import ModelInfo
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import PrerecordedResponse
from harness.recording.document import Recording
from mock_server.answer import Submitted, answer, resubmitted
from mock_server.flux.recorded import RecordedTurns, is_flux, turns_from
from mock_server.flux.script import FluxScript
from mock_server.flux.synthesis import SynthesisedTurns
from mock_server.misheard import mishear
from mock_server.script import UNKNOWN_MODEL, UNKNOWN_MODEL_UUID, Script, from_recording
from mock_server.synthesis import MODEL, MODEL_UUID, synthesise
from mock_server.timeline import Timeline, from_prerecorded

SCRIPTS_KEPT: Final = 64
"""Scripts that a source keeps made, by query: a client may put anything into its query."""


class FileSource(Protocol):
    """Something that knows what to answer a posted file."""

    @property
    def name(self) -> str:
        """What to call it in reports and in `extra=recording:NAME`."""
        ...

    @property
    def synthetic(self) -> bool:
        """Whether its words were made up rather than recognised by anything."""
        ...

    def describe(self) -> str:
        """Where its words come from, for reports."""
        ...

    def answer(self, options: ListenOptions, submitted: Submitted) -> PrerecordedResponse:
        """What to answer a posted file with these options."""
        ...


class Source(FileSource, Protocol):
    """Something that knows beforehand what to answer, on every endpoint."""

    def script(self, options: ListenOptions, channels: int) -> Script:
        """What to say to a stream with these options, of which so many channels are answered."""
        ...

    def turns(self) -> FluxScript:
        """What to hear in a Flux stream."""
        ...


@dataclass(frozen=True)
class RecordedSource:
    """A recorded session, a pre-recorded response, or both, of the same audio.

    Attributes:
        name: the recording's name.
        recording: the session streamed to `/v1/listen` or `/v2/listen`, or None: then a script is made from the
            response's words. For the other streaming endpoint a script is always made from words.
        response: the pre-recorded response, or None: then it is made from the session's finals or turns.
    """

    name: str
    recording: Recording | None = None
    response: PrerecordedResponse | None = None

    @property
    def synthetic(self) -> bool:
        """What the recording says of itself; a response alone was recognised."""
        return bool(self.recording and self.recording.header.synthetic)

    def describe(self) -> str:
        """`recording NAME`, what produced it, and which half is derived."""
        if self.recording is None:
            return f"recording {self.name} (pre-recorded response; the stream is made from its words)"
        if self.response is None:
            kind, parts = ("streamed", "finals") if self.flux_session is None else ("Flux", "turns")
            return f"recording {self.name} ({kind} session; the pre-recorded answer is made from its {parts})"
        produced_by = self.recording.header.replies
        return f"recording {self.name} ({produced_by})" if produced_by else f"recording {self.name}"

    def script(self, options: ListenOptions, channels: int) -> Script:
        """The recorded session, literally, when its channels are the ones asked for; else made from its words."""
        if self.session is not None and len(self.session.timeline.channels) == channels:
            return self.session
        made = synthesise(self._timeline.spread(channels), options, Random(self.name), self.name)
        return replace(made, synthetic=self.synthetic)

    def turns(self) -> FluxScript:
        """The recorded Flux session, literally; else turns made from the words."""
        return self.flux_session or SynthesisedTurns(self.name, self._timeline)

    @cached_property
    def session(self) -> Script | None:
        """The session recorded at `/v1/listen` as a script; None when there is none.

        Raises:
            BadInput: the recording cannot be replayed.
        """
        if self.recording is None or is_flux(self.recording):
            return None
        return from_recording(self.recording)

    @cached_property
    def flux_session(self) -> RecordedTurns | None:
        """The session recorded at `/v2/listen`; None when there is none.

        Raises:
            BadInput: the recording cannot be replayed.
        """
        return turns_from(self.recording) if self.recording is not None and is_flux(self.recording) else None

    @property
    def _timeline(self) -> Timeline:
        if self.session is not None:
            return self.session.timeline
        if self.flux_session is not None:
            return self.flux_session.timeline
        assert self.response is not None
        return from_prerecorded(self.response)

    def answer(self, options: ListenOptions, submitted: Submitted) -> PrerecordedResponse:
        """The recorded response with the ids of this request, or one made from the session's finals or turns."""
        if self.response is not None:
            return resubmitted(self.response, options, submitted)
        heard = self._timeline
        return answer(heard, options, submitted, heard.model or UNKNOWN_MODEL, heard.model_uuid or UNKNOWN_MODEL_UUID)


@dataclass(frozen=True)
class SpokenSource:
    """A reference text as a recogniser with chosen error rates would hear it.

    Attributes:
        name: what to call it.
        timeline: the words that are said.
        streaming_error_rate: share of the words that streaming gets wrong, 0 to 1.
        prerecorded_error_rate: the same for the pre-recorded endpoint.
        seed: of all chance in it; the same seed gives the same words, byte for byte.
    """

    name: str
    timeline: Timeline
    streaming_error_rate: float = 0.0
    prerecorded_error_rate: float = 0.0
    seed: int = 0
    _scripts: dict[tuple[str, int], Script] = field(default_factory=dict, compare=False, repr=False)

    @property
    def synthetic(self) -> bool:
        """Always: nothing listened."""
        return True

    def describe(self) -> str:
        """`script from the reference text NAME`, with its error rates and seed."""
        rates = f"{self.streaming_error_rate:.0%} and {self.prerecorded_error_rate:.0%}"
        return f"script from the text of {self.name} (synthetic; word errors {rates}, seed {self.seed})"

    def script(self, options: ListenOptions, channels: int) -> Script:
        """A synthesised script; made once for each query, since every connection of a session asks for the same."""
        asked = (options.to_query(), channels)
        if asked not in self._scripts:
            if len(self._scripts) >= SCRIPTS_KEPT:
                self._scripts.clear()
            self._scripts[asked] = self._synthesised(options, channels)
        return self._scripts[asked]

    def turns(self) -> FluxScript:
        """Turns made from the text, misheard as in any other stream."""
        heard = mishear(self.timeline, self.streaming_error_rate, self._rng("streaming")).timeline
        return SynthesisedTurns(self.name, heard, self.seed)

    def _synthesised(self, options: ListenOptions, channels: int) -> Script:
        heard = mishear(self.timeline, self.streaming_error_rate, self._rng("streaming")).timeline
        return synthesise(heard.spread(channels), options, self._rng("rhythm"), self.name)

    def answer(self, options: ListenOptions, submitted: Submitted) -> PrerecordedResponse:
        """A response made from the same text, misheard at its own rate."""
        heard = mishear(self.timeline, self.prerecorded_error_rate, self._rng("pre-recorded")).timeline
        return answer(heard, options, submitted, model_of(heard), MODEL_UUID)

    def _rng(self, purpose: str) -> Random:
        return Random(f"{self.seed}/{self.name}/{purpose}")


def model_of(timeline: Timeline) -> ModelInfo:
    """The model that recognised a timeline, or the one that says nobody did."""
    return timeline.model or MODEL


def silence(name: str = "silence") -> SpokenSource:
    """A source that hears nothing in anything."""
    return SpokenSource(name, Timeline(((),)))
