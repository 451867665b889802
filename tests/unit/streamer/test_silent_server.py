"""The client in virtual time, and a server that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocol.messages import Results
from harness.protocol.session import Timers
from harness.streamer.actions import Connect, HangUp
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.machine import Phase
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


def test_no_answer_to_audio_leads_to_another_connection(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE, timers=Timers(answer_after_s=3.0)))
    one.begin()
    one.feed(10.0)
    one.open()
    one.run_for(3.5)
    assert one.hang_ups == 1
    assert one.connects == [0.0, 3.0]


def test_no_metadata_after_close_stream_leads_to_another_connection(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=AT_ONCE, timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(3.0)
    assert [type(action) for _, action in one.done[-2:]] == [HangUp, Connect]
    assert one.connects[-1] == pytest.approx(2.08)


def test_without_a_policy_a_silent_server_is_a_failure(client: MakeClient) -> None:
    one = client(StreamSettings(timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    one.run_for(3.0)
    assert one.machine.failure == "here: no Metadata within 2 s of CloseStream"


def test_what_a_connection_says_after_it_was_given_up_is_not_its_end(client: MakeClient) -> None:
    one = client(StreamSettings(reconnect=ReconnectPolicy(first_s=10.0), timers=Timers(drain_after_s=2.0)))
    one.begin()
    one.feed(0.1)
    one.end()
    one.open()
    while one.hang_ups == 0:
        one.run_to(one.machine.next_wakeup_s)
    one.cut(1000, "")
    assert one.machine.phase is Phase.WAITING
