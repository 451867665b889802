"""Why streaming has errors that pre-recorded does not have: each is given one cause, by evidence of the session.

Rules are tried in the order in which `Cause` lists them, the strongest evidence first; the first that holds decides.
docs/reference/causes.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from harness.ledger import WORD_SLACK_AUDIO_S
from harness.scoring.alignment import Alignment, align_words
from harness.scoring.error_times import ErrorTimes
from harness.scoring.evidence import Evidence, Segment
from harness.scoring.extra_errors import WordError, extra_errors
from harness.scoring.interim_use import InterimUse
from harness.scoring.normalize import Normalizer
from harness.scoring.places import Places
from harness.scoring.respelling import Spelling, Stretch
from harness.scoring.text_hints import TextHints
from harness.scoring.word_times import Hearing, Interval, token_times

JOIN_SLACK_AUDIO_S: Final = 0.25
"""Two connections time the same word differently; so far from a join it may still be the word at the join."""


class Cause(StrEnum):
    """Why an error is there, in the order in which evidence is looked for."""

    INTERIM_AS_FINAL = "interim used as final"
    FORMATTING = "formatting or normaliser"
    LOST_AUDIO = "lost audio"
    TAIL_LOST = "tail lost at close"
    SEAM = "seam after reconnect"
    SEGMENT_CUT = "segment cut"
    RECOGNITION = "recognition"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Attribution:
    """One extra error and its cause.

    Attributes:
        error: which words, and where in the two normalised texts.
        cause: why.
        start_audio_s: where in the source it lies; None when no word has a time.
        evidence: one sentence that says what shows it.
    """

    error: WordError
    cause: Cause
    start_audio_s: float | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Attributed:
    """The extra errors of one text.

    Attributes:
        attributions: one for each error that streaming has and pre-recorded does not, in order.
        fewer: errors that pre-recorded has and streaming does not.
        normalizer: label of the normaliser of both.
        channel: whose text it is; None where that of several was joined.
    """

    attributions: tuple[Attribution, ...]
    fewer: int
    normalizer: str
    channel: int | None = None


def attribute(
    reference: str,
    streaming: Hearing,
    prerecorded: Hearing,
    normalise: Normalizer,
    evidence: Evidence | None,
) -> Attributed:
    """Give each extra error of streaming its cause.

    Args:
        reference: what was said.
        streaming: the transcript under test: what the client made of the session.
        prerecorded: what was heard in the same audio as a file.
        normalise: what both are scored under.
        evidence: of the session; None when there are texts only, which can show a difference of writing and no more.
    """
    said, streamed, posted = map(normalise, (reference, streaming.text, prerecorded.text))
    [(ours, _), (theirs, _)] = align_words([said] * 2, [streamed, posted])
    return _attributed(reference, streaming, prerecorded, normalise, evidence, (ours, theirs), None)


def attribute_texts(
    reference: str,
    heard: tuple[str, str],
    normalise: Normalizer,
    aligned: tuple[Alignment, Alignment],
    places: tuple[Places, Places] | None = None,
) -> Attributed:
    """The same of texts alone, which are aligned already.

    Args:
        reference: what was said; of alternatives, those that streaming was scored against.
        heard: what streaming and pre-recorded heard.
        normalise: what both are scored under.
        aligned: each of them beside the reference that it was scored against.
        places: of the words of these references, where the two are not the same.
    """
    streaming, prerecorded = map(Hearing, heard)
    return _attributed(reference, streaming, prerecorded, normalise, None, aligned, places)


def _attributed(
    reference: str,
    streaming: Hearing,
    prerecorded: Hearing,
    normalise: Normalizer,
    evidence: Evidence | None,
    aligned: tuple[Alignment, Alignment],
    places: tuple[Places, Places] | None,
) -> Attributed:
    ours, theirs = aligned
    if ours.hypothesis_text == theirs.hypothesis_text:
        return Attributed((), 0, normalise.label)
    errors = extra_errors(ours, theirs, places)
    fewer = len(extra_errors(theirs, ours, places and places[::-1]))
    if not errors:
        return Attributed((), fewer, normalise.label)
    session = _Session(reference, streaming, prerecorded, normalise, evidence, aligned, places)
    return Attributed(tuple(map(session.attribution, errors)), fewer, normalise.label)


class _Session:
    """Everything that the rules look at."""

    def __init__(
        self,
        reference: str,
        streaming: Hearing,
        prerecorded: Hearing,
        normalise: Normalizer,
        evidence: Evidence | None,
        aligned: tuple[Alignment, Alignment],
        places: tuple[Places, Places] | None,
    ) -> None:
        ours, theirs = aligned
        self._evidence = Evidence() if evidence is None else evidence
        self._texts_only = evidence is None
        self._times = ErrorTimes(
            ours,
            token_times(streaming, ours.hypothesis, normalise),
            theirs,
            token_times(prerecorded, theirs.hypothesis, normalise),
            self._evidence.source_audio_s,
        )
        self._spelling = Spelling(reference, streaming.text, ours, normalise)
        self._respelled: dict[Stretch, list[tuple[Stretch, str]]] = {}
        # Not every error asks for them, and of many thousand utterances they would take most of the time.
        self._hints = cache(lambda: TextHints(streaming.text, ours, prerecorded.text, theirs, normalise, places))
        self._interims = cache(lambda: InterimUse(reference, streaming.text, ours, normalise, self._evidence))

    def attribution(self, error: WordError) -> Attribution:
        """The cause of one error."""
        interval = self._times.interval(error)
        start_audio_s = None if interval is None else round(interval[0], 3)
        for cause, rule in self._rules(error):
            shown = rule(error)
            if shown is not None:
                return Attribution(error, cause, start_audio_s, shown)
        return Attribution(error, Cause.UNEXPLAINED, start_audio_s, self._why_unexplained(error))

    def _rules(self, error: WordError) -> Iterator[tuple[Cause, Callable[[WordError], str | None]]]:
        if self._texts_only:
            yield Cause.FORMATTING, self._formatting
        elif self._interims().is_client_made(error):
            yield Cause.INTERIM_AS_FINAL, self._interims().shown_by
            yield Cause.FORMATTING, self._formatting
            yield Cause.SEAM, self._seam
        else:
            yield Cause.FORMATTING, self._formatting
            yield Cause.LOST_AUDIO, self._lost_audio
            yield Cause.TAIL_LOST, self._tail_lost
            yield Cause.SEAM, self._seam
            yield Cause.SEGMENT_CUT, self._segment_cut
            yield Cause.RECOGNITION, self._recognition

    # --- the rules: a sentence of evidence, or None -----------------------------------------------------------------

    def _formatting(self, error: WordError) -> str | None:
        """Both sides are the same words written otherwise, unless two finals have a part each."""
        for part, shown in self._respelled_around(error):
            finals = {self._final_of(place) for place in range(part.hypothesis_from, part.hypothesis_to)}
            if part.holds(error) and len(finals - {None}) < 2:
                return shown
        return None

    def _lost_audio(self, error: WordError) -> str | None:
        """The word lies in audio that the server never had, or at its edge."""
        interval = self._times.interval(error)
        for gap in self._evidence.missing:
            if interval and _reaches(interval, (gap.start_audio_s, gap.end_audio_s), WORD_SLACK_AUDIO_S):
                return f"{_at(interval)}; {gap.sentence}"
        return None

    def _tail_lost(self, error: WordError) -> str | None:
        """The word lies after all finals that have words, and none covers it; or the end of the last one cuts it."""
        interval, evidence = self._times.interval(error), self._evidence
        if interval is None or error.kind == "insert":
            return None
        middle_audio_s = _middle(interval)
        after_all = middle_audio_s > evidence.last_words_audio_s and evidence.final_over(middle_audio_s) is None
        cut_off = interval[1] > evidence.last_final_audio_s + WORD_SLACK_AUDIO_S
        if not after_all and not cut_off:
            return None
        last = f"the last final with words ended at {evidence.last_words_audio_s:.2f} s"
        return f"{_at(interval)}; {self._arrived}, but {last if evidence.final_text else 'no final had words'}"

    def _seam(self, error: WordError) -> str | None:
        """The word lies where one connection goes on from another."""
        interval = self._times.interval(error)
        for join in self._evidence.joins:
            if interval and _reaches(interval, (join.start_audio_s, join.end_audio_s), JOIN_SLACK_AUDIO_S):
                where = f"between {join.start_audio_s:.2f} and {join.end_audio_s:.2f} s"
                return f"{_at(interval)}; connection {join.leg} goes on from the one before it {where}"
        return None

    def _segment_cut(self, error: WordError) -> str | None:
        """The word lies at the boundary of two finals."""
        interval = self._times.interval(error)
        if interval is None:
            return None
        reach = interval[0] - WORD_SLACK_AUDIO_S, interval[1] + WORD_SLACK_AUDIO_S
        final = next(self._evidence.cuts_near(*reach), None)
        if final is None:
            return None
        by = "an endpoint" if final.endpoint else "length or request"
        return f"{_at(interval)}; {by} ended a final at {final.end_audio_s:.2f} s"

    def _recognition(self, error: WordError) -> str | None:
        """A final heard its audio, away from every edge."""
        interval = self._times.interval(error)
        final = None if interval is None else self._evidence.final_over(_middle(interval))
        if interval is None or final is None:
            return None
        where = f"from {final.start_audio_s:.2f} to {final.end_audio_s:.2f} s"
        return f"{_at(interval)}; {self._arrived}, and the final {where} heard it so"

    # --- what they look at ------------------------------------------------------------------------------------------

    @property
    def _arrived(self) -> str:
        return f"its audio was {'delivered' if self._evidence.arrival_is_known else 'sent'}"

    def _respelled_around(self, error: WordError) -> list[tuple[Stretch, str]]:
        stretch = self._times.stretch(error)
        if stretch not in self._respelled:
            self._respelled[stretch] = self._spelling.respelled(stretch)
        return self._respelled[stretch]

    def _final_of(self, hypothesis_at: int) -> Segment | None:
        interval = self._times.heard_times[hypothesis_at]
        return None if interval is None else self._evidence.final_over(_middle(interval))

    def _why_unexplained(self, error: WordError) -> str:
        if not self._texts_only and self._interims().is_client_made(error):
            return "the finals did not have this error, and no interim shows where it comes from"
        interval = self._times.interval(error)
        if interval is None:
            hint = self._hints().about(error)
            return "no word times" + (f"; {hint}" if hint else ", and the texts hint at nothing")
        return f"{_at(interval)}; {self._arrived}, but no final covers it, although later finals came"


def _at(interval: Interval) -> str:
    return f"at {interval[0]:.2f} to {interval[1]:.2f} s"


def _middle(interval: Interval) -> float:
    return (interval[0] + interval[1]) / 2


def _reaches(interval: Interval, place: Interval, slack_audio_s: float) -> bool:
    """Whether a word lies in a place or so close to it that its times do not tell."""
    return interval[0] < place[1] + slack_audio_s and place[0] - slack_audio_s < interval[1]
