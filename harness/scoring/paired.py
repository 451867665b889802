"""Streaming against pre-recorded on the same audio: what does streaming cost in accuracy?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import repeat

from harness.scoring.alternates import Chosen, best_reference
from harness.scoring.normalize import Normalizer
from harness.scoring.wer import CorpusScore, TextScore, score_many


@dataclass(frozen=True, slots=True)
class PairedRow:
    """Both scores of one utterance.

    Attributes:
        id: what the three mappings call it.
        streaming: the streamed transcript against the reference.
        prerecorded: the pre-recorded transcript against the same reference.
        chosen: with alternatives, what each of the two was scored against.
    """

    id: str
    streaming: TextScore
    prerecorded: TextScore
    chosen: tuple[Chosen, Chosen] | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many ids are not in all three mappings, each counted exactly once.

    Attributes:
        only_in_references: ids that only the references have.
        only_in_streaming: ids that only the streamed transcripts have.
        only_in_prerecorded: ids that only the pre-recorded transcripts have.
        missing_in_references: ids that both transcripts have and the references lack.
        missing_in_streaming: ids that all but the streamed transcripts have.
        missing_in_prerecorded: ids that all but the pre-recorded transcripts have.
    """

    only_in_references: int
    only_in_streaming: int
    only_in_prerecorded: int
    missing_in_references: int
    missing_in_streaming: int
    missing_in_prerecorded: int

    @classmethod
    def of(cls, references: Mapping[str, str], streaming: Mapping[str, str], prerecorded: Mapping[str, str]) -> LeftOut:
        """Those of three mappings."""
        in_references, in_streaming, in_prerecorded = references.keys(), streaming.keys(), prerecorded.keys()
        return cls(
            only_in_references=len(in_references - in_streaming - in_prerecorded),
            only_in_streaming=len(in_streaming - in_references - in_prerecorded),
            only_in_prerecorded=len(in_prerecorded - in_references - in_streaming),
            missing_in_references=len((in_streaming & in_prerecorded) - in_references),
            missing_in_streaming=len((in_references & in_prerecorded) - in_streaming),
            missing_in_prerecorded=len((in_references & in_streaming) - in_prerecorded),
        )


@dataclass(frozen=True, slots=True)
class PairedScore:
    """Both sides over the ids that all three mappings have.

    Attributes:
        rows: one per scored id, in the order of the references.
        streaming: the streamed side, added up over the rows.
        prerecorded: the pre-recorded side, added up over the rows.
        left_out: the other ids, counted.
    """

    rows: tuple[PairedRow, ...]
    streaming: CorpusScore
    prerecorded: CorpusScore
    left_out: LeftOut


def score_pairs(
    references: Mapping[str, str],
    streaming: Mapping[str, str],
    prerecorded: Mapping[str, str],
    normalizer: Normalizer,
    *,
    alternates: bool = False,
) -> PairedScore:
    """Score both transcripts of every id that all three mappings have; each mapping is from id to text.

    Args:
        references: what was said.
        streaming: what streaming heard.
        prerecorded: what pre-recorded heard.
        normalizer: for all texts.
        alternates: whether references may have alternatives (`harness.scoring.alternates`). Each side is then scored
            against those that fit it best, and the two references of an id may differ in length.

    Raises:
        BadInput: alternatives are malformed; the sentence names the id.
    """
    ids = [id_ for id_ in references if id_ in streaming and id_ in prerecorded]
    # The two sides of an id lie next to each other, so its reference is normalised once, however many ids there are.
    said = [references[id_] for id_ in ids for _ in ("streaming", "prerecorded")]
    heard = [side[id_] for id_ in ids for side in (streaming, prerecorded)]
    chosen: list[Chosen] = []
    if alternates:
        names = [f"the reference of id {id_}" for id_ in ids for _ in ("streaming", "prerecorded")]
        texts = zip(said, heard, names, strict=True)
        chosen = [best_reference(reference, hypothesis, normalizer, name) for reference, hypothesis, name in texts]
        said = [each.text for each in chosen]
        heard = [normalizer(text) for text in heard]
    # What has been normalised is not normalised again: not every normaliser is idempotent.
    scores = score_many(said, heard, replace(normalizer, apply=str) if alternates else normalizer)
    pairs = zip(chosen[::2], chosen[1::2], strict=True) if alternates else repeat(None, len(ids))
    rows = tuple(map(PairedRow, ids, scores[::2], scores[1::2], pairs))
    zero = CorpusScore.zero(normalizer)
    return PairedScore(
        rows=rows,
        streaming=sum((row.streaming.corpus for row in rows), zero),
        prerecorded=sum((row.prerecorded.corpus for row in rows), zero),
        left_out=LeftOut.of(references, streaming, prerecorded),
    )
