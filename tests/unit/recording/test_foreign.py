"""Dates of other tools, and how a session ended that does not say."""

import pytest

from harness.errors import BadInput
from harness.recording.document import MAX_LINE_BYTES
from harness.recording.entries import AnyEntry, Close, Direction, End, Lost, Opened, Refused, Text
from harness.recording.foreign import ending, fitting, iso, read_json, unix_s

METADATA = (
    '{"type":"Metadata","transaction_key":"deprecated","request_id":"r","sha256":"s","created":"c","duration":0.0,'
    '"channels":0}'
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-11-19T22:41:07.318Z", 1795128067.318),
        ("2026-11-19T23:41:07.318+01:00", 1795128067.318),
        ("2026-11-19T22:41:07.318", 1795128067.318),
        ("2026-11-19 22:41:07.318000+00:00", 1795128067.318),
    ],
)
def test_a_date_in_any_iso_form_is_seconds_since_1970(moment: str, expected: float) -> None:
    assert unix_s(moment, "x") == expected


@pytest.mark.parametrize("moment", ["", "yesterday", "1795128067", "2026-13-01T00:00:00Z", "2026-11-19T22:41:07.318ZZ"])
def test_what_is_no_date_is_named(moment: str) -> None:
    with pytest.raises(BadInput) as caught:
        unix_s(moment, "x.har, entry 3: startedDateTime")
    assert str(caught.value) == (
        f"x.har, entry 3: startedDateTime is {moment!r}; wanted a date such as 2026-11-20T09:14:33.207Z"
    )


def test_a_date_is_written_to_the_microsecond_in_utc() -> None:
    assert iso(1795128067.318) == "2026-11-19T22:41:07.318000+00:00"
    assert unix_s(iso(1795128067.000001), "x") == 1795128067.000001


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":1}', b"[1,]", b"\xff", b'["\xff"]', b"[" * 100_000])
def test_json_of_another_shape_says_what_was_wanted(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read_json(raw, list[str], "x.json", "a list of texts")
    assert str(caught.value).startswith("x.json: ")
    assert str(caught.value).endswith("; wanted a list of texts")


def downstream(text: str) -> Text:
    return Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=2.0, audio_s=1.0, text=text)


def test_a_text_that_no_line_can_hold_is_refused() -> None:
    assert fitting(downstream("short"), "x").text == "short"
    # Escaping counts: a control character takes six bytes in a line.
    with pytest.raises(BadInput, match=f"^x: its line in a recording would have .* at most {MAX_LINE_BYTES}"):
        fitting(downstream("\x01" * (MAX_LINE_BYTES // 5)), "x")


OPENED = Opened(leg=0, wall_s=0.5)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), End(wall_s=0.0, partial=True, why="neither Metadata nor a close frame")),
        ((OPENED,), End(wall_s=0.5, partial=True, why="neither Metadata nor a close frame")),
        ((OPENED, downstream("{}")), End(wall_s=2.0, partial=True, why="neither Metadata nor a close frame")),
        ((OPENED, downstream(METADATA)), End(wall_s=2.0)),
        ((OPENED, downstream(METADATA), downstream("rubbish")), End(wall_s=2.0)),
        ((OPENED, Close(leg=0, direction=Direction.UPSTREAM, wall_s=3.0, audio_s=0.0, code=1000)), End(wall_s=3.0)),
        ((Refused(leg=0, wall_s=0.1, status=401),), End(wall_s=0.1)),
        (
            (Lost(leg=0, wall_s=4.0, audio_s=0.0, why="cut"),),
            End(wall_s=4.0, partial=True, why="the connection was lost"),
        ),
    ],
)
def test_a_session_is_complete_after_metadata_a_close_or_a_refusal(
    entries: tuple[AnyEntry, ...], expected: End
) -> None:
    assert ending(entries) == expected


def test_metadata_that_a_client_made_up_ends_nothing() -> None:
    forged = Text(leg=0, direction=Direction.UPSTREAM, wall_s=1.0, audio_s=0.0, text=METADATA)
    assert ending((OPENED, forged)).partial
