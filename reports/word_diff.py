"""Two texts as one, with the words that went and the words that came: what a person reads of a changed answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

from harness.scoring.alignment import align_words
from harness.scoring.normalize import basic
from reports.figures import one_line

CONTEXT_WORDS: Final = 4
"""Words that are kept on each side of a change; those further off are left out."""
_CHARACTERS: Final = 400
_LONGEST_WORD: Final = 60
_WORDS_READ: Final = 20_000

Kind = Literal["same", "old", "new"]


class Piece(NamedTuple):
    """Some words in a row, on one line and harmless to a terminal; `same` ones are in both texts."""

    kind: Kind
    text: str


def word_diff(before: str, now: str) -> list[Piece]:
    """What changed, with a little around it and «…» for what is left out; nothing when nothing changed.

    Words that differ in case or punctuation alone are the same, and shown as in `now`, unless that is all that differs.
    """
    old, new = (text.split(maxsplit=_WORDS_READ)[:_WORDS_READ] for text in (before, now))
    if old == new:
        return []
    pieces: list[Piece] = []
    length = 0
    for piece in _shortened(_merged(old, new)):
        length += len(piece.text)
        if length > _CHARACTERS and pieces:
            return [*pieces, Piece("same", "… and more")]
        pieces.append(piece)
    return pieces


def marked(pieces: list[Piece], old: tuple[str, str], new: tuple[str, str], show: Callable[[str], str] = str) -> str:
    """The pieces as one text: signs around the words that went and those that came."""
    signs = {"same": ("", ""), "old": old, "new": new}
    return " ".join(f"{signs[kind][0]}{show(text)}{signs[kind][1]}" for kind, text in pieces)


def _merged(old: list[str], new: list[str]) -> Iterator[tuple[Kind, list[str]]]:
    """Runs of words: all that went between two that stayed, and then all that came."""
    gone: list[str] = []
    come: list[str] = []
    for kind, before, now in _runs(old, new):
        if kind != "equal":
            gone += before
            come += now
            continue
        yield from _change(gone, come)
        gone, come = [], []
        yield "same", now
    yield from _change(gone, come)


def _change(gone: list[str], come: list[str]) -> Iterator[tuple[Kind, list[str]]]:
    if gone:
        yield "old", gone
    if come:
        yield "new", come


def _runs(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    keys = _keys(old), _keys(new)
    if keys[0] == keys[1]:
        keys = " ".join(old), " ".join(new)
    ((alignment, _),) = align_words([keys[0]], [keys[1]])
    before = now = 0
    for kind, length in alignment.path:
        took = 0 if kind == "insert" else length, 0 if kind == "delete" else length
        yield kind, old[before : before + took[0]], new[now : now + took[1]]
        before, now = before + took[0], now + took[1]


def _keys(words: list[str]) -> str:
    """Each word as one token, whatever is in it: letters and digits alone where it has any."""
    return " ".join(basic(word).replace(" ", "-") or word for word in words)


def _shortened(runs: Iterator[tuple[Kind, list[str]]]) -> Iterator[Piece]:
    listed = list(runs)
    for number, (kind, words) in enumerate(listed):
        if kind == "same":
            before = CONTEXT_WORDS if number else 0
            after = CONTEXT_WORDS if number < len(listed) - 1 else 0
            words = _ends(words, before, after)
        else:
            words = _ends(words, 2 * CONTEXT_WORDS, 2 * CONTEXT_WORDS)
        yield Piece(kind, " ".join(map(_word, words)))


def _ends(words: list[str], first: int, last: int) -> list[str]:
    if len(words) <= first + last + 1:
        return words
    return [*words[:first], "…", *words[len(words) - last :]]


def _word(word: str) -> str:
    flat = one_line(word)
    return flat if len(flat) <= _LONGEST_WORD else f"{flat[: _LONGEST_WORD - 1]}…"
