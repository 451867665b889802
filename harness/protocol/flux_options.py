"""What a client asks of `/v2/listen`: the typed value, and the server's judgement of a query string.

Source: Deepgram's AsyncAPI for `/v2/listen` (July 2026), its prose of autumn 2026 for the wider bounds of
`eot_threshold` and `eot_timeout_ms`. Sentences follow those of `/v1/listen`; none of these was captured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.listen_options import ListenOptions
from harness.protocol.models import Family, family_of
from harness.protocol.parameters import DECIMAL, FLAG, TEXT, TEXTS, WHOLE, Kind, wire_text
from harness.protocol.refusal import NO_SUCH_MODEL, Refusal, invalid_query, invalid_value, shown, unsupported_parameter

FLUX_MULTI: Final = "flux-general-multi"
FLUX_MODELS: Final = ("flux-general-en", FLUX_MULTI)
FLUX_ENCODINGS: Final = ("linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus")
FLUX_SAMPLE_RATES: Final = (8_000, 16_000, 24_000, 44_100, 48_000)
FLUX_REDACTIONS: Final = ("numbers", "aggressive_numbers")
EOT_THRESHOLDS: Final = (0.5, 1.0)
EAGER_EOT_THRESHOLDS: Final = (0.3, 0.9)
EOT_TIMEOUTS_MS: Final = (500, 60_000)
DEFAULT_EOT_THRESHOLD: Final = 0.7
DEFAULT_EOT_TIMEOUT_MS: Final = 5_000

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
_V1_ONLY: Final = frozenset(
    {
        "channels",
        "diarize",
        "endpointing",
        "interim_results",
        "language",
        "multichannel",
        "punctuate",
        "smart_format",
        "utterance_end_ms",
        "vad_events",
    }
)
"""Parameters of `/v1/listen` that Flux does not take: said to be refused or ignored, so refused in strict mode."""


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


def parse_flux_query(query: str, *, strict: bool = True, any_model: bool = False) -> FluxOptions | Refusal:
    """Read and judge a query string as the server does; whatever the text, nothing is raised.

    Args:
        query: the part of the URL after `?`.
        strict: also refuse what only inference says is refused: parameters of `/v1/listen`, a key given twice.
        any_model: take unknown models, as a self-hosted server may have them.
    """
    options = read_flux_query(query, strict=strict)
    if isinstance(options, Refusal):
        return options
    return next(_problems(options, strict=strict, any_model=any_model), options)


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


def _problems(options: FluxOptions, *, strict: bool, any_model: bool) -> Iterator[Refusal]:
    """All that the server would object to, in order."""
    if options.model is None:
        yield invalid_query("missing field `model`")
    elif options.model not in FLUX_MODELS and not any_model:
        known = family_of(options.model)
        wrong_place = known is not None and known is not Family.FLUX
        yield unsupported_parameter("Only Flux models are supported on `/v2/listen`.") if wrong_place else NO_SUCH_MODEL
    if strict:
        for name, _ in options.unknown:
            if name in _V1_ONLY:
                yield unsupported_parameter(f"`{name}` is not supported on the `/v2/listen` endpoint.")
    if options.encoding is not None and options.encoding not in FLUX_ENCODINGS:
        expected = ", ".join(f"`{name}`" for name in FLUX_ENCODINGS)
        yield invalid_query(f"encoding: unknown variant `{shown(options.encoding)}`, expected one of {expected}")
    if options.encoding in set(Encoding) and options.sample_rate is None:
        yield invalid_query("missing field `sample_rate`")
    if options.sample_rate is not None and options.sample_rate not in FLUX_SAMPLE_RATES:
        yield invalid_value("sample_rate", options.sample_rate)
    yield from _threshold_problems(options)
    if options.language_hint is not None and (options.model != FLUX_MULTI or "" in options.language_hint):
        yield invalid_value("language_hint", ",".join(options.language_hint))
    for redaction in options.redact or ():
        if redaction not in FLUX_REDACTIONS:
            yield invalid_value("redact", redaction)


def _threshold_problems(options: FluxOptions) -> Iterator[Refusal]:
    for name, (least, most) in (
        ("eot_threshold", EOT_THRESHOLDS),
        ("eager_eot_threshold", EAGER_EOT_THRESHOLDS),
        ("eot_timeout_ms", EOT_TIMEOUTS_MS),
    ):
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            yield invalid_value(name, value)
    eot = DEFAULT_EOT_THRESHOLD if options.eot_threshold is None else options.eot_threshold
    if options.eager_eot_threshold is not None and options.eager_eot_threshold > eot:
        yield unsupported_parameter("`eager_eot_threshold` must not be greater than `eot_threshold`.")
