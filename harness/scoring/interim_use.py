"""What a client made of a session that its finals do not say, and whether it took an interim for a final there."""

from __future__ import annotations

from harness.scoring.alignment import Alignment, align_words
from harness.scoring.evidence import Evidence, Segment
from harness.scoring.extra_errors import WordError, extra_errors, hits, word_errors
from harness.scoring.normalize import Normalizer


class InterimUse:
    """The transcript under test against the finals of its session.

    Args:
        reference: what was said.
        text: the transcript under test.
        aligned: both, normalised.
        normalise: what was done to them.
        evidence: of the session.
    """

    def __init__(
        self, reference: str, text: str, aligned: Alignment, normalise: Normalizer, evidence: Evidence
    ) -> None:
        self._heard = aligned.hypothesis
        self._normalise = normalise
        self._evidence = evidence
        self._client_made = _client_made(reference, text, aligned, normalise, evidence.final_text)

    def is_client_made(self, error: WordError) -> bool:
        """Whether the finals do not have this error, or not its word."""
        return error in self._client_made

    def shown_by(self, error: WordError) -> str | None:
        """A sentence that names the interim that the transcript has where the error is; None when it has none."""
        if error not in self._client_made:
            return None
        found = [interim for interim in self._evidence.interims if self._has(interim, error)]
        if not found:
            return None
        longest = max(found, key=lambda interim: len(interim.text))
        final = self._final_after(longest)
        replaced = "no final replaced it" if final is None else f"the final said «{final.text}»"
        where = f"from {longest.start_audio_s:.2f} to {longest.end_audio_s:.2f} s"
        return f"the transcript has the interim «{longest.text}» {where}; {replaced}"

    def _has(self, interim: Segment, error: WordError) -> bool:
        """Whether the transcript has the interim's words, all of them in a row, where the error is."""
        words, at = self._normalise(interim.text).split(), error.hypothesis_at
        for start in range(max(0, at - len(words)), at + 1) if words else ():
            end = start + len(words)
            if list(self._heard[start:end]) != words:
                continue
            if error.kind != "delete":
                if at < end:
                    return True
            elif start < at < end or (at == end and not self._goes_on(interim, len(words), end)):
                return True
        return False

    def _goes_on(self, interim: Segment, length: int, end: int) -> bool:
        """Whether the transcript goes on, after the interim's words, with some that the final has beyond them."""
        final = self._final_after(interim)
        beyond = [] if final is None else self._normalise(final.text).split()[length:]
        return end < len(self._heard) and self._heard[end] in beyond

    def _final_after(self, interim: Segment) -> Segment | None:
        """The final that replaced an interim: the one that shares most of its stretch."""
        finals = [final for final in self._evidence.finals if final.shared_audio_s(interim) > 0]
        return max(finals, key=lambda final: final.shared_audio_s(interim), default=None)


def _client_made(
    reference: str, text: str, aligned: Alignment, normalise: Normalizer, final_text: str
) -> frozenset[WordError]:
    said, heard, settled = normalise(reference), normalise(text), normalise(final_text)
    if heard == settled:
        return frozenset()
    [(from_finals, _), (finals, _)] = align_words([settled, said], [heard, settled])
    taken = set(hits(from_finals).values())
    made = [e for e in word_errors(aligned) if e.kind != "delete" and e.hypothesis_at not in taken]
    return frozenset({*made, *extra_errors(aligned, finals)})
