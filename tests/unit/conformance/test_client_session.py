"""Keeping alive, spelling control messages, and ending: where the line runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.recording.entries import Direction, Side

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]
UP = Direction.UPSTREAM


def test_the_longest_silence_is_told_with_its_clock_and_number(opened: Make) -> None:
    session = opened().audio(1).wait(11).tells("KeepAlive").wait(14).tells("KeepAlive").audio(1)
    verdict = session.finish().judged()
    assert [(finding.rule, finding.message, finding.evidence) for finding in verdict.findings] == [
        (
            "C-KEEPALIVE",
            "No frame was sent for 14 s (by the client's clock) while the session was open; after 10 s Deepgram "
            "closes, so send KeepAlive every 3 to 5 s.",
            "2 such silences",
        )
    ]


def test_the_wait_for_the_last_answers_needs_no_keep_alive(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(1).tells("CloseStream").wait(15).metadata(1.0).close().judged()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"keepalive"}', "keepalive is no message of a client; KeepAlive may be meant."),
        ('{"type":"CLOSE_STREAM"}', "CLOSE_STREAM is no message of a client; CloseStream may be meant."),
        ('{"type":"Zebra"}', "Zebra is no message of a client."),
        ('{"kind":"KeepAlive"}', "A text frame has no string type."),
        ('"KeepAlive"', "A text frame cannot be read: a JSON str where an object is wanted."),
    ],
)
def test_a_text_frame_that_is_no_control_message_is_named(text: str, message: str, opened: Make) -> None:
    verdict = opened().audio(1).told(text).audio(1).finish().judged()
    assert [(finding.message, finding.evidence) for finding in verdict.findings] == [(message, text)]


def test_frames_under_way_at_the_close_are_no_fault_on_the_servers_clock(opened: Make, rules_of: Ids) -> None:
    session = opened(side=Side.SERVER).audio(1).close(code=1011).audio(0.1)
    assert rules_of(session.judged()) == []


def test_a_client_that_answers_the_servers_close_has_not_closed_first(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(1).close(code=1011).close(UP, 1011).judged()) == []


def test_the_servers_own_end_owes_no_close_stream(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(1).lost().judged()) == []


def test_what_came_after_an_early_close_is_counted(opened: Make) -> None:
    session = opened().audio(1).tells("CloseStream").wait(0.5).close(UP).results(0, 1, "late").metadata(1.0).close()
    verdict = session.judged()
    assert [(finding.rule, finding.message, finding.evidence) for finding in verdict.findings] == [
        ("C-DRAIN", "The client closed 0.5 s after CloseStream without waiting for Metadata.", "2 messages came later")
    ]


def test_a_cut_says_whether_close_stream_had_been_sent(opened: Make) -> None:
    verdict = opened(side=Side.SERVER).audio(1).tells("CloseStream").lost().judged()
    assert [finding.message for finding in verdict.findings] == [
        "The connection was dropped after CloseStream, before Metadata and without a close frame."
    ]
    assert opened(side=Side.SERVER).audio(1).tells("CloseStream").metadata(1.0).lost().judged().findings == ()


def test_an_empty_frame_after_close_stream_is_only_late(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(1).tells("CloseStream").frame(0).wait(0.1).metadata(1.0).close()
    assert rules_of(session.judged()) == []
