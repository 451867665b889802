"""The answer of `POST /v1/listen` for a timeline: words, and paragraphs and utterances when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import UNSET

from harness.protocol.messages import ModelInfo, Word
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import (
    Paragraph,
    Paragraphs,
    PrerecordedAlternative,
    PrerecordedChannel,
    PrerecordedMetadata,
    PrerecordedResponse,
    PrerecordedResults,
    PrerecordedUtterance,
    Sentence,
)
from mock_server.timeline import Timeline, alternative_of

UTTERANCE_SPLIT_AUDIO_S: Final = 0.8
"""The default of `utt_split`."""

SENTENCES_PER_PARAGRAPH: Final = 5


@dataclass(frozen=True)
class Submitted:
    """What was posted: its sha256, how long it plays, how many channels it has; and when, as RFC 3339."""

    sha256: str
    duration_audio_s: float
    channels: int
    created: str
    request_id: str


def answer(
    timeline: Timeline, options: ListenOptions, submitted: Submitted, model: ModelInfo, model_uuid: str
) -> PrerecordedResponse:
    """The response for audio in which this timeline was heard; what lies past its end was not heard."""
    punctuated = options.punctuates
    spread = timeline.spread(submitted.channels if options.multichannel else 1)
    heard = [
        tuple(_shown(word, punctuated) for word in words if word.end <= submitted.duration_audio_s + 0.1)
        for words in spread.channels
    ]
    return PrerecordedResponse(
        metadata=PrerecordedMetadata(
            transaction_key="deprecated",
            request_id=submitted.request_id,
            sha256=submitted.sha256,
            created=submitted.created,
            duration=round(submitted.duration_audio_s, 6),
            channels=len(heard),
            models=(model_uuid,),
            model_info={model_uuid: model},
        ),
        results=PrerecordedResults(
            channels=tuple(PrerecordedChannel(alternatives=(_alternative(words, options),)) for words in heard),
            utterances=tuple(_utterances(heard, options, submitted.request_id)) if options.utterances else UNSET,
        ),
    )


def resubmitted(recorded: PrerecordedResponse, submitted: Submitted) -> PrerecordedResponse:
    """A recorded response as the answer to another request for the same audio."""
    metadata = msgspec.structs.replace(
        recorded.metadata, request_id=submitted.request_id, created=submitted.created, sha256=submitted.sha256
    )
    return msgspec.structs.replace(recorded, metadata=metadata)


def _shown(word: Word, punctuated: bool) -> Word:
    return word if punctuated else msgspec.structs.replace(word, punctuated_word=UNSET)


def _alternative(words: tuple[Word, ...], options: ListenOptions) -> PrerecordedAlternative:
    heard = alternative_of(words)
    return PrerecordedAlternative(
        transcript=heard.transcript,
        confidence=heard.confidence,
        words=words,
        paragraphs=_paragraphs(words) if options.paragraphs and words else UNSET,
    )


def _sentences(words: tuple[Word, ...]) -> Iterator[tuple[Word, ...]]:
    taken: list[Word] = []
    for word in words:
        taken.append(word)
        if word.display.endswith((".", "?", "!")):
            yield tuple(taken)
            taken = []
    if taken:
        yield tuple(taken)


def _paragraphs(words: tuple[Word, ...]) -> Paragraphs:
    sentences = list(_sentences(words))
    groups = [sentences[i : i + SENTENCES_PER_PARAGRAPH] for i in range(0, len(sentences), SENTENCES_PER_PARAGRAPH)]
    return Paragraphs(
        transcript="\n" + "\n\n".join(" ".join(_text(sentence) for sentence in group) for group in groups),
        paragraphs=tuple(
            Paragraph(
                sentences=tuple(Sentence(text=_text(s), start=s[0].start, end=s[-1].end) for s in group),
                num_words=sum(map(len, group)),
                start=group[0][0].start,
                end=group[-1][-1].end,
            )
            for group in groups
        ),
    )


def _utterances(
    heard: list[tuple[Word, ...]], options: ListenOptions, request_id: str
) -> Iterator[PrerecordedUtterance]:
    split_audio_s = UTTERANCE_SPLIT_AUDIO_S if options.utt_split is None else options.utt_split
    stretches = [
        (number, stretch) for number, words in enumerate(heard) for stretch in _stretches(words, split_audio_s)
    ]
    for index, (number, words) in enumerate(sorted(stretches, key=lambda item: item[1][0].start)):
        spoken = alternative_of(words)
        yield PrerecordedUtterance(
            start=words[0].start,
            end=words[-1].end,
            confidence=spoken.confidence,
            channel=number,
            transcript=spoken.transcript,
            words=words,
            id=f"{request_id[:24]}{index:012x}",
        )


def _stretches(words: tuple[Word, ...], split_audio_s: float) -> Iterator[tuple[Word, ...]]:
    if not words:
        return
    breaks = [i + 1 for i, (a, b) in enumerate(pairwise(words)) if b.start - a.end >= split_audio_s]
    for begin, end in pairwise([0, *breaks, len(words)]):
        yield words[begin:end]


def _text(words: tuple[Word, ...]) -> str:
    return " ".join(word.display for word in words)
