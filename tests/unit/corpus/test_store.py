"""`harness.corpus.store`: rows survive the end of the process, stand in order, and are of the audio that is there."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.corpus.inputs import Item
from harness.corpus.rows import Row
from harness.corpus.settings import SYNTHETIC, Settings
from harness.corpus.store import Store, read_rows
from harness.errors import BadInput

if TYPE_CHECKING:
    from tests.unit.corpus.conftest import MakeItems, MakeRow

ENGINE = Settings(answers="whisper")


def done(store: Store, items: list[Item], *, settings: Settings = ENGINE, though_failed: bool = True) -> list[str]:
    return [item.id for item in items if store.has(item, settings, though_failed=though_failed)]


def filled(folder: Path, *rows: Row) -> Path:
    with Store(folder) as store:
        for row in rows:
            store.add(row)
    return folder / "rows.jsonl"


def rows_in(path: Path) -> list[Row]:
    return [msgspec.json.decode(line, type=Row) for line in path.read_bytes().splitlines()]


def test_a_row_is_on_disk_before_the_next_file_begins(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    with Store(tmp_path / "out") as store:
        store.add(row(one))
        assert rows_in(store.rows_path) == [row(one)]


def test_what_is_done_is_known_again(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two, three = items("one", "two", "three")
    filled(tmp_path / "out", row(one), row(two))
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two, three]) == ["one", "two"]


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_line_that_was_torn_is_cut_off_and_its_file_done_again(
    tmp_path: Path, items: MakeItems, row: MakeRow, kept: int
) -> None:
    one, two = items("one", "two")
    path = filled(tmp_path / "out", row(one), row(two))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[:first] + whole[first:][:kept])
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two]) == ["one"]
        store.add(row(two))
    assert path.read_bytes() == whole


def test_a_line_in_the_middle_that_is_no_row_is_named(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two = items("one", "two")
    path = filled(tmp_path / "out", row(one), row(two))
    path.write_bytes(path.read_bytes().replace(b'{"id":"two"', b'{"id":2'))
    with pytest.raises(BadInput, match=r"rows\.jsonl: line 2 is no row of a corpus"):
        Store(tmp_path / "out")


def test_blank_lines_are_no_rows(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two = items("one", "two")
    path = filled(tmp_path / "out", row(one), row(two))
    path.write_bytes(b"\n" + path.read_bytes().replace(b"\n", b"\n \n"))
    assert list(read_rows(tmp_path / "out")) == [row(one), row(two)]
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two]) == ["one", "two"]
        assert list(store.in_order([two, one], ["basic"])) == [row(two), row(one)]
    assert rows_in(path) == [row(two), row(one)]


def test_audio_that_changed_is_done_again(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two = items("one", "two")
    filled(tmp_path / "out", row(one), row(two))
    two.path.write_text("another take")
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two]) == ["one"]


def test_a_file_that_was_missing_is_done_when_it_is_there(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    gone = Item("gone", str(tmp_path / "gone.wav"), "text")
    filled(tmp_path / "out", row(gone, None, None))
    with Store(tmp_path / "out") as store:
        assert done(store, [gone]) == ["gone"], "it failed, and that is what came of it"
        gone.path.write_text("audio after all")
        assert done(store, [gone]) == []


def test_failures_count_as_done_unless_they_are_to_be_tried_again(
    tmp_path: Path, items: MakeItems, row: MakeRow
) -> None:
    one, two, three = items("one", "two", "three")
    filled(tmp_path / "out", row(one, None), row(two), row(three, "x", None))
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two, three]) == ["one", "two", "three"]
        assert done(store, [one, two, three], though_failed=False) == ["two"]


def test_synthetic_answers_are_of_a_reference_too(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    other = Item(one.id, one.audio, "something else")
    filled(tmp_path / "made", row(one, synthetic=True))
    filled(tmp_path / "heard", row(one))
    with Store(tmp_path / "made") as made, Store(tmp_path / "heard") as heard:
        assert done(made, [one], settings=Settings(answers=SYNTHETIC)) == ["one"]
        assert done(made, [other], settings=Settings(answers=SYNTHETIC)) == []
        assert done(heard, [other]) == ["one"], "what was heard is scored anew, not heard anew"


def test_rows_are_put_into_the_order_of_the_files(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two, three, four = items("one", "two", "three", "four")
    with Store(tmp_path / "out") as store:
        for item in (three, one, two):
            store.add(row(item))
        store.add(row(one, "heard better"))  # the same file again: the later row counts
        ordered = list(store.in_order([one, two, three, four], ["basic"]))
    assert ordered == rows_in(store.rows_path) == [row(one, "heard better"), row(two), row(three)]


def test_rows_are_scored_anew_under_other_normalisers_and_references(
    tmp_path: Path, items: MakeItems, row: MakeRow
) -> None:
    one, two = items("one", "two")
    with Store(tmp_path / "out") as store:
        store.add(row(one, "this is won"))
        store.add(row(two))
        changed = [Item(one.id, one.audio, "this is won"), Item(two.id, two.audio, None)]
        first, second = store.in_order(changed, ["none", "basic"])
    assert [each.normalizer for each in first.scores] == ["none@1", "basic@1"]
    assert [each.streaming.counts.errors for each in first.scores] == [0, 0]
    assert first.scores[0].prerecorded.counts.errors == 1
    assert (second.reference, second.scores, second.streaming) == (None, (), "this is two")


def test_no_secret_is_written(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    with Store(tmp_path / "out", frozenset({"secret-key-123"})) as store:
        store.add(row(one, "the server said secret-key-123"))
        assert "secret-key" not in store.rows_path.read_text()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(BadInput, match=r"rows\.jsonl: cannot be read or written"):
        Store(tmp_path / "out")


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes: what a full disk is to it."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no file so")
def test_a_full_disk_is_one_sentence_and_what_is_done_stays(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two = items("one", "two")
    path = filled(tmp_path / "out", row(one))
    with full_after(path.stat().st_size + 9), pytest.raises(BadInput, match=r"rows\.jsonl: cannot be read or written"):
        filled(tmp_path / "out", row(two))
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two]) == ["one"]


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_a_folder_is_filled_by_one_run_at_a_time(tmp_path: Path, items: MakeItems, row: MakeRow) -> None:
    one, two = items("one", "two")
    with Store(tmp_path / "out") as store:
        store.add(row(one))
        with pytest.raises(BadInput, match="out: is being filled by another run; wanted one at a time"):
            Store(tmp_path / "out")
        list(store.in_order([one, two], ["basic"]))
        with pytest.raises(BadInput, match="is being filled by another run"):
            Store(tmp_path / "out")
        store.add(row(two))
    with Store(tmp_path / "out") as store:
        assert done(store, [one, two]) == ["one", "two"]


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_a_drive_without_locks_is_written_all_the_same(
    tmp_path: Path, items: MakeItems, row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    (one,) = items("one")
    assert rows_in(filled(tmp_path / "out", row(one))) == [row(one)]
