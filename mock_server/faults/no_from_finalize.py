"""Answers to Finalize that do not say so."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Final

from harness.protocol.messages import Results
from mock_server.faults.base import Changing, OneMessageFault
from mock_server.faults.steps import Due, Moment, SendText, Text, at_once
from mock_server.faults.when import Watch

# A quote inside a JSON string has a backslash before it; so this is the key. The rest stays literal.
_FLAG: Final = re.compile(r'(?<!\\)("from_finalize"\s*:\s*)true')


class NoFromFinalize(OneMessageFault, frozen=True, kw_only=True, tag="no-from-finalize"):
    """What a Finalize brings out comes as an ordinary final: the documentation does not promise the flag."""

    summary = "answer Finalize without the from_finalize flag"

    def open(self, rng: Random, watch: Watch) -> Changing:
        """This fault on a new connection."""
        return _State(watch)


class _State(Changing):
    def concerns(self, passing: Text) -> bool:
        message = passing.message
        return isinstance(passing, SendText) and isinstance(message, Results) and message.from_finalize

    def change(self, passing: Text, moment: Moment) -> list[Due]:
        return at_once(moment, replace(passing, text=_FLAG.sub(r"\1false", passing.text)))
