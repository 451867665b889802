"""The log of a command: its lines, its level, and that they hold no secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator

import pytest

from harness.cli.logs import secrets_of, set_up_logging
from harness.protocol.auth import MASK

SetUpLog = Callable[..., logging.Logger]
KEY = "sk_test_0123456789abcdef"


@pytest.fixture
def log() -> Iterator[SetUpLog]:
    """log(level, as_json=…, secrets=…) -> the logger; what it says is restored after the test."""
    root = logging.getLogger("dgharness")
    before = root.handlers[:], root.level, root.propagate

    def set_up(level: str, *, as_json: bool = False, secrets: Iterable[str] = ()) -> logging.Logger:
        set_up_logging(level, as_json=as_json, secrets=secrets)
        return logging.getLogger("dgharness.test")

    yield set_up
    root.handlers[:], root.propagate = before[0], before[2]
    root.setLevel(before[1])


def test_text_lines_show_every_field(log: SetUpLog, capsys: pytest.CaptureFixture[str]) -> None:
    log("info").info("open", extra={"request_id": "abc", "size": 3})
    assert capsys.readouterr().err == "INFO dgharness.test: open request_id='abc' size=3\n"


def test_json_lines_show_every_field(log: SetUpLog, capsys: pytest.CaptureFixture[str]) -> None:
    log("info", as_json=True).info("open", extra={"request_id": "abc"})
    line = json.loads(capsys.readouterr().err)
    assert (line["levelname"], line["name"], line["message"], line["request_id"]) == (
        "INFO",
        "dgharness.test",
        "open",
        "abc",
    )


def test_the_level_is_kept_and_a_second_set_up_doubles_nothing(
    log: SetUpLog, capsys: pytest.CaptureFixture[str]
) -> None:
    log("debug")
    logger = log("warning")
    logger.info("quiet")
    logger.warning("loud")
    assert capsys.readouterr().err == "WARNING dgharness.test: loud\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_no_line_holds_a_secret_whoever_logs_it(
    log: SetUpLog, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    logger = log("info", as_json=as_json, secrets=secrets_of(KEY))
    try:
        raise ValueError(f"bad header: Token {KEY}")
    except ValueError:
        logger.exception("failed with %s", KEY, extra={"header": KEY})
    err = capsys.readouterr().err
    assert KEY not in err
    assert err.count(MASK) >= 3


@pytest.mark.parametrize("key", ["", "test", "dgharness"])
def test_a_stand_in_for_a_key_tears_no_holes_into_text(key: str) -> None:
    assert secrets_of(key) == frozenset()
