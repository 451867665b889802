"""What a client asks of `/v2/listen`: the typed value, and the server's judgement of a query string.

Source: Deepgram's AsyncAPI for `/v2/listen` (July 2026), its prose of autumn 2026 for the wider bounds of
`eot_threshold` and `eot_timeout_ms`. Sentences follow those of `/v1/listen`; none of these was captured.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.flux_bounds import BOUNDS_OF_2026, DEFAULT_EOT_THRESHOLD, FluxBounds
from harness.protocol.listen_options import ListenOptions
from harness.protocol.models import Family, family_of
from harness.protocol.parameters import BY_NAME, DECIMAL, FLAG, TEXT, TEXTS, WHOLE, Kind, wire_text
from harness.protocol.refusal import NO_SUCH_MODEL, Refusal, invalid_query, invalid_value, shown, unsupported_parameter

DEFAULT_FLUX_MODEL: Final = "flux-general-en"
"""What our client asks for when nothing names a model; the wire has no default."""

FLUX_MULTI: Final = "flux-general-multi"
FLUX_MODELS: Final = (DEFAULT_FLUX_MODEL, FLUX_MULTI)
FLUX_ENCODINGS: Final = ("linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus")
FLUX_SAMPLE_RATES: Final = (8_000, 16_000, 24_000, 44_100, 48_000)
FLUX_REDACTIONS: Final = ("numbers", "aggressive_numbers")

_KINDS: Final[dict[str, Kind]] = {
    "model": TEXT,
    "encoding": TEXT,
    "sample_rate": WHOLE,
    "eager_eot_threshold": DECIMAL,
    "eot_threshold": DECIMAL,
    "eot_timeout_ms": WHOLE,
    "keyterm": TEXTS,
    "language_hint": TEXTS,
    "profanity_filter": FLAG,
    "numerals": FLAG,
    "redact": TEXTS,
    "mip_opt_out": FLAG,
    "tag": TEXTS,
}
_WEIGHTED: Final = re.compile(r"[^\d\s]:-?\d+(\.\d+)?$")

V1_ONLY: Final = frozenset(BY_NAME) - frozenset(_KINDS) - {"extra"}
"""Parameters of `/v1/listen` that Flux does not take: said to be refused or ignored, so refused in strict mode. `extra`
is let through: a mock goes by it where several recordings could answer."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FluxOptions:
    """What a client asks for; fields are the wire's names, None is «not sent».

    Attributes:
        unknown: pairs that are in no table, kept as they stand.

    Raises:
        BadInput: a field holds something that the wire could not carry as this parameter.
    """

    model: str | None = None
    encoding: str | None = None
    sample_rate: int | None = None
    eager_eot_threshold: float | None = None
    eot_threshold: float | None = None
    eot_timeout_ms: int | None = None
    keyterm: tuple[str, ...] | None = None
    language_hint: tuple[str, ...] | None = None
    profanity_filter: bool | None = None
    numerals: bool | None = None
    redact: tuple[str, ...] | None = None
    mip_opt_out: bool | None = None
    tag: tuple[str, ...] | None = None
    unknown: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if isinstance(value, list | tuple):
                value = tuple(value) or None
            elif kind is DECIMAL and type(value) is int:
                value = float(value)
            elif isinstance(value, str):
                value = str(value)
            if value is not None and not kind.holds(value):
                raise BadInput(f"{name} is {value!r}; wanted {kind.wanted}")
            object.__setattr__(self, name, value)

    def to_query(self) -> str:
        """The query string, without `?`, in table order, then the unknown pairs; blanks are `%20`."""
        pairs: list[tuple[str, str]] = []
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if value is not None:
                pairs += [(name, wire_text(item)) for item in (value if kind.repeatable else (value,))]
        return urlencode([*pairs, *self.unknown], quote_via=quote)

    @property
    def raw_format(self) -> AudioFormat | None:
        """The declared format of raw audio, always mono; None for a container or a codec."""
        if self.encoding not in set(Encoding) or self.sample_rate is None:
            return None
        return AudioFormat(Encoding(self.encoding), self.sample_rate, 1)

    @property
    def as_listen_options(self) -> ListenOptions:
        """What it has in common with a query of `/v1/listen`: the audio's format, and names that a mock may go by."""
        extra = tuple(value for name, value in self.unknown if name == "extra")
        return ListenOptions(encoding=self.encoding, sample_rate=self.sample_rate, tag=self.tag, extra=extra)

    def for_prerecorded(self, model: str) -> ListenOptions:
        """The same wishes for a posted file, which no Flux model takes: text that is punctuated, as Flux writes it.

        The multilingual model is compared with `language=multi`; thresholds and hints mean nothing there.
        """
        return ListenOptions(
            model=model,
            language="multi" if self.model == FLUX_MULTI else None,
            punctuate=True,
            numerals=self.numerals,
            profanity_filter=self.profanity_filter,
            redact=self.redact,
            keyterm=self.keyterm,
            mip_opt_out=self.mip_opt_out,
            tag=self.tag,
        )


def declared_flux_options(pairs: Iterable[tuple[str, str]], fmt: AudioFormat) -> FluxOptions | Refusal:
    """A query string's pairs as options that declare `fmt`; flux-general-en unless they name a model.

    A refusal is what Deepgram would answer.
    """
    named = list(pairs)
    if not any(name == "model" for name, _ in named):
        named.insert(0, ("model", DEFAULT_FLUX_MODEL))
    return parse_flux_query(urlencode([*named, ("encoding", fmt.encoding), ("sample_rate", fmt.sample_rate)]))


def parse_flux_query(
    query: str, *, strict: bool = True, any_model: bool = False, bounds: FluxBounds = BOUNDS_OF_2026
) -> FluxOptions | Refusal:
    """Read and judge a query string as the server does; whatever the text, nothing is raised.

    Args:
        query: the part of the URL after `?`.
        strict: also refuse what only inference says is refused: parameters of `/v1/listen`, a key given twice.
        any_model: take unknown models, as a self-hosted server may have them.
        bounds: where the thresholds end.
    """
    options = read_flux_query(query, strict=strict)
    if isinstance(options, Refusal):
        return options
    return next(_problems(options, bounds, strict=strict, any_model=any_model), options)


def read_flux_query(query: str, *, strict: bool = True) -> FluxOptions | Refusal:
    """Read a query string without judging it; a value that cannot be read is a refusal."""
    # A lone surrogate cannot have come over a wire, yet callers hold text; it becomes `?`, as the encoder has it.
    text = query.removeprefix("?").encode(errors="replace").decode()
    return _read(parse_qsl(text, keep_blank_values=True), strict=strict)


def _read(pairs: Iterable[tuple[str, str]], *, strict: bool) -> FluxOptions | Refusal:
    single: dict[str, Any] = {}
    repeated: dict[str, list[str]] = {}
    unknown: list[tuple[str, str]] = []
    for name, text in pairs:
        kind = _KINDS.get(name)
        if kind is None:
            unknown.append((name, text))
            continue
        value = kind.read(text)
        if value is None:
            return invalid_query(f"{name}: {(kind.problem or '').replace('{text}', shown(text))}")
        if kind.repeatable:
            repeated.setdefault(name, []).append(text)
        elif strict and name in single:
            return invalid_query(f"duplicate field `{name}`")
        else:
            single[name] = value
    lists: dict[str, Any] = {name: tuple(texts) for name, texts in repeated.items()}
    return FluxOptions(**single, **lists, unknown=tuple(unknown))


def _problems(options: FluxOptions, bounds: FluxBounds, *, strict: bool, any_model: bool) -> Iterator[Refusal]:
    """All that the server would object to, in order."""
    if options.model is None:
        yield invalid_query("missing field `model`")
    elif options.model not in FLUX_MODELS and not any_model:
        known = family_of(options.model)
        wrong_place = known is not None and known is not Family.FLUX
        yield unsupported_parameter("Only Flux models are supported on `/v2/listen`.") if wrong_place else NO_SUCH_MODEL
    if strict:
        for name, _ in options.unknown:
            if name in V1_ONLY:
                yield unsupported_parameter(f"`{name}` is not supported on the `/v2/listen` endpoint.")
    if options.encoding is not None and options.encoding not in FLUX_ENCODINGS:
        expected = ", ".join(f"`{name}`" for name in FLUX_ENCODINGS)
        yield invalid_query(f"encoding: unknown variant `{shown(options.encoding)}`, expected one of {expected}")
    if options.encoding in set(Encoding) and options.sample_rate is None:
        yield invalid_query("missing field `sample_rate`")
    if options.sample_rate is not None and options.sample_rate not in FLUX_SAMPLE_RATES:
        yield invalid_value("sample_rate", options.sample_rate)
    yield from _threshold_problems(options, bounds)
    if options.language_hint is not None and (options.model != FLUX_MULTI or "" in options.language_hint):
        yield invalid_value("language_hint", ",".join(options.language_hint))
    for keyterm in options.keyterm or ():
        if has_weight(keyterm):
            yield invalid_value("keyterm", keyterm)
    for redaction in options.redact or ():
        if redaction not in FLUX_REDACTIONS:
            yield invalid_value("redact", redaction)


def has_weight(keyterm: str) -> bool:
    """Whether it is written `term:0.15`, like one of `keywords`: the AsyncAPI calls that invalid; `10:30` is a term."""
    return _WEIGHTED.search(keyterm) is not None


def _threshold_problems(options: FluxOptions, bounds: FluxBounds) -> Iterator[Refusal]:
    for name in ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms"):
        value = getattr(options, name)
        if value is not None and bounds.problem(name, value) is not None:
            yield invalid_value(name, value)
    eot = DEFAULT_EOT_THRESHOLD if options.eot_threshold is None else options.eot_threshold
    if options.eager_eot_threshold is not None and options.eager_eot_threshold > eot:
        yield unsupported_parameter("`eager_eot_threshold` must not be greater than `eot_threshold`.")
