"""What a client asks of a Flux connection in mid-stream: Configure and ForceEndTurn."""

from __future__ import annotations

import pytest

from mock_server.flux.settings import FluxSettings
from tests.unit.mock_server_flux.talk import ASKED, BYTES_PER_SECOND, CONFIGURE, QUERY, TalkTo

# --- Configure --------------------------------------------------------------------------------------------------------


def test_a_configure_changes_what_comes_after_it(talk_to: TalkTo) -> None:
    before = talk_to().audio(6.0)
    after = talk_to().text('{"type":"Configure","thresholds":{"eot_threshold":1.0}}').audio(6.0)

    assert len(before.of("EndOfTurn")) == 2
    assert after.of("EndOfTurn") == []


def test_what_it_leaves_out_stays(talk_to: TalkTo) -> None:
    talk = talk_to(query=f"{ASKED}&keyterm=tretinoin").text('{"type":"Configure","thresholds":{"eot_timeout_ms":900}}')
    (success,) = talk.of("ConfigureSuccess")

    assert success["thresholds"] == {"eot_threshold": 0.7, "eager_eot_threshold": 0.5, "eot_timeout_ms": 900}
    assert success["keyterms"] == ["tretinoin"]


def test_lists_replace_and_may_be_emptied(talk_to: TalkTo) -> None:
    talk = talk_to(query=f"{QUERY}&keyterm=one").text('{"type":"Configure","keyterms":[]}')

    assert talk.of("ConfigureSuccess")[0]["keyterms"] == []


@pytest.mark.parametrize(
    ("configure", "why"),
    [
        ('{"thresholds":{"eot_threshold":0.4}}', "eot_threshold is 0.4; it must be from 0.5 to 1"),
        ('{"thresholds":{"eager_eot_threshold":0.2}}', "eager_eot_threshold is 0.2; it must be from 0.3 to 0.9"),
        ('{"thresholds":{"eot_timeout_ms":100}}', "eot_timeout_ms is 100; it must be from 500 to 60000"),
        ('{"thresholds":{"eager_eot_threshold":0.8}}', "eager_eot_threshold 0.8 exceeds eot_threshold 0.7"),
        ('{"language_hints":["de"]}', "language_hints are only supported by the model flux-general-multi"),
    ],
)
def test_what_cannot_be_changes_nothing(talk_to: TalkTo, configure: str, why: str) -> None:
    talk = talk_to().text('{"type":"Configure","keyterms":["x"],' + configure[1:]).text('{"type":"Configure"}')
    (failure,), (success,) = talk.of("ConfigureFailure"), talk.of("ConfigureSuccess")

    assert failure["description"] == why
    assert failure["code"]
    assert success["keyterms"] == []
    assert success["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 5000}


def test_a_whole_number_may_be_written_as_a_decimal_one(talk_to: TalkTo) -> None:
    talk = talk_to().text('{"type":"Configure","thresholds":{"eot_timeout_ms":6000.0,"eot_threshold":1}}')

    assert talk.of("ConfigureSuccess")[0]["thresholds"] == {"eot_threshold": 1.0, "eot_timeout_ms": 6000}
    assert '"eot_timeout_ms":6000}' in talk.texts[-1]


def test_a_single_keyterm_may_stand_without_its_list(talk_to: TalkTo) -> None:
    assert talk_to().text('{"type":"Configure","keyterms":"one"}').of("ConfigureSuccess")[0]["keyterms"] == ["one"]


@pytest.mark.parametrize(
    ("configure", "why"),
    [
        ('{"type":"Configure","language_hints":["de",""]}', "language_hints hold an empty value"),
        ('{"type":"Configure","keyterms":["a:2"]}', "the keyterm 'a:2' has a weight; wanted the term alone"),
    ],
)
def test_what_the_query_may_not_say_a_configure_may_not(talk_to: TalkTo, configure: str, why: str) -> None:
    talk = talk_to(query=QUERY.replace("-en", "-multi")).text(configure)

    assert talk.of("ConfigureFailure")[0]["description"] == why


def test_hints_are_for_the_multilingual_model(talk_to: TalkTo) -> None:
    query = QUERY.replace("-en", "-multi")
    talk = talk_to(query=query).text('{"type":"Configure","language_hints":["de","en"]}')

    assert talk.of("ConfigureSuccess")[0]["language_hints"] == ["de", "en"]


def test_so_many_configures_may_wait_for_their_answer(talk_to: TalkTo) -> None:
    """Each is answered when the audio before it was transcribed; then the next may come."""
    talk = talk_to(settings=FluxSettings(pending_configures=2))
    talk._take(talk.connection.receive_binary(bytes(3 * BYTES_PER_SECOND), 0.0))
    for _ in range(4):
        talk.text(CONFIGURE)
    refused = talk.of("ConfigureFailure")
    assert [message["code"] for message in refused] == ["CONFIGURE_ALREADY_PENDING"] * 2
    assert refused[0]["description"] == "2 Configures are not answered yet; wait for ConfigureSuccess before the next"
    assert talk.of("ConfigureSuccess") == []

    talk.wait(3.0).text(CONFIGURE)

    assert len(talk.of("ConfigureSuccess")) == 3
    assert len(talk.of("ConfigureFailure")) == 2


def test_any_number_may_where_that_is_chosen(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(pending_configures=None))
    talk._take(talk.connection.receive_binary(bytes(3 * BYTES_PER_SECOND), 0.0))
    for _ in range(20):
        talk.text(CONFIGURE)

    assert len(talk.wait(3.0).of("ConfigureSuccess")) == 20


# --- ForceEndTurn -----------------------------------------------------------------------------------------------------


def test_a_turn_is_ended_by_force_at_the_audio_received(talk_to: TalkTo) -> None:
    talk = talk_to().audio(1.03).text('{"type":"ForceEndTurn"}').audio(1.0)
    (ended,) = talk.of("EndOfTurn")
    following = talk.messages[talk.messages.index(ended) + 1]

    assert (ended["trigger"], ended["audio_window_end"]) == ("manual", 0.96)
    assert (following["turn_index"], following["audio_window_start"]) == (1, 0.96)


def test_without_a_turn_it_is_ignored(talk_to: TalkTo) -> None:
    talk = talk_to().text('{"type":"ForceEndTurn"}').close_stream()

    assert [message["type"] for message in talk.messages] == ["Connected"]


def test_a_server_of_before_september_2026_does_not_know_it(talk_to: TalkTo) -> None:
    talk = talk_to(settings=FluxSettings(force_end_turn=False)).audio(1.0).text('{"type":"ForceEndTurn"}')

    assert talk.of("Error")[0]["code"] == "UNPARSABLE_CLIENT_MESSAGE"
