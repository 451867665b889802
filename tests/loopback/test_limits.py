"""Whom a server's settings keep out: one stream too many (429 with Retry-After), or an odd query (strict mode)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mock_server.settings import ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

pytestmark = pytest.mark.deepgram(
    script="../../fixtures/references/booking.json", settings=ServerSettings(max_connections=2, retry_after_s=7)
)

TARGET = "/v1/listen?model=nova-3"
WAV = {"Content-Type": "audio/wav"}


def test_one_connection_too_many_is_429(wire: Wire, booking: Clip) -> None:
    with wire.connect(), wire.connect():
        answers = wire.upgrade(), wire.http("POST", TARGET, WAV, booking.path.read_bytes())

    assert [answer.status for answer in answers] == [429, 429]
    assert [answer.headers["retry-after"] for answer in answers] == ["7", "7"]
    assert [answer.json()["err_code"] for answer in answers] == ["TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]
    assert [answer.headers["dg-error"] for answer in answers] == [answer.json()["err_msg"] for answer in answers]


def test_a_place_that_is_left_is_free(wire: Wire, booking: Clip) -> None:
    for _ in range(4):
        assert wire.session(booking).text == booking.text
        assert wire.http("POST", TARGET, WAV, booking.path.read_bytes()).status == 200


def test_a_refused_upgrade_takes_no_place(wire: Wire, booking: Clip) -> None:
    for _ in range(3):
        assert wire.upgrade(authorization="Token ").status == 401
        assert wire.http("POST", TARGET, {"Content-Type": "text/plain"}, b"x").status == 415
    with wire.connect():
        assert wire.session(booking).text == booking.text


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(400, marks=pytest.mark.deepgram(settings=ServerSettings())),
        pytest.param(101, marks=pytest.mark.deepgram(settings=ServerSettings(strict_query=False))),
    ],
)
def test_what_only_inference_refuses_is_refused_in_strict_mode_only(wire: Wire, status: int) -> None:
    target = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&punctuate=true&punctuate=false"
    with wire.socket() as line:
        line.sendall(wire.upgrade_head().replace(wire.upgrade_head().split()[1], target.encode()))
        assert line.recv(1000).split()[1] == str(status).encode()
