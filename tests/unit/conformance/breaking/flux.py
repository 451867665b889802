"""Sessions of `/v2/listen` in which the client or the server breaks one rule."""

from __future__ import annotations

from typing import Any

from tests.unit.conformance.breaking.table import Breaks, Make

breaks = Breaks()


def greeted(talk: Make) -> Any:
    """A session on `/v2/listen` that was greeted, with two seconds of audio."""
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return session.audio(2, 2_560)


def over(session: Any) -> Any:
    """The verdict on it when it ends as it should."""
    return session.tells("CloseStream").close(code=1005).judged()


# --- the client -------------------------------------------------------------------------------------------------------


@breaks("C-FLUX-CONTROL")
def _keep_alive_to_flux(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return session.audio(1, 2_560).tells("KeepAlive").tells("CloseStream").close(code=1005).judged()


@breaks("C-FLUX-QUERY")
def _a_threshold_out_of_range(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&eot_threshold=0.2"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return over(session.audio(1, 2_560))


@breaks("C-FLUX-PARAMETER")
def _a_parameter_of_v1(talk: Make) -> Any:
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&interim_results=true&keyterm=x"
    session = talk(path="/v2/listen", query=query).opened().says("Connected", request_id="x", sequence_id=0)
    return over(session.audio(1, 2_560))


@breaks("C-FLUX-CONFIGURE")
def _a_storm_of_configures(talk: Make) -> Any:
    session = greeted(talk)
    for _ in range(3):
        session.tells("Configure", keyterms=["a"])
    for number in range(3):
        session.says("ConfigureSuccess", request_id="x", thresholds={}, keyterms=["a"], sequence_id=number + 1)
    return over(session)


@breaks("C-FLUX-SILENCE")
def _audio_that_stops_in_mid_turn(talk: Make) -> Any:
    return over(greeted(talk).turn(1, "StartOfTurn", (0, 1), "one").wait(3))


# --- the server -------------------------------------------------------------------------------------------------------


@breaks("F0")
def _unreadable_turn(talk: Make) -> Any:
    return over(greeted(talk).says("TurnInfo", event="Update", sequence_id=1))


@breaks("F1")
def _a_number_is_skipped(talk: Make) -> Any:
    return over(greeted(talk).turn(2, "Update", (0, 1)))


@breaks("F2")
def _a_window_beyond_the_audio(talk: Make) -> Any:
    return over(greeted(talk).turn(1, "Update", (0, 3)))


@breaks("F3")
def _a_window_that_moves(talk: Make) -> Any:
    return over(greeted(talk).turn(1, "Update", (0, 1)).turn(2, "Update", (0.5, 1.2)))


@breaks("F4")
def _a_turn_left_out(talk: Make) -> Any:
    session = greeted(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "EndOfTurn", (0, 1.5), "one", trigger="model")
    return over(session.turn(3, "Update", (1.5, 2), index=2))


@breaks("F5")
def _resumed_without_an_eager_end(talk: Make) -> Any:
    return over(greeted(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "TurnResumed", (0, 1.2), "one two"))


@breaks("F6")
def _an_end_with_other_words(talk: Make) -> Any:
    session = greeted(talk).turn(1, "StartOfTurn", (0, 1), "one").turn(2, "EagerEndOfTurn", (0, 1.2), "one")
    return over(session.turn(3, "EndOfTurn", (0, 1.5), "one two", trigger="model"))


@breaks("F7")
def _a_trigger_in_mid_turn(talk: Make) -> Any:
    return over(greeted(talk).turn(1, "Update", (0, 1), trigger="model"))
