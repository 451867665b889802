"""What the parameters of `/v1/listen` demand beyond being readable: one small function each, in the table at the end.

Every rule carries a mark: how well it is attested that a server refuses. Rules marked `INFERRED` apply in strict mode
only. Sentences that were captured or documented are quoted exactly; the others follow the captured pattern
`Invalid 'NAME' value of 'VALUE'.`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from harness.audio.format import MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from harness.protocol.listen_options import ListenOptions
from harness.protocol.models import Family, family_of
from harness.protocol.parameters import Endpoint, Mark
from harness.protocol.refusal import (
    FLUX_ON_V1,
    KEYTERM_LIMIT,
    NO_SUCH_LANGUAGE,
    NO_SUCH_MODEL,
    WHISPER_IS_NOT_LIVE,
    Refusal,
    invalid_query,
    invalid_value,
    unsupported_parameter,
)

MIN_UTTERANCE_END_MS: Final = 1_000
MAX_UTTERANCE_END_MS: Final = 5_000
MAX_MULTICHANNEL: Final = 20
MAX_KEYTERM_TOKENS: Final = 500
MAX_SEARCH_TERMS: Final = 50
MAX_KEYWORDS: Final = 100
MAX_TAG_CHARACTERS: Final = 128
MAX_EXTRA_CHARACTERS: Final = 2_048

# The sample rates a codec is defined for, in Hz; what is not here takes any.
_AMR_RATES: Final = {"amr-nb": (8_000,), "amr-wb": (16_000,)}
_CODEC_RATES: Final = {"opus": (8_000, 12_000, 16_000, 24_000, 48_000), "g729": (8_000,)}
_NOT_PRERECORDED: Final = frozenset({"linear32", "alaw", "ogg-opus"})

_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"latest|[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule looks at.

    Attributes:
        options: what was asked for.
        endpoint: where.
        any_model: whether unknown models are taken for custom ones.
    """

    options: ListenOptions
    endpoint: Endpoint
    any_model: bool = False

    @property
    def family(self) -> Family | None:
        """The family of the model; None for an unknown one that may not be."""
        known = family_of(self.options.model, self.options.tier)
        return Family.CUSTOM if known is None and self.any_model else known


Check: TypeAlias = Callable[[Asked], Refusal | None]


# --- model, version, language -----------------------------------------------------------------------------------------


def flux_needs_v2(asked: Asked) -> Refusal | None:
    """Flux models live at `/v2/listen` (deepgram-js-sdk issue 435)."""
    return FLUX_ON_V1 if asked.family is Family.FLUX else None


def whisper_is_not_live(asked: Asked) -> Refusal | None:
    """A whisper model over a WebSocket is 405 (deepgram-dotnet-sdk issue 304)."""
    return WHISPER_IS_NOT_LIVE if asked.family is Family.WHISPER else None


def model_exists(asked: Asked) -> Refusal | None:
    """The model is in the table, or custom."""
    return NO_SUCH_MODEL if asked.family is None else None


def version_exists(asked: Asked) -> Refusal | None:
    """The version is `latest` or dated, as every published one is; custom models may name theirs otherwise."""
    version = asked.options.version
    if version is None or asked.family is Family.CUSTOM or _VERSION.fullmatch(version):
        return None
    return NO_SUCH_MODEL


def language_is_a_tag(asked: Asked) -> Refusal | None:
    """The language is a BCP 47 tag or `multi`; `language=english` is a 400 (livekit/agents issue 3519)."""
    language = asked.options.effective_language
    return None if language == "multi" or _LANGUAGE_TAG.fullmatch(language) else NO_SUCH_LANGUAGE


def multi_is_for_nova(asked: Asked) -> Refusal | None:
    """Only Nova-2 and Nova-3 switch between languages (https://developers.deepgram.com/docs/multilingual-code-switching)."""
    able = asked.family in (Family.NOVA_3, Family.NOVA_2, Family.CUSTOM)
    return NO_SUCH_LANGUAGE if asked.options.language == "multi" and not able else None


# --- terms ------------------------------------------------------------------------------------------------------------


def keywords_are_not_for_nova_3(asked: Asked) -> Refusal | None:
    """Refused since March 2026 (deepgram-js-sdk issue 474); its sentence: EpicenterHQ/epicenter PR 895."""
    if asked.options.keywords is None or asked.family is not Family.NOVA_3:
        return None
    return unsupported_parameter("Keywords are not supported for Nova-3. Please use `keyterm` instead.")


def keyterm_is_for_nova_3(asked: Asked) -> Refusal | None:
    """The sentence was read off the live server, with Nova-2, on 2026-09-07."""
    if asked.options.keyterm is None or asked.family in (Family.NOVA_3, Family.CUSTOM):
        return None
    return unsupported_parameter("`keyterm` is only supported for Nova-3 and Flux. Please use `keywords` instead.")


def keyterm_token_floor(options: ListenOptions) -> int:
    """The fewest tokens the keyterms can be, without Deepgram's tokenizer: one for each word."""
    return sum(len(term.split()) for term in options.keyterm or ())


def keyterms_fit(asked: Asked) -> Refusal | None:
    """All keyterms together are at most 500 tokens (https://developers.deepgram.com/docs/keyterm).

    Only a certain excess is refused, so that nothing is refused that Deepgram takes; `options.advice` warns earlier.
    """
    return KEYTERM_LIMIT if keyterm_token_floor(asked.options) > MAX_KEYTERM_TOKENS else None


def _at_most(name: str, limit: int) -> Check:
    def check(asked: Asked) -> Refusal | None:
        values: tuple[str, ...] = getattr(asked.options, name) or ()
        if len(values) <= limit:
            return None
        return unsupported_parameter(f"Too many '{name}' values: {len(values)}, the limit is {limit}.")

    return check


# --- segmentation -----------------------------------------------------------------------------------------------------


def utterance_end_ms_in_bounds(asked: Asked) -> Refusal | None:
    """1000 to 5000 ms (deepgram-python-sdk issue 279 below, jambonz PR 740 above)."""
    value = asked.options.utterance_end_ms
    if value is None or MIN_UTTERANCE_END_MS <= value <= MAX_UTTERANCE_END_MS:
        return None
    return invalid_value("utterance_end_ms", value)


def utterance_end_needs_interims(asked: Asked) -> Refusal | None:
    """`UtteranceEnd` is computed from interim results (https://developers.deepgram.com/docs/utterance-end)."""
    options = asked.options
    if options.utterance_end_ms is None or options.wants_interims:
        return None
    return unsupported_parameter("'utterance_end_ms' requires 'interim_results=true'.")


def vad_turnoff_excludes_endpointing(asked: Asked) -> Refusal | None:
    """Two numbers for one thing."""
    options = asked.options
    counted = options.endpointing is not None and not isinstance(options.endpointing, bool)
    if options.vad_turnoff is None or not counted:
        return None
    return unsupported_parameter("'vad_turnoff' cannot be combined with a number for 'endpointing'.")


def diarize_v2_is_prerecorded(asked: Asked) -> Refusal | None:
    """The live enumeration has `latest` and `v1` only."""
    if asked.options.diarize_model != "v2":
        return None
    return invalid_query("diarize_model: unknown variant `v2`, expected `latest` or `v1`")


def detect_language_is_prerecorded(asked: Asked) -> Refusal | None:
    """Documented as not supported live; the sentence is ours."""
    if asked.options.detect_language is None:
        return None
    return unsupported_parameter("'detect_language' is not supported for streaming.")


# --- audio ------------------------------------------------------------------------------------------------------------


def raw_needs_sample_rate(asked: Asked) -> Refusal | None:
    """Raw audio is declared by `encoding` and `sample_rate` together (https://developers.deepgram.com/docs/encoding)."""
    options = asked.options
    if options.raw_encoding is None or options.sample_rate is not None:
        return None
    return unsupported_parameter(f"'encoding={options.encoding}' requires 'sample_rate'.")


def _rate_is_one_of(rates: Mapping[str, tuple[int, ...]]) -> Check:
    def check(asked: Asked) -> Refusal | None:
        rate = asked.options.sample_rate
        allowed = rates.get(asked.options.encoding or "")
        return None if rate is None or allowed is None or rate in allowed else invalid_value("sample_rate", rate)

    return check


def rate_is_measurable(asked: Asked) -> Refusal | None:
    """Inside what `AudioFormat` counts seconds of; `sample_rate` is read only with `encoding`."""
    options = asked.options
    if options.raw_encoding is None or options.sample_rate is None:
        return None
    measurable = MIN_SAMPLE_RATE <= options.sample_rate <= MAX_SAMPLE_RATE
    return None if measurable else invalid_value("sample_rate", options.sample_rate)


def at_least_one_channel(asked: Asked) -> Refusal | None:
    """No audio has none."""
    return invalid_value("channels", 0) if asked.options.channels == 0 else None


def multichannel_limit(asked: Asked) -> Refusal | None:
    """At most 20 channels are transcribed apart (https://developers.deepgram.com/docs/multichannel)."""
    options = asked.options
    if not options.multichannel or options.effective_channels <= MAX_MULTICHANNEL:
        return None
    return invalid_value("channels", options.channels)


def channels_are_measurable(asked: Asked) -> Refusal | None:
    """Inside what `AudioFormat` counts seconds of."""
    options = asked.options
    return invalid_value("channels", options.channels) if options.effective_channels > MAX_CHANNELS else None


def encoding_is_prerecorded(asked: Asked) -> Refusal | None:
    """The OpenAPI enumeration lacks three of the live one."""
    encoding = asked.options.encoding
    return invalid_value("encoding", encoding) if encoding in _NOT_PRERECORDED else None


# --- delivery ---------------------------------------------------------------------------------------------------------


def callback_is_a_url(asked: Asked) -> Refusal | None:
    """An absolute http(s) URL, or ws(s) for a stream. The value is not quoted: it may hold the receiver's password."""
    callback = asked.options.callback
    if callback is None:
        return None
    schemes = ("http", "https", "ws", "wss") if asked.endpoint is Endpoint.STREAMING else ("http", "https")
    try:
        url = urlsplit(callback)
        usable = url.scheme in schemes and bool(url.hostname)
    except ValueError:
        usable = False
    return None if usable else unsupported_parameter("Invalid 'callback' value.")


def callback_method_is_prerecorded(asked: Asked) -> Refusal | None:
    """The OpenAPI enumeration has `POST` and `PUT` only."""
    method = asked.options.callback_method
    if method in (None, "POST", "PUT"):
        return None
    return invalid_query(f"callback_method: unknown variant `{method}`, expected `POST` or `PUT`")


def tags_are_short(asked: Asked) -> Refusal | None:
    """At most 128 characters each (https://developers.deepgram.com/docs/tagging)."""
    long = next((tag for tag in asked.options.tag or () if len(tag) > MAX_TAG_CHARACTERS), None)
    return None if long is None else invalid_value("tag", long)


def extra_is_short(asked: Asked) -> Refusal | None:
    """At most 2048 characters a pair (https://developers.deepgram.com/docs/extra-metadata)."""
    long = next((pair for pair in asked.options.extra or () if len(pair) > MAX_EXTRA_CHARACTERS), None)
    return None if long is None else invalid_value("extra", long)


def extra_is_a_pair(asked: Asked) -> Refusal | None:
    """`KEY:VALUE`, with a key."""
    odd = next((pair for pair in asked.options.extra or () if pair.find(":") < 1), None)
    return None if odd is None else invalid_value("extra", odd)


_BOTH: Final = frozenset(Endpoint)
_LIVE: Final = frozenset({Endpoint.STREAMING})
_REST: Final = frozenset({Endpoint.PRERECORDED})


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what is checked, how well it is attested that a failure is refused, and at which endpoint."""

    check: Check
    mark: Mark
    endpoints: frozenset[Endpoint] = _BOTH


# In the order of refusal. The model comes first: the 405 for a whisper model was captured on a query whose
# `utterance_end_ms` was out of bounds too.
RULES: Final[tuple[Rule, ...]] = (
    Rule(flux_needs_v2, Mark.SOURCE),
    Rule(whisper_is_not_live, Mark.REPORT, _LIVE),
    Rule(model_exists, Mark.DOCS),
    Rule(version_exists, Mark.INFERRED),
    Rule(language_is_a_tag, Mark.REPORT),
    Rule(multi_is_for_nova, Mark.DOCS),
    Rule(keywords_are_not_for_nova_3, Mark.REPORT),
    Rule(keyterm_is_for_nova_3, Mark.REPORT),
    Rule(keyterms_fit, Mark.DOCS),
    Rule(_at_most("keywords", MAX_KEYWORDS), Mark.DOCS),
    Rule(_at_most("search", MAX_SEARCH_TERMS), Mark.DOCS),
    Rule(utterance_end_ms_in_bounds, Mark.REPORT, _LIVE),
    Rule(utterance_end_needs_interims, Mark.DOCS, _LIVE),
    Rule(vad_turnoff_excludes_endpointing, Mark.SOURCE, _LIVE),
    Rule(diarize_v2_is_prerecorded, Mark.SOURCE, _LIVE),
    Rule(detect_language_is_prerecorded, Mark.INFERRED, _LIVE),
    Rule(raw_needs_sample_rate, Mark.INFERRED, _LIVE),
    Rule(_rate_is_one_of(_AMR_RATES), Mark.DOCS),
    Rule(_rate_is_one_of(_CODEC_RATES), Mark.INFERRED),
    Rule(rate_is_measurable, Mark.OURS),
    Rule(at_least_one_channel, Mark.SOURCE),
    Rule(multichannel_limit, Mark.DOCS),
    Rule(channels_are_measurable, Mark.OURS),
    Rule(encoding_is_prerecorded, Mark.INFERRED, _REST),
    Rule(callback_is_a_url, Mark.DOCS),
    Rule(callback_method_is_prerecorded, Mark.SOURCE, _REST),
    Rule(tags_are_short, Mark.DOCS),
    Rule(extra_is_short, Mark.DOCS),
    Rule(extra_is_a_pair, Mark.INFERRED),
)
