"""The client in virtual time: what it tells of its session in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.audio.pacing import Speed
from harness.protocol.messages import Results
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, METADATA, finish

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


def test_connections_outages_and_gaps_are_told(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=1.0, live=True))
    one.begin()
    one.run_for(0.5)
    one.open()
    one.feed(1.0)
    one.run_for(2.0)
    one.cut()
    one.run_for(0.25)
    one.machine.connect_failed("cannot be reached", one.now_s)
    one.feed(1.5)
    one.run_for(0.75)
    one.open()
    one.end()
    one.run_for(10.0)
    finish(one)
    outcome = one.outcome()
    assert outcome.connections == 2
    assert [(r.lost_wall_s, r.took_s) for r in outcome.reconnections] == [(2.5, 1.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in outcome.dropped] == [(0.0, 1.5)]
    assert outcome.ledger_problems() == []


def test_a_session_that_never_opened_had_no_connection(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.machine.connect_failed("cannot be reached", one.now_s)
    outcome = one.outcome()
    assert (outcome.connections, outcome.reconnections, outcome.dropped) == (0, (), ())


def test_a_word_said_twice_is_a_problem_of_the_ledger(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0), ("one", 0.5, 1.0)))
    finish(one)
    assert one.outcome().ledger_problems() == ["«one» at 0.50 s is said twice"]


def test_audio_that_a_completed_session_left_behind_is_a_problem_of_the_ledger(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(1.0)
    one.hear(METADATA)
    assert one.outcome().ledger_problems() == ["0.900 s of the source were neither sent nor reported as dropped"]
    one.cut()
    assert one.outcome().ledger_problems() == []  # it was not completed, and says so itself


def test_hours_of_finals_are_one_span(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=250, speed=Speed.MAX, reconnect=AT_ONCE, buffer_audio_s=4.0))
    one.begin()
    one.open()
    for second in range(200):
        one.feed(1.0)
        one.run_for(0.0)
        one.hear(final(float(second), second + 1.0))
    ledger = one.machine.ledger()
    assert ledger.transcribed == ((0, 200_000),)
    assert [(span.start, span.end) for span in ledger.sent] == [(0, 200_000)]


def test_the_ledger_says_whether_it_knows_the_whole_source(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100))
    one.begin()
    one.open()
    one.feed(1.0)
    assert not one.machine.ledger().source_ended
    one.end()
    assert one.machine.ledger().source_ended
