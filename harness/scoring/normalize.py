"""Named, versioned text normalisers: a score is only comparable with one made under the same name and version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache

from harness.errors import BadInput

_REMEMBERED_TEXTS = 65_536


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A way to make two spellings of the same words equal before they are compared.

    Attributes:
        name: one of the names that `normalizer` knows.
        version: changes whenever the same text could come out differently.
        apply: the function itself; two normalisers are equal by name and version alone.
    """

    name: str
    version: str
    apply: Callable[[str], str] = field(compare=False, repr=False)

    def __call__(self, text: str) -> str:
        """The text, normalised."""
        return self.apply(text)

    @property
    def label(self) -> str:
        """Name and version in one string, as scores carry it: `basic@1`."""
        return f"{self.name}@{self.version}"


@cache
def normalizer(name: str) -> Normalizer:
    """The normaliser of that name; texts it has lately seen, such as references scored again, come from a cache.

    - `none`: the text as it is.
    - `basic`: see `basic`. Any language.
    - `whisper-english`: the English rules of "Robust Speech Recognition via Large-Scale Weak Supervision" (OpenAI,
      2022, appendix C) by the whisper-normalizer package, whose version is part of ours; outer spaces are trimmed.
      It spells out contractions, turns number words into digits (so it moves word counts), and drops fillers and
      anything in brackets. It is **not** idempotent ("oh oh" gives "00", and that gives "0"): apply it once.

    Raises:
        BadInput: no normaliser has that name; the message lists those that exist.
    """
    if name not in _FACTORIES:
        raise BadInput(f"there is no normaliser named {name!r}; choose one of {', '.join(_FACTORIES)}")
    version, apply = _FACTORIES[name]()
    return Normalizer(name, version, lru_cache(maxsize=_REMEMBERED_TEXTS)(apply))


def basic(text: str) -> str:
    """Lower case without punctuation: words, one space between them. Idempotent.

    - Curly, modifier and full-width apostrophes become straight ones. An apostrophe is kept where it touches a letter
      or digit, inside a word or at its edge (`don't`, `'tis`, `Simmons'`), and dropped where it stands alone. So a
      word in single quotes keeps them: nothing in the text tells `'tis` from a quotation.
    - Hyphens, dashes and all other punctuation and symbols become a space, so they never join two words: `well-known`
      is two words, and so are `3.5` and `u.s`.
    - Letters, digits and combining marks stay, composed (NFC), whatever the script; invisible format characters
      (soft hyphen, zero-width joiners, byte order mark), variation selectors and enclosing marks vanish, and marks on
      a symbol go with it: an emoji is no word, and a keycap is its digit.
    """
    composed = unicodedata.normalize("NFC", text.lower().translate(_BASIC_TABLE))
    return " ".join(_LONE_APOSTROPHE.sub(" ", _LONE_MARKS.sub("", composed)).split())


_VARIATION_SELECTOR = "VARIATION SELECTOR"  # which glyph of the character before it, as of ❤ the red one; category Mn


class _BasicTable(dict[int, str]):
    """What `str.translate` puts for each code point, worked out from its Unicode category at first sight."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        letter_or_space = char if category[0] in "LMN" else " "
        vanishes = category in ("Cf", "Me") or _VARIATION_SELECTOR in unicodedata.name(char, "")
        self[code] = "" if vanishes else letter_or_space
        return self[code]


_BASIC_TABLE = _BasicTable({ord(apostrophe): "'" for apostrophe in "'‘’ʼ＇"})
# Marks belong to the letter before them, and `\w` does not know them; all that is left here besides them is a space.
_LONE_APOSTROPHE = re.compile(r"(?<![^\s'])'(?![^\s'])")
_LONE_MARKS = re.compile(r"(?<![^\s'])[^\w\s']+")


def _none() -> tuple[str, Callable[[str], str]]:
    return "1", str


def _basic() -> tuple[str, Callable[[str], str]]:
    return "1", basic


def _whisper_english() -> tuple[str, Callable[[str], str]]:
    from importlib.metadata import version

    from whisper_normalizer.english import EnglishTextNormalizer

    english = EnglishTextNormalizer()
    return f"1+whisper-normalizer-{version('whisper-normalizer')}", lambda text: str(english(text)).strip()


_FACTORIES: dict[str, Callable[[], tuple[str, Callable[[str], str]]]] = {
    "none": _none,
    "basic": _basic,
    "whisper-english": _whisper_english,
}
