from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.steps import ClientText, SendText


def test_the_flag_is_taken_away_and_the_rest_stays_literal(drive: Callable[..., Any], flagged: SendText) -> None:
    driven = drive("no-from-finalize")
    [plain] = driven.down(flagged)
    assert plain.text == flagged.text.replace('"from_finalize":true', '"from_finalize":false')
    assert plain.text != flagged.text
    assert driven.fired == [("no-from-finalize", 0.0, 0.0, "Results final")]


def test_blanks_in_the_json_do_not_matter_and_a_mention_in_the_words_does_not_count(
    drive: Callable[..., Any], flagged: SendText
) -> None:
    odd = flagged.text.replace('"from_finalize":true', '"from_finalize" : true')
    odd = odd.replace('"transcript":"a"', r'"transcript":"\"from_finalize\":true"')
    [plain] = drive("no-from-finalize").down(SendText(odd))
    assert plain.text == odd.replace('"from_finalize" : true', '"from_finalize" : false')


def test_other_messages_are_no_occasion(drive: Callable[..., Any], final: Callable[..., SendText]) -> None:
    driven = drive("no-from-finalize nth=1")
    finalize = ClientText('{"type":"Finalize"}')
    assert driven.up(finalize) == [finalize]
    assert driven.down(final()) == [final()]
    assert driven.fired == []
