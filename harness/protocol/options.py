"""What a client asks of `/v1/listen`: the typed value, and the server's judgement of a query string.

`parse_query` is the whole way in: text to `ListenOptions`, or to the `Refusal` that Deepgram would answer.
`problems` judges options that exist already, and `advice` says what Deepgram would let pass in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from harness.protocol.listen_options import ListenOptions, read_query
from harness.protocol.parameters import BY_NAME, PARAMETERS, Endpoint, Mark
from harness.protocol.query_rules import MAX_KEYTERM_TOKENS, RULES, Asked, keyterm_token_floor
from harness.protocol.refusal import Refusal, shown

__all__ = ["Advice", "Endpoint", "ListenOptions", "advice", "keyterm_tokens", "parse_query", "problems"]

MAX_ADVISED_NAMES: Final = 20
CHARACTERS_PER_TOKEN: Final = 4


def parse_query(
    query: str, *, endpoint: Endpoint = Endpoint.STREAMING, strict: bool = True, any_model: bool = False
) -> ListenOptions | Refusal:
    """Read and judge a query string as the server does; whatever the text, nothing is raised.

    Args:
        query: the part of the URL after `?`.
        endpoint: which of the two readers judges.
        strict: also refuse what only inference says is refused (`Mark.INFERRED`, and a single-valued key given twice).
        any_model: take unknown models for custom ones, as a self-hosted server may have them.
    """
    options = read_query(query, endpoint, strict=strict)
    if isinstance(options, Refusal):
        return options
    return next(_problems(options, endpoint, strict, any_model), options)


def problems(
    options: ListenOptions,
    *,
    endpoint: Endpoint = Endpoint.STREAMING,
    strict: bool = True,
    any_model: bool = False,
) -> tuple[Refusal, ...]:
    """All that the server would object to, in its order; it answers with the first. Arguments as `parse_query`."""
    return tuple(_problems(options, endpoint, strict, any_model))


def _problems(options: ListenOptions, endpoint: Endpoint, strict: bool, any_model: bool) -> Iterator[Refusal]:
    asked = Asked(options, endpoint, any_model)
    for rule in RULES:
        if endpoint in rule.endpoints and (strict or rule.mark is not Mark.INFERRED):
            refusal = rule.check(asked)
            if refusal is not None:
                yield refusal


@dataclass(frozen=True, slots=True)
class Advice:
    """Something Deepgram accepts and that does not do what it seems to ask for."""

    parameter: str
    sentence: str


def keyterm_tokens(options: ListenOptions) -> int:
    """Tokens in all keyterms, estimated: a token for every four characters of a word, at least one a word.

    English words come out about right. Other languages and punctuation make more tokens: lists that this estimate put
    at 300 have been refused. Deepgram's tokenizer is not public.
    """
    words = (word for term in options.keyterm or () for word in term.split())
    return sum(-(-len(word) // CHARACTERS_PER_TOKEN) for word in words)


def advice(options: ListenOptions, *, endpoint: Endpoint = Endpoint.STREAMING) -> tuple[Advice, ...]:
    """What an accepted query asks for in vain, most of all names that nobody reads."""
    return tuple(found for advise in _ADVISERS for found in advise(options, endpoint))


def _unknown_names(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    names = list(dict.fromkeys(name for name, _ in options.unknown))
    for name in names[:MAX_ADVISED_NAMES]:
        if name in BY_NAME:
            continue
        near = get_close_matches(shown(name), BY_NAME, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else "."
        yield Advice(name, f"`{shown(name)}` is not a parameter, and is ignored{hint}")


def _other_endpoint(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    unread = {name for name, _ in options.unknown}
    for parameter in PARAMETERS:
        sent = getattr(options, parameter.name) is not None or parameter.name in unread
        if sent and endpoint not in parameter.endpoints:
            yield Advice(parameter.name, f"`{parameter.name}` is not read by the {endpoint} endpoint.")


def _undeclared_audio(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    for name in ("sample_rate", "channels"):
        if options.encoding is None and getattr(options, name) is not None:
            yield Advice(name, f"`{name}` is read only together with `encoding`.")


def _multichannel_of_one(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    if options.multichannel and options.encoding is not None and options.effective_channels == 1:
        yield Advice("multichannel", "`multichannel` of raw audio needs `channels`; one channel is assumed.")


def _comma_lists(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    for name in ("keyterm", "keywords", "search", "tag"):
        if any("," in term for term in getattr(options, name) or ()):
            yield Advice(name, f"a comma in `{name}` is part of one value; repeat the key for several.")


def _many_keyterms(options: ListenOptions, endpoint: Endpoint) -> Iterator[Advice]:
    estimate = keyterm_tokens(options)
    if keyterm_token_floor(options) <= MAX_KEYTERM_TOKENS < estimate:
        yield Advice("keyterm", f"the keyterms are about {estimate} tokens; beyond 500 Deepgram refuses them.")


_ADVISERS: Final[tuple[Callable[[ListenOptions, Endpoint], Iterator[Advice]], ...]] = (
    _unknown_names,
    _other_endpoint,
    _undeclared_audio,
    _multichannel_of_one,
    _comma_lists,
    _many_keyterms,
)
