"""Two connections, one timeline: every time is moved, nothing is said twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.messages import (
    Alternative,
    Channel,
    Entity,
    Error,
    Message,
    Results,
    ResultsMetadata,
    Search,
    SearchHit,
    SpeechStarted,
    UtteranceEnd,
    Word,
)
from harness.streamer.seam import LegMap, Seam

MakeFinal = Callable[..., Results]
MakeWord = Callable[..., Word]


def at(source_audio_s: float) -> LegMap:
    leg = LegMap()
    leg.begin(0.0, source_audio_s)
    return leg


def results(message: Message | None) -> Results:
    assert isinstance(message, Results)
    return message


def told(message: Message | None) -> list[tuple[str, float, float]]:
    return [(word.word, word.start, word.end) for word in results(message).words]


@pytest.fixture
def broken_off(final: MakeFinal) -> Seam:
    """A seam whose first connection had «one two» final up to 5.0 s; the second begins."""
    seam = Seam()
    seam.rebase(final(0.0, 5.0, ("one", 1.0, 1.5), ("two", 4.6, 4.95)), at(0.0))
    seam.begin_leg()
    return seam


def test_the_first_connection_is_left_as_it_is(final: MakeFinal) -> None:
    message = final(0.0, 2.0, ("hello", 0.5, 0.9))
    assert Seam().rebase(message, at(0.0)) == message


def test_every_time_is_moved_to_where_the_connection_began(final: MakeFinal) -> None:
    seam, leg = Seam(), at(100.25)
    moved = results(seam.rebase(final(1.0, 3.0, ("hello", 1.5, 1.9)), leg))
    assert (moved.start, moved.duration) == (101.25, 2.0)
    assert told(moved) == [("hello", 101.75, 102.15)]
    assert seam.rebase(SpeechStarted(channel=(0, 1), timestamp=0.5), leg) == SpeechStarted(
        channel=(0, 1), timestamp=100.75
    )
    assert seam.rebase(UtteranceEnd(channel=(0, 1), last_word_end=1.9), leg) == UtteranceEnd(
        channel=(0, 1), last_word_end=102.15
    )
    assert seam.covered_audio_s == 103.25


def test_the_end_of_an_utterance_that_was_final_already_is_no_position() -> None:
    message = UtteranceEnd(channel=(0, 1), last_word_end=-1)
    assert Seam().rebase(message, at(100.0)) is message


def test_what_has_no_time_passes_through() -> None:
    error = Error(description="unwell")
    assert Seam().rebase(error, at(100.0)) is error


def test_the_overlap_is_dropped_and_what_follows_is_kept(broken_off: Seam, final: MakeFinal) -> None:
    moved = results(broken_off.rebase(final(0.0, 2.0, ("two", 0.1, 0.45), ("three", 0.9, 1.2)), at(4.5)))
    assert told(moved) == [("three", 5.4, 5.7)]
    assert (moved.start, moved.duration, moved.transcript) == (5.0, 1.5, "three")


def test_an_interim_is_trimmed_like_a_final_and_covers_nothing(broken_off: Seam, final: MakeFinal) -> None:
    interim = final(0.0, 1.5, ("two", 0.1, 0.45), ("three", 0.9, 1.2), is_final=False)
    assert told(broken_off.rebase(interim, at(4.5))) == [("three", 5.4, 5.7)]
    assert broken_off.covered_audio_s == 5.0
    assert told(broken_off.rebase(interim, at(4.5))) == [("three", 5.4, 5.7)]


def test_a_message_about_nothing_new_is_none(broken_off: Seam, final: MakeFinal) -> None:
    assert broken_off.rebase(final(0.0, 0.5, ("two", 0.1, 0.45)), at(4.5)) is None
    assert broken_off.covered_audio_s == 5.0


def test_nothing_is_taken_out_when_nothing_was_final(final: MakeFinal) -> None:
    seam = Seam()
    seam.rebase(final(0.0, 1.0, ("one", 0.0, 0.6), is_final=False), at(0.0))
    seam.begin_leg()
    again = final(0.0, 2.0, ("one", 0.0, 0.6), ("two", 1.0, 1.4))
    assert seam.rebase(again, at(0.0)) == again


@pytest.mark.parametrize("shift_audio_s", [-0.12, -0.04, 0.0, 0.06, 0.3])
def test_the_last_word_heard_a_little_earlier_or_later_is_the_same_word(
    broken_off: Seam, final: MakeFinal, shift_audio_s: float
) -> None:
    start = round(0.1 + shift_audio_s, 3)
    message = final(0.0, 2.0, ("two", max(0.0, start), start + 0.35), ("three", 0.9, 1.2))
    assert told(broken_off.rebase(message, at(4.5))) == [("three", 5.4, 5.7)]


def test_a_word_that_hangs_over_the_end_of_its_final_is_not_said_twice(final: MakeFinal) -> None:
    seam = Seam()
    seam.rebase(final(0.0, 5.0, ("over", 4.9, 5.3)), at(0.0))
    seam.begin_leg()
    assert told(seam.rebase(final(0.0, 2.0, ("over", 0.4, 0.8), ("there", 1.0, 1.3)), at(4.5))) == [("there", 5.5, 5.8)]


def test_another_word_in_the_same_place_is_kept(broken_off: Seam, final: MakeFinal) -> None:
    assert told(broken_off.rebase(final(0.0, 2.0, ("tune", 0.44, 0.8)), at(4.5))) == [("tune", 4.94, 5.3)]


@pytest.mark.parametrize("second_start", [0.44, 0.46, 0.6])
def test_a_word_said_twice_by_the_speaker_stays_twice(broken_off: Seam, final: MakeFinal, second_start: float) -> None:
    """«two two» without a pause, cut between them; the second may be heard to begin before the first ends."""
    message = final(0.0, 2.0, ("two", 0.1, 0.44), ("two", second_start, 0.9))
    assert [one for one, *_ in told(broken_off.rebase(message, at(4.5)))] == ["two"]


def test_a_channel_not_heard_from_yet_is_not_covered(final: MakeFinal) -> None:
    seam = Seam()
    seam.rebase(final(0.0, 4.0, ("left", 1.0, 1.3), channel=(0, 2)), at(0.0))
    assert seam.covered_audio_s == 0.0
    seam.rebase(final(0.0, 3.0, channel=(1, 2)), at(0.0))
    assert seam.covered_audio_s == 3.0


def test_each_channel_drops_only_what_it_gave_itself(final: MakeFinal) -> None:
    seam = Seam()
    seam.rebase(final(0.0, 4.0, ("left", 3.0, 3.3), channel=(0, 2)), at(0.0))
    seam.rebase(final(0.0, 2.0, ("right", 1.0, 1.3), channel=(1, 2)), at(0.0))
    seam.begin_leg()
    assert seam.rebase(final(0.0, 2.4, ("left", 1.5, 1.8), channel=(0, 2)), at(1.5)) is None
    right = seam.rebase(final(0.0, 2.4, ("right", 1.5, 1.8), channel=(1, 2)), at(1.5))
    assert told(right) == [("right", 3.0, 3.3)]
    assert seam.covered_audio_s == 3.9


def test_a_server_with_absurdly_many_channels_costs_no_memory(final: MakeFinal) -> None:
    seam = Seam()
    seam.rebase(final(0.0, 4.0, channel=(0, 10**12)), at(0.0))
    assert seam.covered_audio_s == 0.0


def test_times_after_a_gap_lie_behind_it_and_ends_at_it_before_it(final: MakeFinal) -> None:
    leg = at(0.0)
    leg.begin(2.0, 10.0)
    seam = Seam()
    before = results(seam.rebase(final(0.0, 2.0, ("here", 1.6, 2.0)), leg))
    assert (before.start, before.duration, told(before)) == (0.0, 2.0, [("here", 1.6, 2.0)])
    behind = results(seam.rebase(final(2.0, 4.0, ("there", 2.0, 2.5)), leg))
    assert (behind.start, behind.duration, told(behind)) == (10.0, 2.0, [("there", 10.0, 10.5)])


def test_search_hits_and_every_reading_are_moved_and_trimmed(broken_off: Seam, word: MakeWord) -> None:
    readings = tuple(
        Alternative(transcript=f"two {last}", confidence=0.9, words=(word("two", 0.1, 0.45), word(last, 0.9, 1.2)))
        for last in ("three", "tree")
    )
    search = Search(
        query="t",
        hits=(SearchHit(confidence=1.0, start=0.1, end=0.4), SearchHit(confidence=0.8, start=0.9, end=1.2)),
    )
    message = Results(
        channel_index=(0, 1),
        start=0.0,
        duration=2.0,
        is_final=True,
        channel=Channel(alternatives=readings, search=(search,)),
        metadata=ResultsMetadata(request_id="r"),
        entities=(Entity(label="N", value="three", confidence=1.0, start_word=1, end_word=2),),
    )
    moved = results(broken_off.rebase(message, at(4.5)))
    assert [alternative.transcript for alternative in moved.channel.alternatives] == ["three", "tree"]
    assert [w.start for a in moved.channel.alternatives for w in a.words] == [5.4, 5.4]
    assert moved.channel.search == (replace(search, hits=(SearchHit(confidence=0.8, start=5.4, end=5.7),)),)
    assert moved.entities is UNSET


def test_the_text_stays_literal_when_no_word_was_taken_out(final: MakeFinal) -> None:
    message = final(0.0, 2.0, ("hello", 0.5, 0.9))
    literal = replace(message.channel.alternatives[0], transcript="Hello,  there")
    message = replace(message, channel=Channel(alternatives=(literal,)))
    assert results(Seam().rebase(message, at(7.0))).transcript == "Hello,  there"


def test_a_result_without_alternatives_covers_its_span(final: MakeFinal) -> None:
    seam = Seam()
    message = replace(final(0.0, 2.0), channel=Channel(alternatives=()))
    assert results(seam.rebase(message, at(1.0))).channel.alternatives == ()
    assert seam.covered_audio_s == 3.0
