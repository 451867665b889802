"""Correct sessions of which the client's code makes the wrong thing."""

from __future__ import annotations

from typing import Any

from harness.conformance.settings import ClientClaim
from tests.unit.conformance.breaking.table import Breaks, Make

breaks = Breaks()


def _claimed(talk: Make, **claim: Any) -> Any:
    session = talk().opened().audio(1).results(0, 1, "please book", final=False).audio(1)
    session.results(0, 2, "please book a table", speech_final=False).audio(1).results(2, 1, "for two")
    return session.finish().judged(claim=ClientClaim(**claim))


@breaks("P-EMPTY")
def _says_nothing(talk: Make) -> Any:
    return _claimed(talk, transcript="")


@breaks("P-INTERIMS")
def _appends_interims(talk: Make) -> Any:
    return _claimed(talk, transcript="Please book. Please book a table for two.")


@breaks("P-DOUBLED")
def _handles_twice(talk: Make) -> Any:
    return _claimed(talk, transcript="please book a table for two for two")


@breaks("P-LOST")
def _only_speech_final(talk: Make) -> Any:
    return _claimed(talk, transcript="For two.")


@breaks("P-SHAPE")
def _prerecorded_shape(talk: Make) -> Any:
    return _claimed(talk, error="KeyError: 'results'")


@breaks("P-ERROR")
def _own_error(talk: Make) -> Any:
    return _claimed(talk, error="ZeroDivisionError: division by zero")


@breaks("P-KEY-LEAK")
def _shows_its_key(talk: Make) -> Any:
    error = "KeyError: 'channels' while sending {'Authorization': 'Token 0123456789abcdef0123456789abcdef01234567'}"
    verdict = _claimed(talk, error=error)
    assert "0123456789abcdef" not in repr(verdict)
    return verdict
