"""Rows added up, `run.json`, and that no run goes on under other settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.cases import Stream
from harness.corpus.inputs import Item
from harness.corpus.rows import scored, without_times
from harness.corpus.settings import SYNTHETIC, Settings
from harness.corpus.summary import Counted, check_same, read_run, write_run
from harness.errors import BadInput
from harness.results import CorpusRun
from harness.scoring.causes import Cause
from harness.scoring.normalize import normalizer
from harness.scoring.significance import compare
from harness.scoring.wer import score

if TYPE_CHECKING:
    from tests.unit.corpus.conftest import MakeItems, MakeRow

SETTINGS = Settings(answers="whisper")


def begun(settings: Settings = SETTINGS, files: int = 3) -> CorpusRun:
    return CorpusRun(tool="t", run_id="r", created="now", settings=msgspec.to_builtins(settings), files=files)


def test_counts_add_and_a_failure_stays_in_as_an_empty_transcript(items: MakeItems, row: MakeRow) -> None:
    one, two, three = items("one", "two", "three")
    counted = Counted(seed=7)
    rows = [row(one, "this was one"), row(two, None, "this is two too"), row(Item("x", three.audio, None))]
    assert list(counted.pass_on(rows)) == rows
    run = counted.result(begun(files=4))
    assert (run.finished, run.failed, run.unscored, run.synthetic, run.partial) == (3, 1, 1, 0, True)
    assert run.audio_s == 4.5
    (total,) = run.totals
    words = total.streaming.words
    assert (words.hits, words.substitutions, words.deletions, words.insertions) == (2, 1, 3, 0)
    assert total.prerecorded.words.insertions == 1
    assert (total.utterances, total.comparison.more, total.comparison.errors) == (2, 2, 3)


def test_the_comparison_is_that_of_all_utterances_at_once(items: MakeItems, row: MakeRow) -> None:
    many = items(*(f"n{number}" for number in range(40)))
    rows = [row(item, "this was it" if number % 3 else "") for number, item in enumerate(many)]
    counted = Counted(seed=7)
    list(counted.pass_on(rows))
    (total,) = counted.result(begun(files=40)).totals
    basic = normalizer("basic")
    sides = ([score(row.reference or "", text or "", basic).words for row in rows for text in [getattr(row, side)]]
             for side in ("streaming", "prerecorded"))  # fmt: skip
    expected = compare(*sides, seed=7)
    found = total.comparison
    assert (found.verdict, found.low, found.high, found.p_value) == (
        expected.verdict.value,
        expected.low,
        expected.high,
        expected.p_value,
    )


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    write_run(tmp_path, begun())
    assert msgspec.json.encode(read_run(tmp_path)) == msgspec.json.encode(begun())
    check_same(tmp_path, begun(), SETTINGS)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (Settings(answers="moonshine"), r'answers is "moonshine" now and was "whisper"; wanted the same settings'),
        (Settings(answers="whisper", seed=3), r"seed is 3 now and was 0"),
        (Settings(answers="whisper", stream=Stream(speed="max")), r'stream is .*"speed":"max".* now and was'),
    ],
)
def test_other_settings_are_refused_and_named(tmp_path: Path, other: Settings, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        check_same(tmp_path, begun(), other)


def test_a_file_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"layout": 2}')
    with pytest.raises(BadInput, match=r"run\.json: is no run of a corpus \(results of layout 2, and this version "):
        read_run(tmp_path)


def test_synthetic_answers_need_a_reference(items: MakeItems) -> None:
    (one,) = items("one")
    with pytest.raises(BadInput, match=r"one\.wav: has no reference, of which synthetic answers are made"):
        Settings(answers=SYNTHETIC).case(Item(one.id, one.audio, None))


def test_causes_and_delays_are_those_of_all_rows(items: MakeItems, row: MakeRow) -> None:
    one, two, three = items("one", "two", "three")
    rows = [
        msgspec.structs.replace(row(one), causes={Cause.SEGMENT_CUT: 2}, word_shown_p50_wall_s=1.0),
        msgspec.structs.replace(row(two), causes={Cause.SEGMENT_CUT: 1, Cause.SEAM: 1}, word_shown_p50_wall_s=3.0),
        row(three),
    ]
    counted = Counted(seed=7)
    list(counted.pass_on(rows))
    run = counted.result(begun())
    assert run.causes == {Cause.SEGMENT_CUT: 3, Cause.SEAM: 1}
    assert run.delays.keys() == {"word_shown_p50_wall_s"}
    spread = run.delays["word_shown_p50_wall_s"]
    assert (spread.count, spread.p50_s, spread.max_s) == (2, 1.0, 3.0)


def test_another_reference_has_no_causes(items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    found = msgspec.structs.replace(row(one), causes={Cause.SEAM: 1})
    assert scored(found, one.reference, ["basic"]).causes == {Cause.SEAM: 1}
    assert scored(found, "another", ["basic"]).causes is None


def test_only_times_are_left_out_of_what_must_be_the_same(items: MakeItems, row: MakeRow) -> None:
    (one,) = items("one")
    later = msgspec.structs.replace(row(one), streaming_wall_s=9.0, prerecorded_wall_s=9.0)
    assert without_times(later) == without_times(row(one))
    assert without_times(scored(later, "another", ["basic"])) != without_times(row(one))
