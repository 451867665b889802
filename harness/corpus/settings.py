"""How a corpus is run: what decides its transcripts."""

from __future__ import annotations

from typing import Final

import msgspec

from harness.cases import Case, Reference, Replies, RepliesFrom, Stream, Thresholds
from harness.corpus.inputs import Item
from harness.errors import BadInput

SYNTHETIC: Final = "synthetic"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the transcripts of a corpus; results of other settings do not mix with these.

    Attributes:
        answers: who answers: the host of `--url`, the name of an engine, or `synthetic`.
        options: parameters of the query string, values as on the wire.
        stream: how each file is sent.
        seed: of all chance in a mock.
        streaming_error_rate, prerecorded_error_rate: share of words that synthetic answers get wrong.
    """

    answers: str
    options: tuple[tuple[str, str], ...] = (("punctuate", "true"),)
    stream: Stream = Stream()
    seed: int = 0
    streaming_error_rate: float = 0.0
    prerecorded_error_rate: float = 0.0

    def case(self, item: Item) -> Case:
        """A file as a case.

        Raises:
            BadInput: synthetic answers are wanted, and there is no reference to make them of.
        """
        synthetic = self.answers == SYNTHETIC
        if synthetic and item.reference is None:
            raise BadInput(f"{item.audio}: has no reference, of which synthetic answers are made")
        return Case(
            name=item.id,
            about="",
            path=item.path,
            audio=item.path,
            reference=Reference(item.reference) if item.reference is not None else None,
            normalizer="none",
            options=self.options,
            stream=self.stream,
            replies=Replies(
                kind=RepliesFrom.SCRIPT if synthetic else RepliesFrom.SERVER,
                streaming_error_rate=self.streaming_error_rate,
                prerecorded_error_rate=self.prerecorded_error_rate,
                seed=self.seed,
            ),
            thresholds=Thresholds(),
            seed=self.seed,
            segment=item.segment,
        )


def different(ours: Settings, theirs: Settings) -> str | None:
    """The first setting in which two differ, as `NAME is X here and Y there`; None when there is none."""
    for name in Settings.__struct_fields__:
        here, there = getattr(ours, name), getattr(theirs, name)
        if here != there:
            return f"{name} is {_shown(here)} now and was {_shown(there)}"
    return None


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()
