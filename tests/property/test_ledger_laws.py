"""Laws of the books: whatever was sent, dropped and delivered, each frame of the source is in one account."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.ledger import Ledger, LegSpan, Span

RATE, FRAMES = 100, 500
SPANS = st.tuples(st.integers(0, FRAMES), st.integers(0, FRAMES)).map(lambda ends: (min(ends), max(ends)))
LEDGERS = st.builds(
    Ledger,
    sample_rate=st.just(RATE),
    source_frames=st.just(FRAMES),
    sent=st.lists(st.builds(lambda leg, span: LegSpan(leg, *span), st.integers(0, 3), SPANS), max_size=6).map(tuple),
    dropped=st.lists(SPANS, max_size=3).map(tuple),
    delivered=st.none() | st.lists(SPANS, max_size=3).map(tuple),
    transcribed=st.lists(SPANS, max_size=4).map(tuple),
)


def frames(spans: tuple[Span, ...]) -> set[int]:
    """The slow way: every frame by its number."""
    return {frame for start, end in spans for frame in range(start, end)}


@given(LEDGERS)
def test_the_accounts_are_those_of_counting_frame_by_frame(ledger: Ledger) -> None:
    sent = frames(tuple((span.start, span.end) for span in ledger.sent))
    arrived = sent if ledger.delivered is None else frames(ledger.delivered)
    dropped = frames(ledger.dropped) - arrived
    legs = [{*frames(tuple((s.start, s.end) for s in ledger.sent if s.leg == leg))} for leg in range(4)]
    account = ledger.account()
    counted = {
        "delivered": len(arrived),
        "dropped": len(dropped),
        "lost": len(sent - arrived - dropped),
        "unsent": FRAMES - len(arrived | dropped | sent),
        "resent": sum(sum(frame in leg for leg in legs) > 1 for frame in range(FRAMES)),
        "transcribed": len(arrived & frames(ledger.transcribed)),
    }
    assert {name: round(getattr(account, f"{name}_audio_s") * RATE) for name in counted} == counted
    assert ledger.problems(()) == []


@given(LEDGERS, st.integers(1, 100))
def test_audio_that_the_source_does_not_have_is_a_problem(ledger: Ledger, beyond: int) -> None:
    made_up = replace(ledger, delivered=None, sent=(*ledger.sent, LegSpan(4, FRAMES, FRAMES + beyond)))
    assert any(problem.startswith("audio was sent that the source does not have") for problem in made_up.problems(()))


@given(LEDGERS, st.integers(1, 100))
def test_more_audio_delivered_than_there_is_does_not_add_up(ledger: Ledger, beyond: int) -> None:
    made_up = replace(ledger, delivered=(*(ledger.delivered or ()), (FRAMES, FRAMES + beyond)))
    assert any(problem.startswith("the parts make") for problem in made_up.problems(()))
