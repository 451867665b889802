from __future__ import annotations

import pytest

from harness.ledger import Ledger, LegSpan
from harness.protocol.messages import Alternative, Channel, Results, ResultsMetadata
from harness.scoring.evidence import Join, MissingAudio, Segment, missing_audio, session_evidence

RATE = 100


def said(start: float, end: float, text: str, *, final: bool = True, channel: int = 0) -> Results:
    return Results(
        channel_index=(channel, 2),
        start=start,
        duration=end - start,
        is_final=final,
        channel=Channel(alternatives=(Alternative(transcript=text, confidence=1.0),)),
        metadata=ResultsMetadata(request_id="r"),
    )


def ledger(*sent: LegSpan, dropped: tuple[tuple[int, int], ...] = (), delivered: object = None) -> Ledger:
    return Ledger(RATE, 1000, sent, dropped, delivered)  # type: ignore[arg-type]


def test_what_was_sent_is_not_missing() -> None:
    assert missing_audio(ledger(LegSpan(0, 0, 600), LegSpan(1, 500, 1000))) == []


def test_what_was_given_up_never_arrived_or_was_never_sent() -> None:
    books = ledger(LegSpan(0, 0, 300), LegSpan(1, 400, 800), dropped=((300, 400),), delivered=((0, 300), (400, 700)))
    assert [(gap.start_audio_s, gap.end_audio_s, gap.why.split(":")[0]) for gap in missing_audio(books)] == [
        (3.0, 4.0, "was given up"),
        (7.0, 10.0, "was sent and never arrived"),
    ]
    assert missing_audio(ledger(LegSpan(0, 0, 900))) == [MissingAudio(9.0, 10.0, "was never sent")]


def test_what_was_not_even_read_was_never_sent() -> None:
    books = Ledger(RATE, 1000, (LegSpan(0, 0, 900),), source_ended=False)
    assert [gap.sentence for gap in missing_audio(books)] == [
        "audio from 9.00 to 10.00 s was never sent",
        "audio from 10.00 s on was never sent",
    ]


def test_a_join_lies_between_what_was_final_and_what_was_sent_next() -> None:
    books = ledger(LegSpan(0, 0, 600), LegSpan(1, 350, 1000))
    found = session_evidence(books, (), [(0, said(0, 4, "a")), (1, said(0, 2, "b"))], 0)
    assert found.joins == (Join(1, 3.5, 4.0),)


def test_a_connection_that_begins_anew_with_nothing_final_before_it_is_no_join() -> None:
    books = ledger(LegSpan(0, 0, 600), LegSpan(1, 0, 1000))
    assert session_evidence(books, (), [(0, said(0, 4, "a", final=False)), (1, said(0, 2, "b"))], 0).joins == ()


def test_what_is_never_sent_again_of_what_was_not_final_lies_in_the_join() -> None:
    books = ledger(LegSpan(0, 0, 600), LegSpan(1, 600, 1000))
    assert session_evidence(books, (), [(0, said(0, 4, "a"))], 0).joins == (Join(1, 4.0, 6.0),)


def test_interims_stand_on_the_clock_of_the_source_behind_what_a_connection_left_out() -> None:
    books = ledger(LegSpan(0, 0, 300), LegSpan(1, 200, 300), LegSpan(1, 500, 1000))
    results = [(1, said(0.5, 1.0, "one", final=False)), (1, said(1.0, 2.0, "two", final=False))]
    found = session_evidence(books, (), results, 0).interims
    assert [(s.start_audio_s, s.end_audio_s) for s in found] == [(2.5, 3.0), (5.0, 6.0)]


def test_only_messages_of_the_channel_count() -> None:
    results = [(0, said(0, 1, "ours", final=False)), (0, said(0, 1, "theirs", final=False, channel=1))]
    found = session_evidence(ledger(LegSpan(0, 0, 1000)), (said(0, 4, "a"),), results, 0)
    assert found.interims == (Segment(0.0, 1.0, "ours"),)
    assert (found.final_text, found.last_final_audio_s, found.source_audio_s) == ("a", 4.0, 10.0)


def test_what_the_server_did_not_count_is_missing_at_the_end_of_the_last_connection() -> None:
    books = ledger(LegSpan(0, 0, 600), LegSpan(1, 400, 1000))
    [gap] = session_evidence(books, (), [], 0, received_audio_s=4.5).missing
    assert (gap.start_audio_s, gap.end_audio_s) == (8.5, 10.0)
    assert gap.why == "was sent, and by its Metadata the server had 4.50 of 6.00 s"


@pytest.mark.parametrize("received_audio_s", [5.9, 6.0, 6.1])
def test_a_count_that_differs_by_a_rounding_says_nothing_of_a_loss(received_audio_s: float) -> None:
    assert session_evidence(ledger(LegSpan(0, 400, 1000)), (), [], 0, received_audio_s).missing[1:] == ()


def test_stamps_know_better_than_a_count() -> None:
    books = ledger(LegSpan(0, 0, 1000), delivered=((0, 1000),))
    assert session_evidence(books, (), [], 0, received_audio_s=4.5).missing == ()


def test_that_audio_arrived_is_known_by_stamps_or_by_a_count_of_an_only_connection() -> None:
    once, twice = ledger(LegSpan(0, 0, 1000)), ledger(LegSpan(0, 0, 600), LegSpan(1, 400, 1000))
    stamped = ledger(LegSpan(0, 0, 1000), delivered=((0, 900),))
    assert session_evidence(stamped, (), [], 0).arrival_is_known
    assert session_evidence(once, (), [], 0, received_audio_s=10.0).arrival_is_known
    assert not session_evidence(once, (), [], 0, received_audio_s=9.0).arrival_is_known
    assert not session_evidence(once, (), [], 0).arrival_is_known
    assert not session_evidence(twice, (), [], 0, received_audio_s=6.0).arrival_is_known
