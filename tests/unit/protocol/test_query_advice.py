"""What a query string asks for in vain, or probably did not mean."""

from __future__ import annotations

import pytest

from harness.protocol.options import Advice, Endpoint, ListenOptions, advice, keyterm_tokens, problems
from tests.unit.protocol.queries import KEYTERM_SENTENCE, LIVE, REST, accepted


def test_a_misspelt_parameter_is_pointed_out() -> None:
    (found,) = advice(accepted("model=nova-3&keyterms=a&keyterms=b"))
    assert found == Advice("keyterms", "`keyterms` is not a parameter, and is ignored; did you mean `keyterm`?")


def test_a_parameter_nothing_resembles_is_only_reported() -> None:
    (found,) = advice(accepted("zzzzzz=1"))
    assert found.sentence == "`zzzzzz` is not a parameter, and is ignored."


def test_at_most_twenty_unknown_names_are_discussed() -> None:
    assert len(advice(accepted("&".join(f"zz{n}=1" for n in range(500))))) == 20


@pytest.mark.parametrize(
    ("query", "endpoint", "parameter"),
    [
        ("utterances=true", LIVE, "utterances"),
        ("interim_results=true", REST, "interim_results"),
        ("endpointing=banana", REST, "endpointing"),
        ("sample_rate=16000", LIVE, "sample_rate"),
        ("channels=2", LIVE, "channels"),
        ("multichannel=true&encoding=mulaw&sample_rate=8000", LIVE, "multichannel"),
        ("model=nova-3&keyterm=ward,theatre", LIVE, "keyterm"),
        ("model=nova-3&" + "keyterm=sternocleidomastoid&" * 120, LIVE, "keyterm"),
    ],
)
def test_what_is_asked_in_vain_is_pointed_out(query: str, endpoint: Endpoint, parameter: str) -> None:
    assert [found.parameter for found in advice(accepted(query, endpoint=endpoint), endpoint=endpoint)] == [parameter]


def test_a_query_that_means_what_it_says_gets_no_advice() -> None:
    options = accepted("model=nova-3&encoding=linear16&sample_rate=16000&channels=2&multichannel=true&keyterm=a")
    assert advice(options) == ()


def test_keyterms_that_are_refused_need_no_advice() -> None:
    options = ListenOptions(model="nova-3", keyterm=("anaesthesia",) * 501)
    assert [refusal.message for refusal in problems(options)] == [KEYTERM_SENTENCE]
    assert advice(options) == ()


def test_keyterm_tokens_are_estimated_by_word_length() -> None:
    assert keyterm_tokens(ListenOptions()) == 0
    assert keyterm_tokens(ListenOptions(keyterm=("a ward", "theatre"))) == 4
