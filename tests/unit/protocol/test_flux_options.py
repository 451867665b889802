"""The query string of `/v2/listen`: read, judged, written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.flux_bounds import BOUNDS_OF_2025, FluxBounds
from harness.protocol.flux_options import FluxOptions, parse_flux_query
from harness.protocol.refusal import Refusal

GOOD = "model=flux-general-en&encoding=linear16&sample_rate=16000"


def refused(query: str, *, strict: bool = True) -> str:
    answer = parse_flux_query(query, strict=strict)
    assert isinstance(answer, Refusal), answer
    assert answer.status == 400
    return answer.message


def test_a_query_and_back() -> None:
    query = (
        f"{GOOD}&eager_eot_threshold=0.5&eot_threshold=0.7&eot_timeout_ms=5000&keyterm=a%20b&keyterm=c"
        "&profanity_filter=false&numerals=true&redact=numbers&mip_opt_out=true&tag=x"
    )
    options = parse_flux_query(query)

    assert isinstance(options, FluxOptions)
    assert options.keyterm == ("a b", "c")
    assert options.raw_format == AudioFormat(Encoding.LINEAR16, 16_000, 1)
    assert options.to_query() == query


def test_a_container_declares_nothing() -> None:
    options = parse_flux_query("model=flux-general-multi&language_hint=de")

    assert isinstance(options, FluxOptions)
    assert options.raw_format is None


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("encoding=linear16&sample_rate=16000", "missing field `model`"),
        ("model=flux-general-de", "No such model/version combination found."),
        ("model=nova-3", "Only Flux models are supported on `/v2/listen`."),
        ("model=flux-general-en&encoding=linear16", "missing field `sample_rate`"),
        ("model=flux-general-en&encoding=flac", "encoding: unknown variant `flac`"),
        (GOOD.replace("16000", "11025"), "Invalid 'sample_rate' value of '11025'."),
        (f"{GOOD}&eot_threshold=0.49", "Invalid 'eot_threshold' value of '0.49'."),
        (f"{GOOD}&eot_threshold=high", "eot_threshold: invalid float literal"),
        (f"{GOOD}&eager_eot_threshold=0.95", "Invalid 'eager_eot_threshold' value of '0.95'."),
        (f"{GOOD}&eager_eot_threshold=0.8", "`eager_eot_threshold` must not be greater than `eot_threshold`."),
        (f"{GOOD}&eot_timeout_ms=499", "Invalid 'eot_timeout_ms' value of '499'."),
        (f"{GOOD}&eot_timeout_ms=60001", "Invalid 'eot_timeout_ms' value of '60001'."),
        (f"{GOOD}&language_hint=de", "Invalid 'language_hint' value of 'de'."),
        ("model=flux-general-multi&language_hint=", "Invalid 'language_hint' value of ''."),
        (f"{GOOD}&keyterm=tretinoin:0.15", "Invalid 'keyterm' value of 'tretinoin:0.15'."),
        (f"{GOOD}&redact=ssn", "Invalid 'redact' value of 'ssn'."),
        (f"{GOOD}&numerals=True", "numerals: provided string was not `true` or `false`"),
    ],
)
def test_what_is_refused(query: str, why: str) -> None:
    assert why in refused(query, strict=False)


@pytest.mark.parametrize(
    "query",
    [
        *(f"{GOOD}&interim_results=true", f"{GOOD}&language=en", f"{GOOD}&model=flux-general-en", f"{GOOD}&channels=1"),
        *(
            f"{GOOD}&keywords=a:2",
            f"{GOOD}&diarize_model=v2",
            f"{GOOD}&callback=http://127.0.0.1",
            f"{GOOD}&no_delay=true",
        ),
    ],
)
def test_what_only_inference_says_is_refused(query: str) -> None:
    assert refused(query)
    assert isinstance(parse_flux_query(query, strict=False), FluxOptions)


@pytest.mark.parametrize(
    "query",
    [
        f"{GOOD}&eot_threshold=1.0",
        f"{GOOD}&eot_timeout_ms=60000",
        f"{GOOD}&whatever=1",
        f"{GOOD}&extra=recording:a",
        f"{GOOD}&keyterm=at 10:30&keyterm=a",
    ],
)
def test_what_is_taken(query: str) -> None:
    assert isinstance(parse_flux_query(query), FluxOptions)


def test_any_model_may_be_let_in() -> None:
    assert isinstance(parse_flux_query("model=mine", any_model=True), FluxOptions)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (f"{GOOD}&eot_threshold=0.95", "Invalid 'eot_threshold' value of '0.95'."),
        (f"{GOOD}&eot_timeout_ms=10001", "Invalid 'eot_timeout_ms' value of '10001'."),
    ],
)
def test_the_bounds_of_2025_are_narrower(query: str, why: str) -> None:
    answer = parse_flux_query(query, bounds=BOUNDS_OF_2025)
    assert isinstance(answer, Refusal)
    assert answer.message == why
    assert isinstance(parse_flux_query(query), FluxOptions)


@pytest.mark.parametrize(
    "wrong",
    [
        {"most_eot_threshold": 1.1},
        {"most_eot_threshold": 0.6},
        {"default_eot_timeout_ms": 100},
        {"most_eot_timeout_ms": 4000},
    ],
)
def test_bounds_that_leave_no_choice_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="eot_"):
        FluxBounds(**wrong)


def test_options_built_by_hand_are_checked() -> None:
    with pytest.raises(BadInput, match="eot_threshold is 'high'"):
        FluxOptions(eot_threshold="high")  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_no_query_raises(query: str) -> None:
    assert isinstance(parse_flux_query(query), FluxOptions | Refusal)
