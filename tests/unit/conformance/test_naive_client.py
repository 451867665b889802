"""The client of many tutorials, and variants of it: each of its faults is named in words its author understands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.conformance.findings import Blame, Status
from harness.conformance.settings import ClientClaim
from harness.recording.entries import Direction, Side

Make = Callable[..., Any]


def _request_response(talk: Make) -> Any:
    """Sends 3,200 bytes, waits for one reply, 30 times over; closes the socket without CloseStream."""
    session = talk(side=Side.SERVER).opened()
    for _ in range(30):
        session.frame(3_200).wait(0.16)
        session.results(0, session.audio_s, "well " * 3, final=False).wait(0.002)
    return session.results(0, 3, "well well well").close(Direction.UPSTREAM, 1000)


def test_the_naive_client_is_told_its_four_faults(talk: Make) -> None:
    claim = ClientClaim(chunk_ms=20, error="KeyError: 'results'")
    verdict = _request_response(talk).judged(claim=claim)
    said = {finding.rule: finding.message for finding in verdict.findings if finding.blame is Blame.CLIENT}
    assert said["C-CHUNK-CLAIM"] == "The client calls 3,200 bytes 20 ms; at 16 kHz 16-bit mono they are 100 ms."
    assert said["C-REPLY-LOOP"] == (
        "The client waits for a reply after each send: 29 of 29 frames were followed by just one message before the "
        "next, and 3 s of audio took 4.698 s."
    )
    assert said["P-SHAPE"] == (
        "The client read results.channels, the pre-recorded shape, from a live message; live has channel.alternatives."
    )
    assert said["C-CLOSE-STREAM"] == "The client closed the connection without CloseStream; the last words are lost."
    assert not [finding for finding in verdict.findings if finding.blame is Blame.SERVER]
    assert set(verdict.families.values()) == {Status.FAIL}


def test_its_loop_that_hangs_for_want_of_an_answer_is_named_too(talk: Make) -> None:
    session = talk(side=Side.SERVER).opened().frame(3_200).wait(10.5)
    verdict = session.close(Direction.DOWNSTREAM, 1011).judged()
    said = {finding.rule: finding.message for finding in verdict.findings}
    assert said["C-REPLY-LOOP"] == (
        "The client waits for a reply after each send: after 1 frame (0.1 s of audio) it sent no more for 10.5 s, "
        "while no answer was due."
    )
    assert "C-KEEPALIVE" in said


def test_a_short_utterance_that_is_closed_in_order_is_no_loop(talk: Make) -> None:
    session = talk().opened().audio(0.08).tells("CloseStream").wait(4).metadata(0.08).close()
    assert session.judged().findings == ()


def test_a_paced_sender_that_happens_to_alternate_with_answers_is_no_loop(talk: Make) -> None:
    session = talk().opened()
    for _ in range(20):
        session.frame(1_280).wait(0.03)
        session.results(0, session.audio_s, "well", final=False).wait(0.01)
    session.results(0, session.audio_s, "well")
    assert session.finish().judged().findings == ()
