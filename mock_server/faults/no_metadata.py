"""A session that ends without its Metadata."""

from __future__ import annotations

from random import Random

from mock_server.faults.base import Changing, OneMessageFault
from mock_server.faults.steps import Due, Moment, SendText, Text
from mock_server.faults.when import Watch


class NoMetadata(OneMessageFault, frozen=True, kw_only=True, tag="no-metadata"):
    """The last message of a session never comes, only the close; a client must not wait for it for ever."""

    summary = "end the session without Metadata"

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(watch)


class _State(Changing):
    def concerns(self, passing: Text) -> bool:
        return isinstance(passing, SendText) and "Metadata" in passing.kinds

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return []
