"""A message that nobody asked for."""

from __future__ import annotations

from enum import StrEnum
from random import Random
from typing import Final

from mock_server.faults.base import InstantFault, Striking
from mock_server.faults.steps import Due, Moment, SendText, at_once
from mock_server.faults.when import Watch


class What(StrEnum):
    """What is said."""

    TEXT = "text"
    """The fault's own `text`."""
    MALFORMED = "malformed"
    """JSON that stops in the middle."""
    UNKNOWN_TYPE = "unknown-type"
    """A well-formed object of a type that no client knows."""
    WRONG_TYPES = "wrong-types"
    """Results whose known fields are of other types than documented."""


_TEXTS: Final = {
    What.MALFORMED: '{"type":"Results","channel_index":[0,1],"duration":1.0,"start":0.0,"is_final":tr',
    What.UNKNOWN_TYPE: '{"type":"DgharnessUnknown","number":1,"nested":{"list":[null,true,"text"]}}',
    What.WRONG_TYPES: (
        '{"type":"Results","channel_index":"0","duration":"1.0","start":null,"is_final":"yes","speech_final":0,'
        '"channel":[],"metadata":null,"from_finalize":1}'
    ),
}


class Inject(InstantFault, frozen=True, kw_only=True, tag="inject"):
    """The server says something besides what it has to say.

    Attributes:
        what: a kind of message that clients fall over, or `text` for one's own.
        text: the text frame, for `what = "text"`.

    Raises:
        BadInput: `what` and `text` do not go together.
    """

    summary = "say a malformed, unknown or ill-typed message, or a given text"

    what: What = What.TEXT
    text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what is What.TEXT:
            self.need(bool(self.text), "text", "the text to say, or a `what` other than text")
        else:
            self.need(not self.text, "text", f"none: what = {self.what.value!r} has its own")
        self.need_sendable("text")

    def open(self, rng: Random, watch: Watch) -> Striking:
        """This fault on a new connection."""
        return _State(self, watch)


class _State(Striking):
    def __init__(self, fault: Inject, watch: Watch) -> None:
        super().__init__(watch)
        self._text = _TEXTS.get(fault.what, fault.text)

    def strike(self, moment: Moment) -> list[Due]:
        return at_once(moment, SendText(self._text))
