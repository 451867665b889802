"""Each recording here has errors for one reason, and every extra error must be put down to it and to nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace as replace_struct

from harness.protocol.messages import Word
from harness.scoring.causes import Attribution, Cause, attribute
from harness.scoring.normalize import normalizer
from harness.scoring.word_times import Hearing
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.settings import StreamSettings
from mock_server.script import words_from
from mock_server.timeline import bare

if TYPE_CHECKING:
    from tests.unit.causes.conftest import Change, Session, Stream

STUBBORN = StreamSettings(chunk_ms=100, reconnect=ReconnectPolicy(attempts=8, budget_s=None))
WITHOUT_PAUSES = (
    "the harbour office telephones because somebody noticed yesterday evening that your mooring rope had almost worn "
    "through and therefore our watchman fastened another line before a storm arrived from western waters"
)


def causes(found: Sequence[Attribution]) -> set[Cause]:
    return {one.cause for one in found}


def words_of(found: Sequence[Attribution]) -> list[tuple[str, str]]:
    return [(one.error.reference, one.error.hypothesis) for one in found]


def unchanged(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return words


def heard_as(said: str, heard: str) -> Change:
    """A change that hears one word otherwise, or as several that share its time."""

    def change(words: tuple[Word, ...]) -> tuple[Word, ...]:
        [at] = [number for number, word in enumerate(words) if word.word == said]
        tokens, word = heard.split(), words[at]
        step_audio_s = (word.end - word.start) / max(1, len(tokens))
        spread = (
            replace_struct(
                word,
                word=bare(token),
                punctuated_word=token,
                start=round(word.start + number * step_audio_s, 3),
                end=round(word.start + (number + 1) * step_audio_s, 3),
            )
            for number, token in enumerate(tokens)
        )
        return (*words[:at], *spread, *words[at + 1 :])

    return change


def first_word_after(session: Session, *, number: int) -> str:
    """The first word of the final after this one; in a text without pauses it follows at once."""
    before, after = session.outcome.transcript.finals()[number : number + 2]
    assert after.words[0].start - before.words[-1].end < 0.05
    return str(after.words[0].word)


def test_streaming_that_hears_the_same_has_no_extra_error(stream: Stream) -> None:
    session = stream()
    assert session.outcome.failure is None
    assert session.attributions() == ()


# --- lost audio -------------------------------------------------------------------------------------------------------


def test_audio_that_a_full_buffer_gave_up(stream: Stream) -> None:
    """A microphone cannot wait: what its buffer cannot hold during an outage is gone."""
    live = replace(STUBBORN, live=True, buffer_audio_s=6.0)
    faults = ("reset at_audio_s=5.6 leg=0", "refuse status=503 times=4 leg=1")
    gone_until_audio_s = stream(*faults, settings=live).outcome.dropped[-1].end_audio_s
    # The new connection sends bytes that no connection sent before: to the server it is a session of its own.
    heard = (unchanged, lambda words: words_from(words, gone_until_audio_s - 0.1))
    session = stream(*faults, settings=live, changes=heard)
    found = session.attributions()
    assert session.outcome.failure is None
    assert session.outcome.connections == 2
    assert words_of(found) == [
        (word, "") for word in ("somebody", "noticed", "yesterday", "evening", "that", "its", "mooring")
    ]
    assert causes(found) == {Cause.LOST_AUDIO}
    assert all("was given up" in one.evidence for one in found)


def test_audio_that_was_never_sent_because_the_connection_was_gone(stream: Stream) -> None:
    session = stream("fin message=final nth=4")
    found = session.attributions()
    assert session.outcome.failure is not None
    assert [said for said, _ in words_of(found)][:3] == ["please", "come", "and"]
    assert causes(found) == {Cause.LOST_AUDIO}
    assert all("was never sent" in one.evidence for one in found)


# --- tail lost at close -----------------------------------------------------------------------------------------------


def test_the_last_finals_never_come(stream: Stream) -> None:
    """All audio is delivered, and the server closes in good order without the finals it still owes."""
    session = stream("drop message=final at_audio_s=20.5")
    found = session.attributions()
    assert session.outcome.failure is None
    assert session.outcome.ledger.missing() == ()
    assert words_of(found) == [(word, "") for word in ("then", "telephone", "me", "whenever", "convenient")]
    assert causes(found) == {Cause.TAIL_LOST}


def test_no_final_comes_at_all(stream: Stream) -> None:
    session = stream("drop message=final")
    found = session.attributions()
    assert len(found) == len(session.said.split())
    assert causes(found) == {Cause.TAIL_LOST}
    assert "no final had words" in found[0].evidence


# --- seam after reconnect ---------------------------------------------------------------------------------------------


def test_a_word_doubled_at_the_seam(stream: Stream) -> None:
    """The second connection times the last word of the first later than that did, so that it passes for a new one."""

    def later(words: tuple[Word, ...]) -> tuple[Word, ...]:
        [at] = [number for number, word in enumerate(words) if word.word == "boat"]
        moved = replace_struct(words[at], start=words[at].end + 0.15, end=words[at].end + 0.35)
        return (*words[:at], moved, *words[at + 1 :])

    session = stream("reset at_audio_s=7.5 leg=0", changes=(unchanged, later), settings=STUBBORN)
    found = session.attributions()
    assert session.outcome.connections == 2
    assert words_of(found) == [("", "boat")]
    assert causes(found) == {Cause.SEAM}


@pytest.mark.parametrize("heard", ["out", ""])
def test_a_word_cut_at_the_seam(stream: Stream, heard: str) -> None:
    """The second connection begins in the middle of speech, and hears its first word otherwise, or not at all."""
    first = first_word_after(stream(said=WITHOUT_PAUSES), number=0)
    session = stream(
        "reset at_audio_s=8 leg=0", changes=(unchanged, heard_as(first, heard)), settings=STUBBORN, said=WITHOUT_PAUSES
    )
    found = session.attributions()
    assert session.outcome.connections == 2
    assert words_of(found) == [(first, heard)]
    assert causes(found) == {Cause.SEAM}


# --- segment cut ------------------------------------------------------------------------------------------------------


def test_an_endpoint_in_the_middle_of_a_word(stream: Stream) -> None:
    """A speaker who falters within a word: the pause ends a final, and each half is heard as a word."""

    def halved(words: tuple[Word, ...]) -> tuple[Word, ...]:
        split = heard_as("yesterday", "yes today")(words)
        [at] = [number for number, word in enumerate(split) if word.word == "yes"]
        return (*split[:at], replace_struct(split[at], end=round(split[at + 1].start - 0.25, 3)), *split[at + 1 :])

    session = stream(changes=(halved,))
    found = session.attributions()
    assert any(final.transcript.endswith("yes") for final in session.outcome.transcript.finals())
    assert sorted(words_of(found)) == [("", "yes"), ("yesterday", "today")]
    assert causes(found) == {Cause.SEGMENT_CUT}
    assert all("an endpoint" in one.evidence for one in found)


def test_halves_of_a_word_in_two_finals_are_no_matter_of_writing(stream: Stream) -> None:
    def halved(words: tuple[Word, ...]) -> tuple[Word, ...]:
        split = heard_as("everything", "every thing")(words)
        [at] = [number for number, word in enumerate(split) if word.word == "every"]
        return (*split[:at], replace_struct(split[at], end=round(split[at + 1].start - 0.25, 3)), *split[at + 1 :])

    found = stream(changes=(halved,)).attributions()
    assert len(found) == 2
    assert causes(found) == {Cause.SEGMENT_CUT}


def test_a_segment_that_its_length_ended(stream: Stream) -> None:
    first = first_word_after(stream(said=WITHOUT_PAUSES), number=0)
    session = stream(changes=(heard_as(first, "otter"),), said=WITHOUT_PAUSES)
    found = session.attributions()
    assert words_of(found) == [(first, "otter")]
    assert causes(found) == {Cause.SEGMENT_CUT}
    assert "length or request" in found[0].evidence


# --- interim used as final --------------------------------------------------------------------------------------------


def test_a_client_that_takes_the_last_interim_of_each_segment(stream: Stream) -> None:
    session = stream()
    results = [message for _, message in session.results]
    text = " ".join(a.transcript for a, b in pairwise(results) if b.is_final and not a.is_final and a.transcript)
    found = session.attributions(text=text)
    assert len(found) >= 3
    assert causes(found) == {Cause.INTERIM_AS_FINAL}
    assert all("the final said" in one.evidence for one in found)


def test_a_client_that_appends_every_message(stream: Stream) -> None:
    session = stream()
    text = " ".join(message.transcript for _, message in session.results)
    found = session.attributions(text=text)
    assert len(found) > 20
    assert causes(found) == {Cause.INTERIM_AS_FINAL}


def test_what_a_client_leaves_out_of_the_finals_itself_is_not_put_down_to_an_interim(stream: Stream) -> None:
    session = stream()
    found = session.attributions(text=session.said.replace("mooring ", ""))
    assert words_of(found) == [("mooring", "")]
    assert causes(found) == {Cause.UNEXPLAINED}
    assert "no interim shows" in found[0].evidence


# --- formatting or normaliser -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("twenty one", "21"),
        ("mister", "Mr."),
        ("colour", "color"),
        ("sail boat", "sailboat"),
        ("ninety percent", "90%"),
    ],
)
def test_the_same_words_written_otherwise(stream: Stream, said: str, heard: str) -> None:
    def written(words: tuple[Word, ...]) -> tuple[Word, ...]:
        at = [word.word for word in words].index(said.split()[0])
        last = at + len(said.split()) - 1
        one = replace_struct(words[at], word=bare(heard), punctuated_word=heard, end=words[last].end)
        return (*words[:at], one, *words[last + 1 :])

    found = stream(changes=(written,), said=f"we counted {said} items after all of them had arrived").attributions()
    assert len(found) == len(said.split())
    assert causes(found) == {Cause.FORMATTING}


# --- recognition ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "heard"), [("mooring", "morning"), ("mooring", "mooring wing")])
def test_another_word_in_the_middle_of_a_final(stream: Stream, said: str, heard: str) -> None:
    found = stream(changes=(heard_as(said, heard),)).attributions()
    assert len(found) == 1
    assert causes(found) == {Cause.RECOGNITION}
    assert found[0].start_audio_s == pytest.approx(8.275, abs=0.3)


def test_a_short_word_that_is_not_heard_in_the_middle_of_a_final(stream: Stream) -> None:
    found = stream(changes=(heard_as("a", ""),), said=WITHOUT_PAUSES).attributions()
    assert words_of(found) == [("a", "")]
    assert causes(found) == {Cause.RECOGNITION}


# --- unexplained ------------------------------------------------------------------------------------------------------


def test_a_final_that_is_missing_between_others_has_no_cause_here(stream: Stream) -> None:
    session = stream("drop message=final nth=2")
    found = session.attributions()
    assert [said for said, _ in words_of(found)] == [
        "this",
        "is",
        "the",
        "harbour",
        "office",
        "speaking",
        "about",
        "your",
        "sailing",
        "boat",
    ]
    assert causes(found) == {Cause.UNEXPLAINED}
    assert "no final covers it" in found[0].evidence


def test_texts_alone_show_writing_and_nothing_else(stream: Stream) -> None:
    found = attribute(
        "we counted twenty one items and left",
        Hearing("we counted 21 times"),
        Hearing("we counted twenty one items and left"),
        normalizer("basic"),
        None,
    ).attributions
    assert [one.cause for one in found if one.error.reference in ("twenty", "one")] == [Cause.FORMATTING] * 2
    rest = [one for one in found if one.error.reference not in ("twenty", "one")]
    assert causes(rest) == {Cause.UNEXPLAINED}
    assert {one.start_audio_s for one in found} == {None}
