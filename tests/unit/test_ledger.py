"""The books: sums, gaps, and the sentences about what must not be."""

from __future__ import annotations

import pytest

from harness.ledger import Account, Ledger, LegSpan, Span, merged, minus
from harness.protocol.messages import Word


def word(text: str, start: float, end: float) -> Word:
    return Word(word=text, start=start, end=end, confidence=0.9)


TWO_LEGS = Ledger(
    sample_rate=100,
    source_frames=1000,
    sent=(LegSpan(0, 0, 400), LegSpan(1, 350, 700), LegSpan(1, 800, 900)),
    dropped=((700, 800),),
    transcribed=((0, 300), (300, 650), (600, 720)),
)


def test_every_second_is_in_one_account() -> None:
    assert TWO_LEGS.account() == Account(
        source_audio_s=10.0,
        delivered_audio_s=8.0,
        dropped_audio_s=1.0,
        lost_audio_s=0.0,
        unsent_audio_s=1.0,
        resent_audio_s=0.5,
        transcribed_audio_s=7.0,
    )
    assert TWO_LEGS.missing() == ((7.0, 8.0), (9.0, 10.0))
    assert TWO_LEGS.problems(()) == []


def test_what_the_server_proves_tells_sent_from_delivered() -> None:
    ledger = Ledger(sample_rate=100, source_frames=1000, sent=(LegSpan(0, 0, 1000),), delivered=((0, 600), (700, 1000)))
    account = ledger.account()
    assert (account.delivered_audio_s, account.lost_audio_s, account.unsent_audio_s) == (9.0, 1.0, 0.0)
    assert ledger.missing() == ((6.0, 7.0),)


def test_audio_reported_as_dropped_that_arrived_on_an_earlier_connection_is_delivered() -> None:
    ledger = Ledger(sample_rate=100, source_frames=300, sent=(LegSpan(0, 0, 200),), dropped=((100, 300),))
    account = ledger.account()
    assert (account.delivered_audio_s, account.dropped_audio_s) == (2.0, 1.0)


def test_a_stretch_sent_on_three_connections_is_counted_once() -> None:
    ledger = Ledger(sample_rate=100, source_frames=300, sent=tuple(LegSpan(leg, 0, 300) for leg in range(3)))
    assert ledger.account().resent_audio_s == 3.0


@pytest.mark.parametrize(
    ("ledger", "sentence"),
    [
        (
            Ledger(sample_rate=100, source_frames=300, sent=(LegSpan(0, 0, 310),)),
            "audio was sent that the source does not have: frames 300 to 310",
        ),
        (
            Ledger(sample_rate=100, source_frames=300, sent=(LegSpan(0, 0, 300),), delivered=((0, 400),)),
            "the parts make 4.000 s of a source of 3.000 s",
        ),
        (
            Ledger(sample_rate=100, source_frames=300, sent=(), dropped=((200, 350),)),
            "the parts make 3.500 s of a source of 3.000 s",
        ),
    ],
)
def test_more_than_the_source_has_is_a_problem(ledger: Ledger, sentence: str) -> None:
    assert sentence in ledger.problems(())


WHOLE = Ledger(sample_rate=100, source_frames=1000, sent=(LegSpan(0, 0, 1000),))


def test_words_in_order_are_no_problem() -> None:
    assert WHOLE.problems([word("no", 1.0, 1.4), word("no", 1.35, 1.8), word("yes", 2.0, 2.2)]) == []


def test_words_of_flux_may_begin_a_step_before_the_one_they_follow() -> None:
    """As in the real session, «to ourselves» at 12.88 and 12.80 s, ends and starts being 32-bit floats besides."""
    assert WHOLE.problems([word("to", 2.87999984741211, 2.96), word("ourselves", 2.799999618530274, 3.04)]) == []


def test_a_word_out_of_order_is_named() -> None:
    assert WHOLE.problems([word("late", 3.0, 3.4), word("early", 1.0, 1.4)]) == [
        "«early» at 1.00 s comes after «late» at 3.00 s"
    ]


def test_a_doubled_word_is_named() -> None:
    assert WHOLE.problems([word("two", 1.0, 1.4), word("two", 1.05, 1.45)]) == ["«two» at 1.05 s is said twice"]


def test_a_word_where_no_audio_arrived_is_named() -> None:
    assert TWO_LEGS.problems([word("ghost", 7.3, 7.6)]) == ["«ghost» at 7.30 s lies in audio that never arrived"]
    assert TWO_LEGS.problems([word("edge", 6.8, 7.4), word("border", 7.05, 7.5)]) == []


@pytest.mark.parametrize(
    ("spans", "result"),
    [
        ([], []),
        ([(3, 3)], []),
        ([(5, 9), (0, 2), (2, 4)], [(0, 4), (5, 9)]),
        ([(0, 9), (2, 3)], [(0, 9)]),
    ],
)
def test_merged(spans: list[Span], result: list[Span]) -> None:
    assert merged(spans) == result


@pytest.mark.parametrize(
    ("taken", "left"),
    [([], [(0, 10)]), ([(3, 5)], [(0, 3), (5, 10)]), ([(0, 10)], []), ([(8, 20)], [(0, 8)]), ([(20, 30)], [(0, 10)])],
)
def test_minus(taken: list[Span], left: list[Span]) -> None:
    assert minus([(0, 10)], taken) == left
