"""How frames are judged by their length, and what may stand in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.conformance.findings import Status
from harness.conformance.settings import ClientClaim
from harness.recording.entries import Binary, Direction

Make = Callable[..., Any]
Ids = Callable[[Any], list[str]]
CONTAINER = "model=nova-3"
HEADER = b"RIFF\x24\x08\x00\x00WAVEfmt "


@pytest.mark.parametrize(("size", "rule"), [(638, "C-CHUNK-SIZE"), (8_002, "C-CHUNK-SIZE"), (1_282, "C-CHUNK-ADVISED")])
def test_the_bounds_are_20_and_250_ms_and_40_is_advised(size: int, rule: str, opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(3, size).finish().judged()) == [rule]


@pytest.mark.parametrize("size", [640, 1_280])
def test_the_bounds_themselves_are_in_order(size: int, opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(3, size).finish().judged()) == []


def test_250_ms_is_still_allowed(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(3, 8_000).finish().judged()) == ["C-CHUNK-ADVISED"]


def test_wrong_lengths_are_told_once_with_their_range(opened: Make) -> None:
    session = opened().audio(0.5, 320)
    verdict = session.audio(0.1, 160).audio(0.5, 320).finish().judged()
    finding = next(finding for finding in verdict.findings if finding.rule == "C-CHUNK-SIZE")
    assert finding.message == "5 to 10 ms of audio in 119 of 120 frames; wanted 20 to 250 ms."
    assert finding.evidence == "320 bytes at linear16 16000 Hz, 1 channel"
    assert (finding.frame, finding.leg, finding.audio_s, finding.wall_s) == (1, 0, 0.01, 0.0)


def test_a_rest_may_be_short_at_the_end_and_before_a_control_message(opened: Make) -> None:
    session = opened().audio(1).frame(100).wait(0.003).tells("Finalize").audio(1).frame(64).wait(0.002)
    verdict = session.finish().judged()
    assert verdict.findings == ()
    assert verdict.chunking[0].frames == 102
    assert (verdict.chunking[0].smallest_bytes, verdict.chunking[0].other_sizes) == (640, 0)


def test_a_single_short_frame_is_a_rest_too(opened: Make, rules_of: Ids) -> None:
    verdict = opened().frame(64).wait(0.1).finish().judged()
    assert rules_of(verdict) == []
    assert verdict.chunking[0].typical_ms == 2.0


def test_frames_of_a_container_have_no_length_to_judge(talk: Make) -> None:
    session = talk(query=CONTAINER).opened()
    for size in (4_000, 11, 900, 9_000):
        session.frame(size).wait(size / 32_000)
    verdict = session.finish().judged(lead_bytes=b"OggS" + bytes(20))
    assert verdict.findings == ()
    assert verdict.chunking[0].typical_ms is None
    assert verdict.families["chunking"] is Status.PASS


def test_a_rate_without_whole_frames_may_alternate_by_one_sample(talk: Make, rules_of: Ids) -> None:
    query = "model=nova-3&encoding=linear16&sample_rate=11025"
    session = talk(query=query, bytes_per_second=22_050).opened()
    for place in range(200):
        session.frame(440 + 2 * (place % 2)).wait(0.02)
    assert "C-CHUNK-CONSISTENT" not in rules_of(session.finish().judged())


def test_the_claim_is_compared_for_every_leg(opened: Make) -> None:
    session = opened().audio(1, 1_280).close(code=1011).reconnect().wait(1).opened().audio(1, 1_280)
    verdict = session.finish().judged(claim=ClientClaim(chunk_ms=20))
    assert [(finding.rule, finding.leg) for finding in verdict.findings] == [("C-CHUNK-CLAIM", 0), ("C-CHUNK-CLAIM", 1)]


def test_a_claim_within_one_percent_holds(opened: Make) -> None:
    assert opened().audio(1).finish().judged(claim=ClientClaim(chunk_ms=20.1)).findings == ()


# --- control messages in binary frames --------------------------------------------------------------------------------


def _binary_control(session: Any, text: str) -> Any:
    session.entries.append(
        Binary(leg=0, direction=Direction.UPSTREAM, wall_s=session.wall_s, audio_s=session.audio_s, size=len(text))
    )
    return session


def test_known_bytes_show_the_control_message_itself(opened: Make) -> None:
    text = '{"type": "CloseStream"}'
    session = _binary_control(opened().audio(0.1), text).wait(0.1)
    verdict = session.finish().judged(lead_bytes=bytes(3_200) + text.encode())
    assert [(finding.rule, finding.evidence) for finding in verdict.findings] == [("C-CONTROL-BINARY", text)]


def test_known_bytes_acquit_a_frame_of_suspicious_size(opened: Make, rules_of: Ids) -> None:
    session = opened().audio(0.1).frame(20).wait(0.1)
    assert rules_of(session.audio(0.1).finish().judged(lead_bytes=bytes(10_000))) == [
        "C-CHUNK-SIZE",
        "C-CHUNK-CONSISTENT",
    ]


@pytest.mark.parametrize("data", [b"{" + b" " * 18, b'["type"]           ', b'{"no": "type"}    {'])
def test_json_alone_is_no_control_message(data: bytes, opened: Make, rules_of: Ids) -> None:
    session = opened().audio(0.1).frame(len(data)).audio(0.1).finish()
    verdict = session.judged(lead_bytes=bytes(3_200) + data)
    assert "C-CONTROL-BINARY" not in rules_of(verdict)


def test_at_the_end_only_a_size_that_is_no_whole_sample_is_suspicious(opened: Make, rules_of: Ids) -> None:
    assert rules_of(opened().audio(1).frame(20).finish().judged()) == []
    split = _binary_control(opened().audio(1), "x" * 19).finish().judged()
    assert rules_of(split) == ["C-CONTROL-BINARY"]
    assert "exactly the size of a Finalize message" in split.findings[0].message


# --- headers ----------------------------------------------------------------------------------------------------------


def test_a_container_without_declaration_is_in_order(talk: Make) -> None:
    session = talk(query=CONTAINER).opened().audio(1).finish()
    assert session.judged(lead_bytes=HEADER).findings == ()


def test_raw_bytes_without_declaration_are_told_by_their_beginning(talk: Make) -> None:
    verdict = talk(query=CONTAINER).opened().audio(1).finish().judged(lead_bytes=bytes(range(16)))
    assert [finding.rule for finding in verdict.findings] == ["C-UNDECODED"]
    assert verdict.findings[0].evidence == "00 01 02 03 04 05 06 07 08 09 0a 0b"


def test_a_container_that_goes_on_after_a_reconnect_lacks_its_header(talk: Make) -> None:
    session = talk(query=CONTAINER).opened().frame(1_000).close(code=1011).reconnect().opened().frame(1_000)
    verdict = session.finish().judged(lead_bytes=HEADER + bytes(2_000))
    assert [(finding.rule, finding.leg) for finding in verdict.findings] == [("C-UNDECODED", 1)]


def test_what_nothing_could_be_decoded_from_says_what_was_declared(opened: Make) -> None:
    verdict = opened().audio(1).finish(0.0).judged()
    assert [finding.message for finding in verdict.findings] == [
        "The server could decode none of the 32,000 bytes sent, with encoding=linear16."
    ]
