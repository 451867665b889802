"""Flux's turns as the machine's finals and interims."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from harness.protocol.closing import Outcome
from harness.protocol.flux_messages import Connected, FluxError, FluxWord, ForceEndTurn, TurnInfo
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.protocol.messages import Finalize, Results
from harness.protocol.session import State, Timers
from harness.streamer.dialect import FluxDialect, ListenDialect, dialect_for


def turn(event: str, *words: FluxWord, window: tuple[float, float] = (2.0, 4.0)) -> TurnInfo:
    return TurnInfo(
        request_id="r",
        event=event,
        turn_index=1,
        audio_window_start=window[0],
        audio_window_end=window[1],
        transcript=" ".join(word.word for word in words),
        words=words,
        end_of_turn_confidence=0.9,
        sequence_id=3,
    )


HELLO = FluxWord(word="Hello,", confidence=0.8, start=2.1, end=2.5)


def results(message: TurnInfo, dialect: FluxDialect | None = None) -> Results:
    found = (dialect or FluxDialect()).understood(message)
    assert isinstance(found, Results)
    return found


@pytest.mark.parametrize(
    ("event", "is_final"),
    [("Update", False), ("StartOfTurn", False), ("EagerEndOfTurn", False), ("TurnResumed", False), ("EndOfTurn", True)],
)
def test_the_end_of_a_turn_is_a_final_and_everything_before_it_an_interim(event: str, is_final: bool) -> None:
    found = results(turn(event, HELLO))

    assert (found.is_final, found.speech_final) == (is_final, is_final)
    assert (found.start, found.end_audio_s, found.transcript) == (2.0, 4.0, "Hello,")
    (word,) = found.words
    assert (word.word, word.display, word.start, word.end) == ("hello", "Hello,", 2.1, 2.5)


def test_words_without_times_are_spread_over_the_window() -> None:
    words = [FluxWord(word=text, confidence=0.5) for text in ("a", "b", "c", "d")]

    found = results(turn("EndOfTurn", *words))

    assert [(word.start, word.end) for word in found.words] == [(2.0, 2.5), (2.5, 3.0), (3.0, 3.5), (3.5, 4.0)]
    assert words[0].start is UNSET


def test_a_turn_that_the_session_left_open_stands_as_it_was() -> None:
    dialect = FluxDialect()
    results(turn("Update", HELLO), dialect)

    left = dialect.unfinished()

    assert left is not None
    assert (left.is_final, left.transcript) == (True, "Hello,")
    assert dialect.unfinished() is None


@pytest.mark.parametrize("last", [turn("EndOfTurn", HELLO), turn("Update")])
def test_a_turn_that_ended_or_has_no_words_leaves_nothing(last: TurnInfo) -> None:
    dialect = FluxDialect()
    results(last, dialect)
    assert dialect.unfinished() is None


def test_a_new_connection_begins_its_turns_anew() -> None:
    dialect = FluxDialect()
    results(turn("Update", HELLO), dialect)
    dialect.session(1.0, Timers())
    assert dialect.unfinished() is None


@pytest.mark.parametrize(
    ("dialect", "code", "after", "outcome"),
    [
        (FluxDialect(), 1005, State.FINISHING, Outcome.SUCCESS),
        (FluxDialect(), 1000, State.FINISHING, Outcome.SUCCESS),
        (FluxDialect(), 1011, State.FINISHING, Outcome.RETRY),
        (FluxDialect(), 1006, State.FINISHING, Outcome.RETRY),
        (FluxDialect(), 1000, State.OPEN, Outcome.RETRY),
        (FluxDialect(), 1008, State.OPEN, Outcome.FATAL),
        (ListenDialect(), 1000, State.FINISHED, Outcome.SUCCESS),
        (ListenDialect(), 1011, State.FINISHED, Outcome.SUCCESS),
        (ListenDialect(), 1000, State.FINISHING, Outcome.RETRY),
        (ListenDialect(), 1008, State.OPEN, Outcome.FATAL),
    ],
)
def test_what_the_end_of_a_connection_means(dialect: Any, code: int, after: State, outcome: Outcome) -> None:
    assert dialect.outcome(code, after) is outcome


@pytest.mark.parametrize(
    ("error_code", "outcome"), [("UNPARSABLE_CLIENT_MESSAGE", Outcome.FATAL), ("INTERNAL_SERVER_ERROR", Outcome.RETRY)]
)
@pytest.mark.parametrize("code", [1000, 1005])
def test_a_fatal_error_is_no_good_end_whatever_the_close_says(error_code: str, outcome: Outcome, code: int) -> None:
    dialect = FluxDialect()
    dialect.understood(FluxError(sequence_id=9, code=error_code, description="x"))
    assert dialect.outcome(code, State.FINISHING) is outcome

    dialect.session(1.0, Timers())

    assert dialect.outcome(code, State.FINISHING) is Outcome.SUCCESS  # a new connection begins with a clean slate


def test_what_is_not_a_turn_stays_what_it_is() -> None:
    connected = Connected(request_id="r", sequence_id=0)
    assert FluxDialect().understood(connected) is connected
    assert isinstance(FluxDialect().make_final(), ForceEndTurn)
    assert isinstance(ListenDialect().make_final(), Finalize)


@pytest.mark.parametrize(
    ("message", "unheard_audio_s", "window"),
    [
        (turn("Update", window=(2.0, 9.0)), 5.0, (2.0, 4.0)),
        (turn("Update", window=(2.0, 7.0)), 5.0, None),
        (turn("Update", HELLO, window=(2.0, 9.0)), 5.0, None),
        (turn("EndOfTurn", window=(2.0, 9.0)), 5.0, None),
    ],
)
def test_a_turn_without_a_word_is_silence_but_for_its_end(
    message: TurnInfo, unheard_audio_s: float, window: tuple[float, float] | None
) -> None:
    silence = FluxDialect().silence(results(message), unheard_audio_s)

    assert (silence and (silence.start, silence.end_audio_s)) == window
    assert silence is None or silence.is_final


def test_silence_on_listen_is_final_by_itself() -> None:
    ListenDialect().silence(results(turn("Update", window=(2.0, 9.0))), 0.0)
    assert FluxDialect().silence(Connected(request_id="r", sequence_id=0), 0.0) is None


def test_options_say_which_dialect_is_spoken() -> None:
    assert isinstance(dialect_for(FluxOptions()), FluxDialect)
    assert isinstance(dialect_for(ListenOptions()), ListenDialect)
