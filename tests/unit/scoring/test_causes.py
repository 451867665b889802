"""Single rules on evidence made by hand; whole recordings are in tests/unit/causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from harness.scoring.causes import Attribution, Cause, attribute
from harness.scoring.evidence import Evidence, Join, MissingAudio, Segment
from harness.scoring.normalize import normalizer
from harness.scoring.word_times import Hearing

SAID = "alpha bravo charlie delta echo"


@dataclass(frozen=True)
class Spoken:
    display: str
    start: float
    end: float


def heard(text: str, *starts: float, length: float = 0.6) -> Hearing:
    words = text.split()
    times = starts or [1.0 + place for place in range(len(words))]
    return Hearing(text, tuple(Spoken(w, at, at + length) for w, at in zip(words, times, strict=True)))


ALL = heard(SAID)  # at 1, 2, 3, 4 and 5 s, each 0.6 s long


def found(streaming: Hearing, evidence: Evidence) -> Sequence[Attribution]:
    return attribute(SAID, streaming, ALL, normalizer("basic"), evidence).attributions


def one(streaming: Hearing, evidence: Evidence) -> Cause:
    [attribution] = found(streaming, evidence)
    return attribution.cause


def finals(*segments: tuple[float, float, str]) -> tuple[Segment, ...]:
    return tuple(Segment(*segment) for segment in segments)


WITHOUT_ECHO = heard("alpha bravo charlie delta")


@pytest.mark.parametrize(
    ("last_audio_s", "cause"),
    [(5.0, Cause.TAIL_LOST), (5.45, Cause.TAIL_LOST), (5.55, Cause.RECOGNITION), (9.0, Cause.RECOGNITION)],
)
def test_a_tail_is_lost_when_the_last_final_ends_before_the_word(last_audio_s: float, cause: Cause) -> None:
    """The word lies at 5.0 to 5.6 s; 0.1 s is what its times are good for."""
    text = WITHOUT_ECHO.text
    assert one(WITHOUT_ECHO, Evidence(9.0, finals((0.0, last_audio_s, text)))) is cause


def test_a_final_of_silence_behind_the_tail_does_not_bring_it_back() -> None:
    text = WITHOUT_ECHO.text
    assert one(WITHOUT_ECHO, Evidence(9.0, finals((0.0, 4.8, text), (6.0, 9.0, "")))) is Cause.TAIL_LOST


def test_a_final_that_heard_silence_in_the_tail_is_no_loss() -> None:
    text = WITHOUT_ECHO.text
    assert one(WITHOUT_ECHO, Evidence(9.0, finals((0.0, 4.7, text), (4.7, 9.0, "")))) is Cause.RECOGNITION


@pytest.mark.parametrize(("start_audio_s", "cause"), [(3.65, Cause.LOST_AUDIO), (3.75, Cause.RECOGNITION)])
def test_audio_is_lost_up_to_the_slack_of_word_times(start_audio_s: float, cause: Cause) -> None:
    """«charlie» lies at 3.0 to 3.6 s."""
    missing = (MissingAudio(start_audio_s, 3.9, "was never sent"),)
    evidence = Evidence(9.0, finals((0.0, 9.0, "alpha bravo delta echo")), missing=missing)
    assert one(heard("alpha bravo delta echo", 1, 2, 4, 5), evidence) is cause


@pytest.mark.parametrize(("at_audio_s", "cause"), [(3.8, Cause.SEAM), (3.9, Cause.RECOGNITION)])
def test_a_seam_reaches_a_quarter_of_a_second(at_audio_s: float, cause: Cause) -> None:
    evidence = Evidence(9.0, finals((0.0, 9.0, "alpha bravo delta echo")), joins=(Join(1, at_audio_s, at_audio_s),))
    assert one(heard("alpha bravo delta echo", 1, 2, 4, 5), evidence) is cause


def test_lost_audio_goes_before_the_seam_and_the_seam_before_a_segment_cut() -> None:
    streaming = heard("alpha bravo delta echo", 1, 2, 4, 5)
    segments = finals((0.0, 3.3, "alpha bravo"), (3.3, 9.0, "delta echo"))
    joins, missing = (Join(1, 3.3, 3.3),), (MissingAudio(3.2, 3.4, "was never sent"),)
    assert one(streaming, Evidence(9.0, segments)) is Cause.SEGMENT_CUT
    assert one(streaming, Evidence(9.0, segments, joins=joins)) is Cause.SEAM
    assert one(streaming, Evidence(9.0, segments, joins=joins, missing=missing)) is Cause.LOST_AUDIO


def test_of_equal_words_the_one_is_missing_that_nobody_heard_at_its_time() -> None:
    """The aligner takes the last «bravo» for the missing one; by its time it is the one in the lost audio."""
    said = "alpha bravo charlie bravo echo"
    missing = (MissingAudio(1.9, 3.7, "was never sent"),)
    evidence = Evidence(9.0, finals((0.0, 9.0, "alpha bravo echo")), missing=missing)
    lost = attribute(said, heard("alpha bravo echo", 1, 4, 5), heard(said), normalizer("basic"), evidence)
    assert [(a.error.kind, a.cause) for a in lost.attributions] == [("delete", Cause.LOST_AUDIO)] * 2


def test_both_pieces_of_a_word_that_a_boundary_cut_lie_at_the_boundary() -> None:
    """«charlie» is at 3.0 to 3.6 s by pre-recorded; streaming cut it at 2.75 s and heard two words from there on."""
    streaming = heard("alpha bravo char lee delta echo", 1, 2, 2.75, 3.2, 4, 5, length=0.45)
    evidence = Evidence(9.0, finals((0.0, 2.75, "alpha bravo"), (2.75, 9.0, "char lee delta echo")))
    assert [one.cause for one in found(streaming, evidence)] == [Cause.SEGMENT_CUT] * 2


def test_an_inserted_word_without_a_time_lies_between_its_neighbours() -> None:
    streaming = Hearing("alpha bravo charlie whisky delta echo")
    evidence = Evidence(9.0, finals((0.0, 9.0, streaming.text)), joins=(Join(1, 3.8, 3.8),))
    [attribution] = found(streaming, evidence)
    assert (attribution.cause, attribution.start_audio_s) == (Cause.SEAM, 3.6)


def test_without_times_on_either_side_the_place_is_not_known() -> None:
    evidence = Evidence(9.0, finals((0.0, 9.0, "alpha bravo delta echo")))
    [attribution] = attribute(
        SAID, Hearing("alpha bravo delta echo"), Hearing(SAID), normalizer("basic"), evidence
    ).attributions
    assert (attribution.cause, attribution.start_audio_s) == (Cause.UNEXPLAINED, None)
    assert attribution.evidence.startswith("no word times")


# --- interims ---------------------------------------------------------------------------------------------------------

WHOLE = finals((0.0, 9.0, SAID))


def test_an_interim_that_the_transcript_stops_with() -> None:
    evidence = Evidence(9.0, WHOLE, interims=(Segment(0.0, 4.0, "alpha bravo char"),))
    causes = [(a.error.reference, a.cause) for a in found(Hearing("alpha bravo char"), evidence)]
    assert causes == [(word, Cause.INTERIM_AS_FINAL) for word in ("charlie", "delta", "echo")]


def test_an_interim_that_the_transcript_goes_on_from_does_not_explain_a_gap() -> None:
    """«charlie» is missing between words that only the final has: no interim has them in a row."""
    evidence = Evidence(9.0, WHOLE, interims=(Segment(0.0, 2.8, "alpha bravo"),))
    assert one(Hearing("alpha bravo delta echo"), evidence) is Cause.UNEXPLAINED


def test_a_word_beside_an_interim_is_none_of_its_words() -> None:
    before = Evidence(9.0, WHOLE, interims=(Segment(0.0, 2.8, "alpha bravo"),))
    assert one(Hearing("alpha bravo whisky charlie delta echo"), before) is Cause.UNEXPLAINED
    behind = Evidence(9.0, WHOLE, interims=(Segment(2.0, 9.0, "charlie delta echo"),))
    assert one(Hearing("alpha charlie delta echo"), behind) is Cause.UNEXPLAINED


def test_an_interim_without_a_final_is_told() -> None:
    evidence = Evidence(9.0, finals((0.0, 2.8, "alpha bravo")), interims=(Segment(2.8, 4.0, "char"),))
    first = found(Hearing("alpha bravo char"), evidence)[0]
    assert (first.error.hypothesis, first.cause) == ("char", Cause.INTERIM_AS_FINAL)
    assert first.evidence.endswith("no final replaced it")


def test_what_the_finals_say_is_not_put_down_to_an_interim_that_says_it_too() -> None:
    text = "alpha bravo char delta echo"
    evidence = Evidence(9.0, finals((0.0, 9.0, text)), interims=(Segment(0.0, 9.0, text),))
    assert one(heard(text), evidence) is Cause.RECOGNITION


def test_a_client_that_joins_connections_without_taking_repeats_out() -> None:
    """The finals on the source's clock have each word once; the transcript under test has one twice, at the join."""
    streaming = Hearing("alpha bravo bravo charlie delta echo")
    evidence = Evidence(
        9.0, finals((0.0, 2.7, "alpha bravo"), (2.7, 9.0, "charlie delta echo")), joins=(Join(1, 2.5, 2.7),)
    )
    assert one(streaming, evidence) is Cause.SEAM
