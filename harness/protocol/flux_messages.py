"""The messages of `/v2/listen` (Flux), named and shaped as on the wire; `flux_codec` turns text into them and back.

Every value is frozen. A field that the wire may leave out defaults to `UNSET`. Field order is the order of a captured
session; where fields are newer than that, of the Python SDK 7.17.

Source: Deepgram's AsyncAPI for `/v2/listen` (July 2026), the Python SDK 7.17 for what that file leaves out (`Warning`,
`ForceEndTurn`, `trigger`, the body of `ConfigureFailure`), and one whole session (deepgram-dotnet-sdk).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from harness.protocol.messages import CloseStream, Message, Wire


class TurnEvent(StrEnum):
    """What a TurnInfo reports; the wire's set is open."""

    UPDATE = "Update"
    START_OF_TURN = "StartOfTurn"
    EAGER_END_OF_TURN = "EagerEndOfTurn"
    TURN_RESUMED = "TurnResumed"
    END_OF_TURN = "EndOfTurn"


class TurnTrigger(StrEnum):
    """What ended a turn; the wire's set is open."""

    MODEL = "model"
    MANUAL = "manual"
    TIMEOUT = "timeout"


class FluxWord(Wire, frozen=True, kw_only=True):
    """One word, cased and punctuated; its times, seconds of this connection's audio, came in 2026."""

    word: str
    confidence: float
    start: float | UnsetType = UNSET
    end: float | UnsetType = UNSET


class FluxThresholds(Wire, frozen=True, kw_only=True):
    """When a turn ends: in Configure what is to change, in ConfigureSuccess what holds.

    The AsyncAPI lets any type stand here, and some JSON writers put a whole number as `5000.0`.
    """

    eot_threshold: float | UnsetType = UNSET
    eager_eot_threshold: float | UnsetType = UNSET
    eot_timeout_ms: int | float | UnsetType = UNSET


# --- downstream: what the server says -------------------------------------------------------------------------------


class Connected(Message, frozen=True, kw_only=True):
    """The first message, at once after the upgrade."""

    request_id: str
    sequence_id: int


class TurnInfo(Message, frozen=True, kw_only=True):
    """The present turn: what was said in it, and whether it is over. Windows are seconds of audio."""

    request_id: str
    event: str
    trigger: str | UnsetType = UNSET
    turn_index: int
    audio_window_start: float
    audio_window_end: float
    transcript: str
    words: tuple[FluxWord, ...]
    end_of_turn_confidence: float
    languages: tuple[str, ...] | UnsetType = UNSET
    languages_hinted: tuple[str, ...] | UnsetType = UNSET
    sequence_id: int


class FluxConfigureSuccess(Message, tag="ConfigureSuccess", frozen=True, kw_only=True):
    """A Configure was taken; everything that holds now."""

    request_id: str
    thresholds: FluxThresholds
    keyterms: tuple[str, ...] | str
    language_hints: tuple[str, ...] | UnsetType = UNSET
    numerals: bool | UnsetType = UNSET
    profanity_filter: bool | UnsetType = UNSET
    sequence_id: int


class FluxConfigureFailure(Message, tag="ConfigureFailure", frozen=True, kw_only=True):
    """A Configure was refused, all of it; the AsyncAPI has neither code nor description."""

    request_id: str
    code: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    sequence_id: int


class FluxWarning(Message, tag="Warning", frozen=True, kw_only=True):
    """Something is wrong and the session goes on."""

    request_id: str
    code: str
    description: str
    sequence_id: int


class FluxError(Message, tag="Error", frozen=True, kw_only=True):
    """The session is over; the AsyncAPI calls its schema FatalError and has no `request_id` in it."""

    sequence_id: int
    code: str
    description: str


# --- upstream: what the client says ---------------------------------------------------------------------------------


class FluxConfigure(Message, tag="Configure", frozen=True, kw_only=True):
    """Change the running session; what is left out stays, lists replace. One keyterm may stand without a list."""

    thresholds: FluxThresholds | UnsetType = UNSET
    keyterms: tuple[str, ...] | str | UnsetType = UNSET
    language_hints: tuple[str, ...] | UnsetType = UNSET
    numerals: bool | UnsetType = UNSET


class ForceEndTurn(Message, frozen=True, kw_only=True):
    """End the turn in progress now; known since about September 2026."""


FluxServerMessage: TypeAlias = (
    Connected | TurnInfo | FluxConfigureSuccess | FluxConfigureFailure | FluxWarning | FluxError
)
FluxClientMessage: TypeAlias = FluxConfigure | ForceEndTurn | CloseStream
FluxMessage: TypeAlias = FluxServerMessage | FluxClientMessage
