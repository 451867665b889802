"""The client in virtual time, and audio that does not fit its buffer: what waits, what is lost, what is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocol.codec import encode
from harness.protocol.messages import Results, SpeechStarted
from harness.protocol.session import Timers
from harness.recording.entries import Binary, Note
from harness.streamer.actions import Connect, SendAudio, SendText
from harness.streamer.machine import Phase
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, FINALIZE, METADATA, finish, kind

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


def test_a_live_source_loses_exactly_what_is_reported(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0, live=True))
    one.begin()
    one.feed(0.1)
    one.open()
    for _ in range(29):
        one.run_for(0.1)
        one.feed(0.1)
    one.run_for(0.0)
    one.hear(final(0.0, 2.5, ("one", 0.5, 1.0)))
    one.cut()
    for _ in range(50):  # five seconds without a connection
        one.feed(0.1)
        one.now_s += 0.1
    one.machine.wake(one.now_s)
    one.open()
    one.end()
    one.run_for(10.0)
    assert one.sent(0) == [(0.0, 3.0)]
    assert one.sent(1) == [(6.0, 8.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in one.machine.dropped] == [(2.5, 6.0)]
    account = one.machine.ledger().account()
    assert account.dropped_audio_s == pytest.approx(3.0)
    assert one.machine.ledger().missing() == ((3.0, 6.0),)
    notes = [e.text for e in one.outcome().recording.entries if isinstance(e, Note)]
    assert [text.split(":")[0] for text in notes] == ["dropped 2.500 to 6.000 s of the source"]


def test_words_behind_a_gap_stand_where_they_were_spoken(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0, live=True))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(1.0)
    one.feed(3.0)  # all at once: two of the three seconds do not fit
    one.end()
    one.run_for(3.0)
    assert one.sent(0) == [(0.0, 0.5), (2.5, 3.5)]
    one.hear(final(0.0, 1.5, ("before", 0.1, 0.5), ("behind", 0.5, 0.9)))
    one.hear(SpeechStarted(channel=(0, 1), timestamp=0.6))
    finish(one)
    outcome = one.outcome()
    assert [(w.word, w.start, w.end) for w in outcome.transcript.words()] == [
        ("before", 0.1, 0.5),
        ("behind", 2.5, 2.9),
    ]
    assert outcome.ledger.missing() == ((0.5, 2.5),)
    assert outcome.ledger.account().transcribed_audio_s == 1.5


def test_audio_that_did_not_fit_before_the_first_connection_is_reported(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0, live=True))
    one.begin()
    for _ in range(30):
        one.feed(0.1)
        one.now_s += 0.1
    one.open()
    one.end()
    one.run_for(3.0)
    assert one.sent(0) == [(2.0, 3.0)]
    assert [(d.start_audio_s, d.end_audio_s) for d in one.machine.dropped] == [(0.0, 2.0)]


def test_a_source_that_can_wait_is_asked_to(client: MakeClient, final: MakeFinal) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0))
    one.begin()
    one.feed(2.0)
    assert not one.machine.wants_audio
    one.open()
    one.run_for(3.0)
    assert not one.machine.wants_audio
    one.hear(final(0.0, 1.5))
    assert one.machine.wants_audio


def test_a_full_buffer_of_sent_audio_asks_the_server_to_make_it_final(client: MakeClient, final: MakeFinal) -> None:
    """Else both would wait for ever: the server for audio, the client for a final."""
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE, buffer_audio_s=2.0))
    one.begin()
    one.feed(2.0)
    one.open()
    one.run_for(5.0)
    assert one.said == [FINALIZE]
    one.hear(final(0.0, 2.0, from_finalize=True))
    assert one.machine.wants_audio


@pytest.mark.parametrize("keep_alive_after_s", [None, 0.5, 5.0])
def test_it_asks_whatever_the_keep_alives_do_and_again_when_it_gets_no_final(
    client: MakeClient, keep_alive_after_s: float | None
) -> None:
    timers = Timers(keep_alive_after_s=keep_alive_after_s)
    one = client(StreamSettings(chunk_ms=250, reconnect=AT_ONCE, buffer_audio_s=0.1, timers=timers))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(7.0)
    asked = [round(at - 1000.0, 6) for at, action in one.done if action == SendText(FINALIZE)]
    assert asked == [3.25, 6.25]


def test_asking_for_a_final_does_not_put_off_the_end_of_a_silent_connection(client: MakeClient) -> None:
    timers = Timers(keep_alive_after_s=None, answer_after_s=10.0)
    one = client(StreamSettings(chunk_ms=250, reconnect=AT_ONCE, buffer_audio_s=0.0, timers=timers))
    one.begin()
    one.feed(0.5)
    one.open()
    one.run_for(12.0)
    assert one.said == [FINALIZE] * 3
    assert (one.hang_ups, one.connects) == (1, [0.0, 10.0])


def test_a_buffer_smaller_than_a_frame_still_streams(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=250, buffer_audio_s=0.0, live=True))
    one.begin()
    one.feed(0.25)
    one.end()
    one.open()
    one.run_for(1.0)
    assert len(one.frames) == 1


def test_without_reconnection_only_unsent_audio_is_kept(client: MakeClient) -> None:
    one = client(StreamSettings(chunk_ms=100, buffer_audio_s=1.0))
    one.begin()
    one.feed(1.0)
    one.open()
    one.run_for(0.0)
    assert one.machine.wants_audio


def test_binary_from_the_server_is_noted_and_changes_nothing(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.open()
    one.machine.receive_binary(b"abc", one.now_s)
    assert one.machine.phase is Phase.STREAMING
    assert [e.size for e in one.outcome().recording.entries if isinstance(e, Binary)] == [3]


def test_every_frame_is_audio_or_a_control_message(client: MakeClient) -> None:
    one = client(StreamSettings(finalize=True))
    one.begin()
    one.feed(7.0)
    one.end()
    one.open()
    one.run_for(10.0)
    assert {type(action) for _, action in one.done} == {Connect, SendAudio, SendText}
    assert [kind(text) for text in one.said] == ["Finalize", "CloseStream"]
    assert all(data for _, data in one.frames)


def test_text_that_is_no_message_is_survived(client: MakeClient) -> None:
    one = client(StreamSettings())
    one.begin()
    one.open()
    for text in ("", "{", "[]", '{"type":"Novelty"}', '{"type":"Results"}', encode(METADATA)):
        one.machine.receive_text(text, one.now_s)
    assert one.machine.phase is Phase.STREAMING
