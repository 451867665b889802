"""What a query asks for beyond the words: punctuation, speakers, languages, search hits, entities. Made of the words.

A recording that is replayed literally keeps what was recorded; this is for what is said anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.messages import Alternative, Channel, Entity, Search, SearchHit, Word
from harness.protocol.options import ListenOptions
from mock_server.timeline import alternative_of, bare

MULTI: Final = "multi"
SPOKEN_LANGUAGE: Final = "en"
"""The language of words that do not say theirs."""

SPEAKER_CONFIDENCE: Final = 0.9
ENTITY_CONFIDENCE: Final = 0.9
DIARIZE_INFO: Final = {"model_uuid": "d9a55000-0000-4000-8000-000000000002", "arch": "synthetic"}

# fmt: off
_NUMBERS: Final = frozenset(
    {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
        "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million",
    }
)
# fmt: on
# fmt: off
_DATES: Final = frozenset(
    {
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow",
        "yesterday", "january", "february", "april", "june", "july", "august", "september", "october",
        "november", "december",
    }
)
# fmt: on


def shown(word: Word, options: ListenOptions, *, live: bool) -> Word:
    """A word with the fields that were asked for, and no others; `speaker_confidence` exists only off line."""
    diarized = options.diarizes
    speaker = 0 if word.speaker is UNSET else word.speaker
    language = SPOKEN_LANGUAGE if word.language is UNSET else word.language
    return Word(
        word=word.word,
        start=word.start,
        end=word.end,
        confidence=word.confidence,
        punctuated_word=word.punctuated_word if options.punctuates else UNSET,
        speaker=speaker if diarized else UNSET,
        speaker_confidence=SPEAKER_CONFIDENCE if diarized and not live else UNSET,
        language=language if options.language == MULTI else UNSET,
    )


def languages_of(words: Sequence[Word], options: ListenOptions) -> dict[str, Any]:
    """`languages`, the most spoken first, and `languages_hinted`, as far as they were asked for."""
    fields: dict[str, Any] = {}
    if options.language == MULTI:
        spoken = Counter(word.language for word in words if word.language is not UNSET)
        fields["languages"] = tuple(name for name, _ in spoken.most_common()) or (SPOKEN_LANGUAGE,)
    if options.language_hint:
        fields["languages_hinted"] = options.language_hint
    return fields


def alternative(words: tuple[Word, ...], options: ListenOptions) -> Alternative:
    """The one alternative of a stretch of speech on a stream."""
    fields = languages_of(words, options)
    return replace(alternative_of(words), **fields) if fields else alternative_of(words)


def channel(words: tuple[Word, ...], options: ListenOptions, *, is_final: bool) -> Channel:
    """The `channel` of Results; hits of `search` come with finals only."""
    terms = options.search if is_final else None
    return Channel(alternatives=(alternative(words, options),), search=search(words, terms) if terms else UNSET)


def search(words: Sequence[Word], terms: Sequence[str]) -> tuple[Search, ...]:
    """Where each term was said, word for word; Deepgram's search also finds what only sounds like it."""
    return tuple(Search(query=term, hits=tuple(_hits(words, term))) for term in terms)


def entities(words: Sequence[Word]) -> tuple[Entity, ...]:
    """Numbers and dates, the longest runs of them; `end_word` is exclusive."""
    labels = [_label(word) for word in words]
    found: list[Entity] = []
    begin = 0
    while begin < len(words):
        label, end = labels[begin], begin + 1
        while label is not None and end < len(words) and labels[end] == label:
            end += 1
        if label is not None:
            found.append(_entity(label, words, begin, end))
        begin = end
    return tuple(found)


def _hits(words: Sequence[Word], term: str) -> Iterator[SearchHit]:
    wanted = [bare(token) for token in term.split()]
    for begin in range(len(words) - len(wanted) + 1 if wanted else 0):
        said = words[begin : begin + len(wanted)]
        if [bare(word.word) for word in said] == wanted:
            yield SearchHit(
                confidence=1.0,
                start=said[0].start,
                end=max(word.end for word in said),
                snippet=" ".join(word.word for word in said),
            )


def _label(word: Word) -> str | None:
    plain = bare(word.word)
    if plain in _NUMBERS or plain.isdecimal():
        return "CARDINAL"
    return "DATE" if plain in _DATES else None


def _entity(label: str, words: Sequence[Word], begin: int, end: int) -> Entity:
    return Entity(
        label=label,
        value=" ".join(bare(word.display) for word in words[begin:end]),
        raw_value=" ".join(word.word for word in words[begin:end]),
        confidence=ENTITY_CONFIDENCE,
        start_word=begin,
        end_word=end,
    )
