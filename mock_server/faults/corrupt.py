"""Messages that arrive damaged."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from string import ascii_letters, digits, punctuation
from typing import Final

from mock_server.faults.base import Changing, MessageFault
from mock_server.faults.steps import Due, Moment, Text, at_once
from mock_server.faults.when import Watch

_LITTER: Final = ascii_letters + digits + punctuation


class Corrupt(MessageFault, frozen=True, kw_only=True, tag="corrupt"):
    """Some characters of the message are others: broken JSON, or JSON that says something else.

    Attributes:
        characters: how many; all of them if the message has fewer. Which ones, and what they become, is drawn.
    """

    summary = "replace some characters of a message"

    characters: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(self.characters >= 1, "characters", "a whole number from 1")

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(self, rng, watch)


class _State(Changing):
    def __init__(self, fault: Corrupt, rng: Random, watch: Watch) -> None:
        super().__init__(watch)
        self._characters = fault.characters
        self._rng = rng

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        text = list(passing.text)
        for index in self._rng.sample(range(len(text)), min(self._characters, len(text))):
            text[index] = self._rng.choice(_LITTER.replace(text[index], ""))
        return at_once(moment, replace(passing, text="".join(text)))
