"""References with alternatives, `{colour / color}`, as NIST's STM files write them: the one that fits best counts.

`@` stands for nothing: `{uh / @} yes` may have the filler or not. Where a slash stands between spaces, as NIST has it,
slashes within words divide nothing: `{24/7 / all day}` has two alternatives, and so has `{colour/color}`. Groups do not
nest. Every piece is normalised for itself, so that braces and slashes are never taken for text; a normaliser that looks
across words (numbers) does not look across the edge of a group.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import BadInput
from harness.scoring.normalize import Normalizer

_GROUP = re.compile(r"\{([^{}]*)\}")
_SPACED_SLASH = re.compile(r"(?:^|(?<=\s))/(?=\s|$)")


@dataclass(frozen=True, slots=True)
class _Route:
    """The alternatives taken so far to come to a place, and the errors on the way."""

    errors: int
    words: tuple[str, ...] = ()
    before: _Route | None = None

    def all_words(self) -> list[str]:
        parts: list[tuple[str, ...]] = []
        route: _Route | None = self
        while route is not None:
            parts.append(route.words)
            route = route.before
        return [word for words in reversed(parts) for word in words]


def has_alternates(reference: str) -> bool:
    """Whether there is anything to choose."""
    return "{" in reference or "}" in reference


def best_reference(reference: str, hypothesis: str, normalizer: Normalizer, name: str) -> str:
    """The reference, normalised, with the alternatives that leave the fewest word errors; the first of equals.

    Exact: the edit distance to a network of words, as NIST sclite scores one.

    Args:
        reference: as written.
        hypothesis: as heard.
        normalizer: for both.
        name: what messages call the reference.

    Raises:
        BadInput: a brace has no partner, or groups nest.
    """
    if not has_alternates(reference):
        return normalizer(reference)
    heard = normalizer(hypothesis).split()
    routes = [_Route(place) for place in range(len(heard) + 1)]
    for choices in _slots(reference, normalizer, name):
        ends = [_through(routes, words, heard) for words in choices]
        routes = [min(column, key=lambda route: route.errors) for column in zip(*ends, strict=True)]
    return " ".join(routes[-1].all_words())


def _slots(reference: str, normalizer: Normalizer, name: str) -> list[list[tuple[str, ...]]]:
    """Each stretch of the reference as the word sequences that it may be."""
    slots: list[list[tuple[str, ...]]] = []
    for number, piece in enumerate(_GROUP.split(reference)):
        if number % 2:
            slots.append([_words(choice, normalizer) for choice in _choices(piece)])
        elif has_alternates(piece):
            raise BadInput(f"{name}: a brace without its partner, or braces within braces, in {reference[:60]!r}")
        else:
            slots.append([_words(piece, normalizer)])
    return slots


def _choices(group: str) -> list[str]:
    spaced = _SPACED_SLASH.split(group)
    return spaced if len(spaced) > 1 else group.split("/")


def _words(text: str, normalizer: Normalizer) -> tuple[str, ...]:
    return () if text.strip() == "@" else tuple(normalizer(text).split())


def _through(routes: list[_Route], words: tuple[str, ...], heard: Sequence[str]) -> list[_Route]:
    """The best routes to each place of the hypothesis after these words: rows of Wagner and Fischer's table."""
    errors = [route.errors for route in routes]
    origin = list(range(len(routes)))
    # Insertions before the first of them have been counted on the way to `routes`.
    for word in words:
        row, came = [errors[0] + 1], [origin[0]]
        for place, said in enumerate(heard, start=1):
            steps = (
                (errors[place - 1] + (said != word), origin[place - 1]),
                (errors[place] + 1, origin[place]),
                (row[place - 1] + 1, came[place - 1]),
            )
            cost, source = min(steps, key=lambda step: step[0])
            row.append(cost)
            came.append(source)
        errors, origin = row, came
    return [_Route(cost, words, routes[source]) for cost, source in zip(errors, origin, strict=True)]
