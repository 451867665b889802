"""The query parameters of `/v1/listen`: one row each, with how it is written, where it is read and who says so.

This table is the vocabulary alone. What one parameter demands of another stands in `query_rules`; the typed value that
holds a whole query string is `options.ListenOptions`, whose fields are these rows, in this order.

Sources: Deepgram's AsyncAPI (`/v1/listen`) and OpenAPI (`POST /v1/listen`) descriptions of July 2026, the feature
pages under https://developers.deepgram.com/docs, and what public SDKs and plugins send.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str
Value: TypeAlias = Scalar | tuple[str, ...]

# The largest number a 32-bit field holds. It also keeps `int()` away from the megabytes of digits a stranger may send.
MAX_WHOLE: Final = 2**32 - 1

_WHOLE = re.compile(r"[0-9]{1,10}")
_DECIMAL = re.compile(r"[0-9]{1,32}(\.[0-9]{1,32})?([eE][+-]?[0-9]{1,3})?")


class Endpoint(StrEnum):
    """The two readers of one query string: `GET /v1/listen` with an upgrade, and `POST /v1/listen`."""

    STREAMING = "streaming"
    PRERECORDED = "prerecorded"


class Mark(StrEnum):
    """How well a row or a refusal is attested.

    A refusal marked `INFERRED` is made in strict mode only: nobody has been seen to get it.
    """

    SOURCE = "published description, SDK source or captured bytes"
    DOCS = "official prose"
    REPORT = "issue thread or third-party code"
    INFERRED = "inference or one weak report"
    OURS = "a limit of this harness"


@dataclass(frozen=True)
class Kind:
    """How the values of a parameter are written.

    Attributes:
        wanted: what a value must be, in words that end a sentence.
        read: one value from its text; None when the text is not such a value.
        problem: what the server says of a text that cannot be read, `{text}` standing for that text; None when it
            names no reason. Its query parser is Rust's serde, so far as captured sentences show, and so are these.
        repeatable: whether the key may come more than once; the values then form a tuple.
    """

    wanted: str
    read: Callable[[str], Scalar | None]
    problem: str | None
    repeatable: bool = False

    def holds(self, value: object) -> bool:
        """Whether `value` is what reading its own text would give: the right type, and inside the type's range."""
        if self.repeatable:
            return isinstance(value, tuple) and all(isinstance(item, str) and _text(item) == item for item in value)
        if not isinstance(value, bool | int | float | str):
            return False
        again = self.read(wire_text(value))
        return type(again) is type(value) and again == value


def wire_text(value: Scalar) -> str:
    """One value as it stands in a query string; the API takes lower-case booleans only (python-sdk PR 712)."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _text(text: str) -> str | None:
    """Any text that can be written to a wire: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _whole(text: str) -> int | None:
    if not _WHOLE.fullmatch(text) or int(text) > MAX_WHOLE:
        return None
    return int(text)


def _decimal(text: str) -> float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _flag_or_whole(text: str) -> bool | int | None:
    flag = _flag(text)
    return _whole(text) if flag is None else flag


def _one_of(*words: str) -> Kind:
    ticked = [f"`{word}`" for word in words]
    expected = " or ".join(ticked) if len(words) == 2 else "one of " + ", ".join(ticked)

    def read(text: str) -> str | None:
        return text if text in words else None

    return Kind(expected, read, f"unknown variant `{{text}}`, expected {expected}")


def _flag_or(word: str) -> Kind:
    def read(text: str) -> bool | str | None:
        return text if text == word else _flag(text)

    expected = f"one of `true`, `false`, `{word}`"
    return Kind(expected, read, f"unknown variant `{{text}}`, expected {expected}")


FLAG: Final = Kind("`true` or `false`, in lower case", _flag, "provided string was not `true` or `false`")
WHOLE: Final = Kind(f"a whole number from 0 to {MAX_WHOLE}", _whole, "invalid digit found in string")
DECIMAL: Final = Kind("a number, zero or more", _decimal, "invalid float literal")
# The live server answered `endpointing=banana` with a sentence that names nothing (read off it on 2026-09-07).
FLAG_OR_WHOLE: Final = Kind("a whole number, `true` or `false`", _flag_or_whole, None)
TEXT: Final = Kind("text of valid Unicode", _text, None)
TEXTS: Final = Kind("a list of text of valid Unicode", _text, None, repeatable=True)

ENCODINGS: Final = (
    "linear16",
    "linear32",
    "flac",
    "alaw",
    "mulaw",
    "amr-nb",
    "amr-wb",
    "opus",
    "ogg-opus",
    "speex",
    "g729",
)

_BOTH: Final = frozenset(Endpoint)
_LIVE: Final = frozenset({Endpoint.STREAMING})
_REST: Final = frozenset({Endpoint.PRERECORDED})


@dataclass(frozen=True)
class Parameter:
    """One row.

    Attributes:
        name: the key, as the wire has it.
        kind: how its value is written.
        endpoints: who reads it; the other one ignores it.
        default: the effective value when it is not sent, as text; None when there is none.
        mark: how well the row is attested.
    """

    name: str
    kind: Kind
    endpoints: frozenset[Endpoint] = _BOTH
    default: str | None = None
    mark: Mark = Mark.SOURCE


PARAMETERS: Final[tuple[Parameter, ...]] = (
    # model and language
    Parameter("model", TEXT, default="base-general", mark=Mark.DOCS),  # live: AsyncAPI names no default
    Parameter("version", TEXT, default="latest"),
    Parameter("language", TEXT, default="en"),
    Parameter("language_hint", TEXTS),  # Python SDK 7.17.0; not in the description of July 2026
    Parameter("detect_language", TEXTS, _REST, "false"),  # `true`, or the tags to choose from
    Parameter("tier", TEXT, mark=Mark.DOCS),  # deprecated; part of the model name since
    # audio
    Parameter("encoding", _one_of(*ENCODINGS)),
    # The OpenAPI description leaves these two to the live endpoint, yet raw bytes cannot be read without them.
    Parameter("sample_rate", WHOLE),
    Parameter("channels", WHOLE, default="1"),
    Parameter("multichannel", FLAG, default="false"),
    # when to speak
    Parameter("interim_results", FLAG, _LIVE, "false"),
    Parameter("endpointing", FLAG_OR_WHOLE, _LIVE, "10"),
    Parameter("utterance_end_ms", WHOLE, _LIVE),
    Parameter("vad_events", FLAG, _LIVE, "false"),
    Parameter("vad_turnoff", WHOLE, _LIVE),  # the older endpointing
    Parameter("no_delay", FLAG, _LIVE, "false"),  # undescribed; sent by LiveKit and the Rust SDK
    # how to write
    Parameter("punctuate", FLAG, default="false"),
    Parameter("smart_format", FLAG, default="false"),
    Parameter("numerals", FLAG, default="false"),
    Parameter("dictation", FLAG, default="false"),
    Parameter("profanity_filter", FLAG, default="false"),
    Parameter("filler_words", FLAG, default="false"),  # live: undescribed; sent by LiveKit
    Parameter("paragraphs", FLAG, _REST, "false"),
    Parameter("utterances", FLAG, _REST, "false"),
    Parameter("utt_split", DECIMAL, _REST, "0.8"),
    Parameter("measurements", FLAG, _REST, "false"),
    # The description lists six words, the docs some fifty entity labels more, so any text passes.
    Parameter("redact", TEXTS, default="false", mark=Mark.DOCS),
    Parameter("replace", TEXTS),
    # what to listen for
    Parameter("diarize", FLAG, default="false"),  # deprecated in favour of `diarize_model`
    Parameter("diarize_model", _one_of("latest", "v1", "v2")),
    Parameter("diarize_version", TEXT, mark=Mark.DOCS),
    Parameter("detect_entities", FLAG, default="false"),
    Parameter("search", TEXTS),
    Parameter("keywords", TEXTS),
    Parameter("keyterm", TEXTS),
    Parameter("summarize", _flag_or("v2"), _REST, "false"),
    Parameter("sentiment", FLAG, _REST, "false"),
    Parameter("topics", FLAG, _REST, "false"),
    Parameter("custom_topic", TEXTS, _REST),
    Parameter("custom_topic_mode", _one_of("extended", "strict"), _REST, "extended"),
    Parameter("intents", FLAG, _REST, "false"),
    Parameter("custom_intent", TEXTS, _REST),
    Parameter("custom_intent_mode", _one_of("extended", "strict"), _REST, "extended"),
    # delivery and bookkeeping
    Parameter("callback", TEXT),
    Parameter("callback_method", _one_of("POST", "GET", "PUT", "DELETE"), default="POST"),
    Parameter("tag", TEXTS),
    Parameter("extra", TEXTS),
    Parameter("mip_opt_out", FLAG, default="false"),
    # The next two are legacy: no source tells their type, so any text passes.
    Parameter("log_data", TEXT, mark=Mark.INFERRED),
    Parameter("ner", TEXT, mark=Mark.INFERRED),
    Parameter("debug", FLAG, _LIVE, "false"),  # internal: an Error frame comes before a close for a fault
)

BY_NAME: Final = {parameter.name: parameter for parameter in PARAMETERS}
