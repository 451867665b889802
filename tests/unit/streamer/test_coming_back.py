"""The client in virtual time after a cut: what it sends again, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocol.messages import Results
from harness.recording.entries import Binary
from harness.streamer.actions import SendText
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.machine import Phase
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, CLOSE_STREAM, finish

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


def test_after_a_cut_it_sends_again_what_is_not_final_and_a_little_before(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(2.0)
    one.hear(final(0.0, 1.5, ("one", 0.5, 1.0)))
    one.cut()
    assert one.machine.phase is Phase.WAITING
    one.run_for(0.0)
    one.open()
    one.run_for(5.0)
    assert one.sent(0) == [(0.0, 2.1)]
    assert one.sent(1) == [(1.0, 4.0)]
    first_again = one.frames[21][1]
    assert int.from_bytes(first_again[:2], "little") == 1000  # the bytes say where in the source they are from
    one.hear(final(0.0, 3.0, ("one", 0.0, 0.02), ("two", 1.0, 1.5)))
    finish(one)
    outcome = one.outcome()
    assert [(w.word, w.start, w.end) for w in outcome.transcript.words()] == [("one", 0.5, 1.0), ("two", 2.0, 2.5)]
    assert outcome.ledger.problems(outcome.transcript.words()) == []
    assert outcome.ledger.account().resent_audio_s == pytest.approx(1.1)
    assert outcome.failure is None


def test_without_anything_final_all_of_it_is_sent_again(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(2.0)
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(6.0)
    assert one.sent(1) == [(0.0, 4.0)]


@pytest.mark.parametrize("chunk_ms", [20, 100, 250])
@pytest.mark.parametrize("catch_up", [1.0, 1.25, 2.0])
def test_a_backlog_is_caught_up_on_at_the_chosen_rate_and_never_in_a_burst(
    client: MakeClient, final: MakeFinal, chunk_ms: int, catch_up: float
) -> None:
    one = client(StreamSettings(chunk_ms=chunk_ms, reconnect=AT_ONCE, catch_up=catch_up))
    one.begin()
    one.feed(20.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0)))
    one.cut()
    one.run_for(4.0)
    one.open()
    began_s = one.now_s
    one.run_for(30.0)
    frames = [e for e in one.upstream() if isinstance(e, Binary) and e.leg == 1]
    for frame in frames:
        ahead = frame.audio_s - chunk_ms / 1000
        assert ahead <= catch_up * (frame.wall_s - (began_s - 1000.0)) + 1e-3
        assert frame.wall_s == pytest.approx(frame.due_s)
    if catch_up > 1:
        # It was 5.5 s behind with 18.5 s to go; once it has caught up it is on time again, not ahead.
        caught_up = 18.5 * (1 - 1 / catch_up) >= 5.5
        assert (frames[-1].wall_s == pytest.approx(20.0 - chunk_ms / 1000, abs=1e-3)) is caught_up


def test_keep_alive_holds_the_second_connection_too(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(0.2)
    one.open()
    one.run_for(6.0)
    one.cut()
    one.run_for(1.0)
    one.open()
    one.done.clear()
    one.run_for(11.0)
    assert [round(at - 1007.0) for at, action in one.done if isinstance(action, SendText)] == [5, 10]


def test_the_source_may_end_while_there_is_no_connection(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=ReconnectPolicy(first_s=1.0)))
    one.begin()
    one.feed(1.0)
    one.open()
    one.run_for(0.25)
    one.cut()
    one.end()
    one.run_for(5.0)
    assert one.machine.phase is Phase.CONNECTING
    one.open()
    one.run_for(5.0)
    assert one.sent(1) == [(0.0, 1.0)]
    assert one.said == [CLOSE_STREAM]
    finish(one)
    assert one.machine.failure is None


def test_a_cut_after_close_stream_asks_again_for_the_end(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(2.0)
    one.end()
    one.open()
    one.run_for(3.0)
    one.hear(final(0.0, 2.0, ("one", 0.5, 1.0)))
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(2.0)
    assert one.sent(1) == [(1.5, 2.0)]
    assert one.said == [CLOSE_STREAM] * 2
    finish(one)
    assert one.outcome().transcript.text() == "one"


def test_a_close_with_1000_proves_nothing_before_metadata(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(1.0)
    one.cut(1000, "")
    assert one.machine.phase is Phase.WAITING


def test_a_server_that_claims_more_than_it_was_sent_loses_no_audio(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE))
    one.begin()
    one.feed(4.0)
    one.end()
    one.open()
    one.run_for(1.0)
    one.hear(final(0.0, 3.5))
    one.run_for(5.0)
    sent = b"".join(data for _, data in one.frames)
    assert [int.from_bytes(sent[at : at + 2], "little") for at in range(0, len(sent), 2)] == list(range(4000))
