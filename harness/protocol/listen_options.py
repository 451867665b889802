"""The query string of `/v1/listen` as one frozen value, and the two ways between value and text.

Reading here is deserialisation only: what one parameter demands of another is judged in `query_rules`, because a
client under test may well want to send what a server must refuse.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.models import DEFAULT_MODEL
from harness.protocol.parameters import BY_NAME, DECIMAL, PARAMETERS, TEXT, Endpoint, Kind, Parameter, wire_text
from harness.protocol.refusal import INVALID_QUERY_STRING, Refusal, invalid_query, shown

DEFAULT_ENDPOINTING_MS: Final = 10

_RAW: Final = frozenset(Encoding)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """What a client asks for, streaming and pre-recorded alike.

    The fields are the rows of `parameters.PARAMETERS` under their wire names; None is «not sent», which is not the same
    as «sent as the default». Repeated keys are tuples, in order; lists are taken too, and an empty one is None.

    Attributes:
        unknown: pairs that are in no table, sent and kept as they stand; Deepgram ignores them in silence
            (deepgram-python-sdk issue 506).

    Raises:
        BadInput: a field holds something that the wire could not carry as this parameter.
    """

    model: str | None = None
    version: str | None = None
    language: str | None = None
    language_hint: tuple[str, ...] | None = None
    detect_language: tuple[str, ...] | None = None
    tier: str | None = None
    encoding: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    multichannel: bool | None = None
    interim_results: bool | None = None
    endpointing: int | bool | None = None
    utterance_end_ms: int | None = None
    vad_events: bool | None = None
    vad_turnoff: int | None = None
    no_delay: bool | None = None
    punctuate: bool | None = None
    smart_format: bool | None = None
    numerals: bool | None = None
    dictation: bool | None = None
    profanity_filter: bool | None = None
    filler_words: bool | None = None
    paragraphs: bool | None = None
    utterances: bool | None = None
    utt_split: float | None = None
    measurements: bool | None = None
    redact: tuple[str, ...] | None = None
    replace: tuple[str, ...] | None = None
    diarize: bool | None = None
    diarize_model: str | None = None
    diarize_version: str | None = None
    detect_entities: bool | None = None
    search: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    keyterm: tuple[str, ...] | None = None
    summarize: bool | str | None = None
    sentiment: bool | None = None
    topics: bool | None = None
    custom_topic: tuple[str, ...] | None = None
    custom_topic_mode: str | None = None
    intents: bool | None = None
    custom_intent: tuple[str, ...] | None = None
    custom_intent_mode: str | None = None
    callback: str | None = None
    callback_method: str | None = None
    tag: tuple[str, ...] | None = None
    extra: tuple[str, ...] | None = None
    mip_opt_out: bool | None = None
    log_data: str | None = None
    ner: str | None = None
    debug: bool | None = None
    unknown: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for parameter in PARAMETERS:
            value = _plain(parameter.kind, getattr(self, parameter.name))
            if value is not None and not parameter.kind.holds(value):
                raise BadInput(f"{parameter.name} is {value!r}; wanted {parameter.kind.wanted}")
            object.__setattr__(self, parameter.name, value)
        if not all(TEXT.holds(text) for pair in self.unknown for text in pair):
            raise BadInput(f"unknown is {self.unknown!r}; wanted pairs of {TEXT.wanted}")

    def to_query(self) -> str:
        """The query string, without `?`: the rows in table order, then the unknown pairs; blanks are `%20`."""
        pairs: list[tuple[str, str]] = []
        for parameter in PARAMETERS:
            value = getattr(self, parameter.name)
            if value is not None:
                values = value if parameter.kind.repeatable else (value,)
                pairs += [(parameter.name, wire_text(item)) for item in values]
        return urlencode([*pairs, *self.unknown], quote_via=quote)

    def for_endpoint(self, endpoint: Endpoint) -> ListenOptions:
        """The same wishes without what that endpoint does not read, such as `interim_results` for a posted file."""
        unread: dict[str, Any] = {row.name: None for row in PARAMETERS if endpoint not in row.endpoints}
        return dataclasses.replace(self, **unread)

    @property
    def raw_format(self) -> AudioFormat | None:
        """The declared format of raw audio; None for a container, a codec, or raw audio without its rate.

        Raises:
            BadInput: the options were built by hand with a rate or channel count that no `AudioFormat` has.
        """
        if self.raw_encoding is None or self.sample_rate is None:
            return None
        return AudioFormat(self.raw_encoding, self.sample_rate, self.effective_channels)

    @property
    def raw_encoding(self) -> Encoding | None:
        """The declared encoding when it is one whose seconds follow from bytes."""
        return Encoding(self.encoding) if self.encoding in _RAW else None

    @property
    def effective_model(self) -> str:
        """The model that will listen."""
        return DEFAULT_MODEL if self.model is None else self.model

    @property
    def effective_language(self) -> str:
        """The language that will be heard."""
        return "en" if self.language is None else self.language

    @property
    def effective_channels(self) -> int:
        """Interleaved channels of declared raw audio; `channels` is read only together with `encoding`."""
        return 1 if self.encoding is None or self.channels is None else self.channels

    @property
    def wants_interims(self) -> bool:
        """Whether results that are not final are to be sent."""
        return self.interim_results is True

    @property
    def endpointing_ms(self) -> int | None:
        """Milliseconds of silence that end an utterance; None when endpointing is off. `true` is the default, 10."""
        if self.endpointing is False:
            return None
        return DEFAULT_ENDPOINTING_MS if self.endpointing is None or self.endpointing is True else self.endpointing

    @property
    def punctuates(self) -> bool:
        """Whether words carry punctuation and case, asked for or implied."""
        return any((self.punctuate, self.smart_format, self.dictation, self.paragraphs, self.detect_entities))

    @property
    def diarizes(self) -> bool:
        """Whether words carry a speaker."""
        return self.diarize is True or self.diarize_model is not None

    @property
    def extra_fields(self) -> dict[str, str]:
        """`extra` as the object that `metadata.extra` repeats; of two pairs with one key the last wins."""
        return {key: value for key, colon, value in (pair.partition(":") for pair in self.extra or ()) if colon}


def read_query(query: str, endpoint: Endpoint, *, strict: bool) -> ListenOptions | Refusal:
    """Read a query string, with or without its `?`; a value that cannot be read is a refusal, never an exception."""
    # A lone surrogate cannot have come over a wire, yet callers hold text; it becomes `?`, as the encoder has it.
    text = query.removeprefix("?").encode(errors="replace").decode()
    return read_pairs(parse_qsl(text, keep_blank_values=True), endpoint, strict=strict)


def read_pairs(pairs: Iterable[tuple[str, str]], endpoint: Endpoint, *, strict: bool) -> ListenOptions | Refusal:
    """Read the decoded pairs of a query string.

    A parameter of the other endpoint is read as well when it can be, and otherwise kept as unknown, since this endpoint
    would not look at it. A second value for a key that takes one is refused when `strict`: serde, whose sentences this
    server speaks, does so, and taking either value would hide from a client that its query says two things. Otherwise
    the last one wins.
    """
    single: dict[str, Any] = {}
    repeated: dict[str, list[str]] = {}
    unknown: list[tuple[str, str]] = []
    for name, text in pairs:
        parameter = BY_NAME.get(name)
        value = None if parameter is None else parameter.kind.read(text)
        if parameter is None or (value is None and endpoint not in parameter.endpoints):
            unknown.append((name, text))
        elif value is None:
            return _unreadable(parameter, text)
        elif parameter.kind.repeatable:
            repeated.setdefault(name, []).append(text)
        elif strict and name in single and endpoint in parameter.endpoints:
            return invalid_query(f"duplicate field `{name}`")
        else:
            single[name] = value
    lists: dict[str, Any] = {name: tuple(texts) for name, texts in repeated.items()}
    return ListenOptions(**single, **lists, unknown=tuple(unknown))


def _unreadable(parameter: Parameter, text: str) -> Refusal:
    if parameter.kind.problem is None:
        return INVALID_QUERY_STRING
    return invalid_query(f"{parameter.name}: {parameter.kind.problem.replace('{text}', shown(text))}")


def _plain(kind: Kind, value: object) -> object:
    """What people write in Python and TOML, as the one form that is kept."""
    if isinstance(value, list | tuple):
        return tuple(value) or None
    if isinstance(value, str):
        return str(value)  # a member of a StrEnum, such as `Encoding.LINEAR16`, becomes its text
    return float(value) if kind is DECIMAL and type(value) is int else value
