from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.scoring.texts import composed, parse_texts

TEXTS = {"a-1": "HELLO THERE", "a-2": "", "b": "naïve\u2028café"}
TABLE = "a-1\tHELLO THERE\na-2\t\nb\tnaïve\u2028café\n"


def test_a_table_without_a_header() -> None:
    assert parse_texts(TABLE.encode(), "refs.tsv") == TEXTS


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("\n", "\r\n"),
        TABLE.removesuffix("\n"),
        "\ufeff" + TABLE,
        "\n" + TABLE.replace("\n", "\n \n"),
        "id\ttext\n" + TABLE,
        "ID\tTranscript\n" + TABLE,
        TABLE.replace("a-1", " a-1 "),
    ],
    ids=["crlf", "no-last-newline", "byte-order-mark", "blank-lines", "header", "other-header", "padded-id"],
)
def test_ways_to_write_the_same_table(table: str) -> None:
    assert parse_texts(table.encode(), "refs.tsv") == TEXTS


def test_a_header_says_which_columns_count() -> None:
    table = "speaker\treference\tfile\tsource\nann\thello\tone.wav\tbook\nbob\tbye\ttwo.wav\n"
    assert parse_texts(table.encode(), "refs.tsv") == {"one.wav": "hello", "two.wav": "bye"}


def test_a_text_that_is_a_column_name_makes_no_header() -> None:
    assert parse_texts(b"u1\tfile\nu2\tReference\n", "refs.tsv") == {"u1": "file", "u2": "Reference"}


def test_a_json_object_from_id_to_text() -> None:
    assert parse_texts(b' {"a": "x", "b": ""}\n', "refs.json") == {"a": "x", "b": ""}


APART = "cafe\u0301"  # as macOS lists the name of a file


@pytest.mark.parametrize("data", [f"{APART}\thello\n", json.dumps({APART: "hello"})])
def test_ids_are_composed_and_texts_are_not(data: str) -> None:
    assert parse_texts(data.encode(), "refs") == {"caf\u00e9": "hello"}
    assert parse_texts(f"{APART}\t{APART}".encode(), "refs") == {"caf\u00e9": APART}


@pytest.mark.parametrize("data", [f"{APART}\ta\ncaf\u00e9\tb\n", json.dumps({APART: "a", "caf\u00e9": "b"})])
def test_two_ways_to_write_one_id_are_one_id_twice(data: str) -> None:
    with pytest.raises(BadInput, match=r"the id 'caf\u00e9' (stands in an earlier line|occurs twice)"):
        parse_texts(data.encode(), "refs")


@pytest.mark.parametrize("plain", [TABLE.encode(), json.dumps(TEXTS).encode()], ids=["table", "json"])
def test_gzip_is_known_by_its_first_bytes(plain: bytes) -> None:
    assert parse_texts(gzip.compress(plain), "no-suffix") == TEXTS


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "refs is empty: it should hold texts by id"),
        (b" \n\n", "refs is empty"),
        (b"id\ttext\n", "refs is empty"),
        (b"{}", "refs is empty"),
        (gzip.compress(b"", mtime=0), "refs is empty"),
        (b"a\tx\nb y\n", "refs, line 2 has no tab: 'b y'; it should be an id, a tab and a text"),
        (b"a\tx\ty\n", "refs, line 1 has 3 cells where 2 are wanted"),
        (b"id\tspeaker\ttext\na\tann\n", "refs, line 2 has 2 cells where 3 are wanted"),
        (b"id\tsentence\na\tx\n", "refs, line 1: the header has a column 'id' but none for the text"),
        (b"a\tx\n\nb\ty\na\tz\n", "refs, line 4: the id 'a' stands in an earlier line too"),
        (b"a\tx\n \ty\n", "refs, line 2: the id is empty"),
        (b"a\tx\nb\t\xff\n", "refs, line 2: byte 0xff is not UTF-8"),
        (b'{"a": "x",\n "b"}', "refs, line 2, column 5: broken JSON"),
        (b'{"a": "x"}\n{"b": "y"}', "refs, line 2, column 1: more than one JSON value; it should be one"),
        (b'{"a": "x", "a": "x"}', "refs: the id 'a' occurs twice"),
        (b'{"a": {"b": "x"}}', "refs: the text of id 'a' is an object; it should be a string"),
        (b'{"a": ["x"]}', "refs: the text of id 'a' is an array"),
        (b'{"a": 12}', "refs: the text of id 'a' is a number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "refs: the text of id 'a' is a number"),
        (b'{"a": true}', "refs: the text of id 'a' is a boolean"),
        (b'{"a": null}', "refs: the text of id 'a' is null"),
        (b'{" ": "x"}', "refs: the id ' ' is empty"),
        (b'{"a": "\\ud800"}', "refs: the entry of id 'a' has half of a surrogate pair"),
        (b'["x"]', "refs holds an array; it should be a JSON object from id to text"),
        (b"[" * 200_000, "refs: JSON nested too deep"),
        (gzip.compress(TABLE.encode(), mtime=0)[:-12], "refs is a gzip file that breaks off before its end"),
        (gzip.compress(TABLE.encode(), mtime=0)[:-8] + b"12345678", r"refs is a damaged gzip file \(CRC check failed"),
        (gzip.compress(TABLE.encode(), mtime=0)[:10] + b"\xff" * 20, r"refs is a damaged gzip file \(Error -3"),
    ],
)
def test_what_cannot_be_read_is_bad_input_that_says_where_and_why(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput, match=f"^{complaint}"):
        parse_texts(data, "refs")


def test_a_gzip_bomb_is_refused_at_the_limit() -> None:
    bomb = gzip.compress(b"a\t" + b"x" * 100_000)
    with pytest.raises(BadInput, match="refs unpacks to more than 5,000 bytes"):
        parse_texts(bomb, "refs", max_bytes=5_000)


def test_the_limit_itself_is_allowed() -> None:
    assert parse_texts(gzip.compress(b"a\tx"), "refs", max_bytes=3) == {"a": "x"}


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\t\n\\ aid0', max_size=80).map(str.encode))
def test_any_bytes_are_texts_or_bad_input(data: bytes) -> None:
    for variant in (data, gzip.compress(data), b"\x1f\x8b" + data):
        texts: dict[str, str] = {}
        with contextlib.suppress(BadInput):
            texts = parse_texts(variant, "refs")
            assert texts
        assert all(id_.strip() for id_ in texts)


WRITABLE = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n"), max_size=20)


@given(st.dictionaries(WRITABLE.map(lambda text: composed(f"id-{text}".strip())), WRITABLE, min_size=1))
def test_what_was_written_is_read_back(texts: dict[str, str]) -> None:
    table = "".join(f"{id_}\t{text}\n" for id_, text in texts.items())
    assert parse_texts(table.encode(), "refs.tsv") == texts
    assert parse_texts(json.dumps(texts).encode(), "refs.json") == texts


def test_the_real_files_are_read(shared: Path) -> None:
    recordings = shared / "recordings"
    librispeech = parse_texts((recordings / "librispeech-test-clean" / "refs.tsv").read_bytes(), "refs.tsv")
    assert len(librispeech) == 2620
    assert librispeech["1089-134686-0003"] == "HELLO BERTIE ANY GOOD IN YOUR MIND"
    clips = parse_texts((recordings / "open-audio" / "REFS.tsv").read_bytes(), "REFS.tsv")
    assert clips["pocketsphinx/goforward.raw"] == "go forward ten meters"
