"""The answer of `POST /v1/listen` for a timeline: words, and what else of them was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
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
from mock_server import features
from mock_server.timeline import Timeline, alternative_of

UTTERANCE_SPLIT_AUDIO_S: Final = 0.8
"""The default of `utt_split`."""

SENTENCES_PER_PARAGRAPH: Final = 5
LANGUAGE_CONFIDENCE: Final = 0.99
PAST_THE_END_AUDIO_S: Final = 0.1
"""A word may end so much after the audio: references are rounded."""


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
    spread = timeline.spread(submitted.channels if options.multichannel else 1)
    heard = [
        tuple(
            features.shown(word, options, live=False)
            for word in words
            if word.end <= submitted.duration_audio_s + PAST_THE_END_AUDIO_S
        )
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
            diarize_info=UNSET if options.diarize_model is None else dict(features.DIARIZE_INFO),
            tags=options.tag or UNSET,
            extra=options.extra_fields or UNSET,
        ),
        results=PrerecordedResults(
            channels=tuple(_channel(words, options) for words in heard),
            utterances=tuple(_utterances(heard, options, submitted.request_id)) if options.utterances else UNSET,
        ),
    )


def resubmitted(recorded: PrerecordedResponse, options: ListenOptions, submitted: Submitted) -> PrerecordedResponse:
    """A recorded response as the answer to another request for the same audio."""
    metadata = msgspec.structs.replace(
        recorded.metadata,
        request_id=submitted.request_id,
        created=submitted.created,
        sha256=submitted.sha256,
        tags=options.tag or recorded.metadata.tags,
        extra=options.extra_fields or recorded.metadata.extra,
    )
    return msgspec.structs.replace(recorded, metadata=metadata)


def _channel(words: tuple[Word, ...], options: ListenOptions) -> PrerecordedChannel:
    detects = options.detect_language not in (None, ("false",))
    return PrerecordedChannel(
        alternatives=(_alternative(words, options),),
        search=features.search(words, options.search) if options.search else UNSET,
        detected_language=features.SPOKEN_LANGUAGE if detects else UNSET,
        language_confidence=LANGUAGE_CONFIDENCE if detects else UNSET,
    )


def _alternative(words: tuple[Word, ...], options: ListenOptions) -> PrerecordedAlternative:
    heard = alternative_of(words)
    return PrerecordedAlternative(
        transcript=heard.transcript,
        confidence=heard.confidence,
        words=words,
        paragraphs=_paragraphs(words) if options.paragraphs and words else UNSET,
        entities=features.entities(words) if options.detect_entities else UNSET,
        **features.languages_of(words, options),
    )


def _sentences(words: tuple[Word, ...]) -> Iterator[tuple[Word, ...]]:
    taken: list[Word] = []
    for word, following in zip(words, (*words[1:], None), strict=True):
        taken.append(word)
        if word.display.endswith((".", "?", "!")) or (following is not None and following.speaker != word.speaker):
            yield tuple(taken)
            taken = []
    if taken:
        yield tuple(taken)


def _paragraphs(words: tuple[Word, ...]) -> Paragraphs:
    groups = list(_groups(list(_sentences(words))))
    return Paragraphs(
        transcript="\n" + "\n\n".join(" ".join(_text(sentence) for sentence in group) for group in groups),
        paragraphs=tuple(
            Paragraph(
                sentences=tuple(Sentence(text=_text(s), start=s[0].start, end=s[-1].end) for s in group),
                num_words=sum(map(len, group)),
                start=group[0][0].start,
                end=group[-1][-1].end,
                speaker=group[0][0].speaker,
            )
            for group in groups
        ),
    )


def _groups(sentences: list[tuple[Word, ...]]) -> Iterator[list[tuple[Word, ...]]]:
    """The sentences of each paragraph: a few, and all of one speaker."""
    for _, run in groupby(sentences, key=lambda sentence: sentence[0].speaker):
        spoken = list(run)
        for first in range(0, len(spoken), SENTENCES_PER_PARAGRAPH):
            yield spoken[first : first + SENTENCES_PER_PARAGRAPH]


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
            speaker=words[0].speaker,
        )


def _stretches(words: tuple[Word, ...], split_audio_s: float) -> Iterator[tuple[Word, ...]]:
    if not words:
        return
    breaks = [
        i + 1 for i, (a, b) in enumerate(pairwise(words)) if b.start - a.end >= split_audio_s or a.speaker != b.speaker
    ]
    for begin, end in pairwise([0, *breaks, len(words)]):
        yield words[begin:end]


def _text(words: tuple[Word, ...]) -> str:
    return " ".join(word.display for word in words)
