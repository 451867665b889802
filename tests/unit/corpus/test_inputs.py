"""`harness.corpus.inputs`: which files manifests, folders and patterns name, what they are called, what was said."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.audio.segment import Segment
from harness.corpus.inputs import Item, find_items
from harness.errors import BadInput

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """put("a/b.wav", "text") -> the file, in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_librispeech_has_its_texts_in_a_file_for_each_chapter(put: Put) -> None:
    for name in ("1089-134686-0001", "1089-134686-0000"):
        put(f"dev/1089/134686/{name}.flac")
    put("dev/1089/134691/1089-134691-0000.flac")
    put("dev/1089/134686/1089-134686.trans.txt", "1089-134686-0000 HE HOPED\r\n1089-134686-0001 STUFF IT\n\n")
    put("dev/1089/134691/1089-134691.trans.txt", "1089-134691-0000 HE COULD WAIT\n")
    assert [(item.id, item.reference) for item in find_items(["dev"])] == [
        ("1089-134686-0000", "HE HOPED"),
        ("1089-134686-0001", "STUFF IT"),
        ("1089-134691-0000", "HE COULD WAIT"),
    ]


def test_a_clip_has_its_text_beside_it_and_is_called_by_its_place(put: Put) -> None:
    put("clips/b/one.WAV")
    put("clips/b/one.txt", "\ufeffhello\n")
    put("clips/a/one.mp3")
    put("clips/a/notes.md", "not audio")
    assert find_items(["clips"]) == [
        Item("a/one", os.path.join("clips", "a", "one.mp3"), None),
        Item("b/one", os.path.join("clips", "b", "one.WAV"), "hello"),
    ]


APART, TOGETHER = "cafe\u0301", "caf\u00e9"  # as macOS lists the name of a file, and as it is mostly written


@pytest.mark.parametrize("listed", [APART, TOGETHER])
@pytest.mark.parametrize("name", ["clips.trans.txt", "manifest.jsonl", None])
def test_accents_may_be_apart_in_names_and_together_in_texts(put: Put, listed: str, name: str | None) -> None:
    put(f"clips/{listed}.wav")
    text = {
        "clips.trans.txt": f"{TOGETHER} hello\n",
        "manifest.jsonl": f'{{"audio": "{listed}.wav", "text": "hello"}}\n',
    }
    path = put(f"clips/{name}", text[name]) if name else None
    where = "clips/manifest.jsonl" if name == "manifest.jsonl" else "clips"
    references = None if path else {TOGETHER: "hello"}
    (item,) = find_items([where], references)
    assert (item.id, item.path.exists(), item.reference) == (TOGETHER, True, "hello")


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("corpus/**/*.flac", ["a", "x/b", "x/y/c"]),
        ("corpus/x/*", ["b"]),
        ("corpus/*/b.flac", ["x/b"]),
        ("**/*.flac", ["corpus/a", "corpus/x/b", "corpus/x/y/c"]),
    ],
)
def test_a_pattern_names_files_by_their_place_below_its_fixed_part(put: Put, pattern: str, ids: list[str]) -> None:
    for name in ("x/y/c.flac", "x/b.flac", "a.flac", "a.txt", "x/b.txt"):
        put(f"corpus/{name}", "said")
    found = find_items([pattern])
    assert [item.id for item in found] == ids
    assert {item.id: item.reference for item in found} == {id_: None if id_.endswith("c") else "said" for id_ in ids}


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(put: Put) -> None:
    put("take[1].wav")
    assert [item.id for item in find_items(["take[1].wav"])] == ["take[1]"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.jsonl", '{"audio_filepath": "a/1.wav", "text": "one\u2028two", "duration": 1.0}\n{"audio": "b/1.wav"}\n'),
        ("m.tsv", "path\ttranscript\na/1.wav\tone\u2028two\r\nb/1.wav\t\r\n"),
        ("m.csv", 'file,reference\na/1.wav,"one\u2028two"\nb/1.wav,\n'),
        ("m.csv", '"path";"seconds, about";"text"\na/1.wav;1,5;"one\u2028two"\nb/1.wav;2;\n'),
        ("m.csv", "path\ttext\na/1.wav\tone\u2028two\nb/1.wav\t\n"),
        ("M.TSV", "path\ttranscript\na/1.wav\tone\u2028two\r\nb/1.wav\t\r\n"),
    ],
)
def test_a_manifest_names_files_with_or_without_what_was_said(put: Put, name: str, text: str) -> None:
    manifest = put(f"here/{name}", text)
    assert find_items([str(manifest)]) == [
        Item("a/1", str(manifest.parent / "a/1.wav"), "one\u2028two"),
        Item("b/1", str(manifest.parent / "b/1.wav"), None),
    ]


def test_common_voice_names_its_clips_without_their_folder(put: Put) -> None:
    """Its rows are as in version 17: the audio is in `clips`, and a quotation mark is one."""
    beside, in_clips = put("en/there.mp3"), put("en/clips/common_voice_en_1.mp3")
    put("en/clips/there.mp3")
    columns = "client_id\tpath\tsentence_id\tsentence\tup_votes\n"
    rows = (
        'a1\tcommon_voice_en_1.mp3\ts1\t"Hello," he said.\t2\nb2\tthere.mp3\ts2\thello\t2\nc3\tgone.mp3\ts3\tgone\t2\n'
    )
    assert find_items([str(put("en/validated.tsv", columns + rows))]) == [
        Item("common_voice_en_1", str(in_clips), '"Hello," he said.'),
        Item("there", str(beside), "hello"),
        Item("gone", str(beside.with_name("gone.mp3")), "gone"),
    ]


def test_linked_folders_are_searched_and_lead_in_no_circle(put: Put) -> None:
    clip = put("elsewhere/clip.wav")
    put("corpus/a/one.wav")
    put("corpus/b/two.wav")
    links = {"linked": str(clip.parent), "a/here": ".", "a/up": "../..", "a/b": "../b", "b/a": "../a"}
    for link, target in links.items():
        Path("corpus", link).symlink_to(target, target_is_directory=True)
    assert [item.id for item in find_items(["corpus"])] == ["a/one", "a/b/two", "b/two", "b/a/one", "linked/clip"]


def test_a_pattern_goes_through_linked_folders_and_in_no_circle(put: Put) -> None:
    clip = put("elsewhere/clip.wav")
    put("corpus/a/one.wav")
    for link, target in {"linked": str(clip.parent), "a/here": "."}.items():
        Path("corpus", link).symlink_to(target, target_is_directory=True)
    assert [item.id for item in find_items(["corpus/**/*.wav"])] == ["a/one", "linked/clip"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "m.jsonl",
            '{"audio_filepath": "talk.wav", "offset": 0, "duration": 2.5, "text": "one"}\n'
            '{"audio_filepath": "talk.wav", "offset": 2.5, "text": "two"}\n'
            '{"audio_filepath": "whole.wav", "duration": 9, "text": "three"}\n',
        ),
        ("m.csv", "path,offset,duration,sentence\ntalk.wav,0,2.5,one\ntalk.wav,2.5,,two\nwhole.wav,,9,three\n"),
    ],
)
def test_a_manifest_may_name_parts_of_a_file(put: Put, name: str, text: str) -> None:
    """As NeMo does: `duration` alone only tells how long a file is."""
    manifest = put(name, text)
    assert [(item.id, item.segment, item.reference) for item in find_items([str(manifest)])] == [
        ("talk@0+2.5", Segment(0, 2.5), "one"),
        ("talk@2.5", Segment(2.5), "two"),
        ("whole", None, "three"),
    ]
    (replaced, *_) = find_items([str(manifest)], {"talk@0+2.5": "won"})
    assert (replaced.reference, replaced.segment) == ("won", Segment(0, 2.5))


def test_a_text_in_quotes_keeps_its_words_apart_over_lines(put: Put) -> None:
    put("m.csv", 'audio,text\na.wav,"one\ntwo"\n')
    assert [item.reference for item in find_items(["m.csv"])] == ["one\ntwo"]


def test_two_parts_of_a_long_file_are_never_called_the_same(put: Put) -> None:
    starts = [0, 1e-7, 0.1, 12345.67, 12345.68, 86400, 86400.001]
    manifest = put("m.jsonl", "".join(f'{{"audio": "talk.wav", "offset": {start}}}\n' for start in starts))
    found = [item.id for item in find_items([str(manifest)])]
    assert found == [f"talk@{start}" for start in starts]


def test_empty_cells_beyond_the_columns_cut_nothing_off(put: Put) -> None:
    manifest = put("m.csv", 'audio,text\r\na.wav,"well, no",,\r\nb.wav,\r\n')
    assert [item.reference for item in find_items([str(manifest)])] == ["well, no", None]


def test_an_id_may_be_a_number(put: Put) -> None:
    manifest = put("m.jsonl", '{"audio": "a.wav", "id": 17}\n{"audio": "b.wav", "id": true}\n')
    assert [item.id for item in find_items([str(manifest)])] == ["17", "b"]


@pytest.mark.parametrize("value", ['"soon"', "-1", "true", "[1]", "1e999", '"nan"', f"1{'0' * 400}"])
@pytest.mark.parametrize("field", ["offset", "duration"])
def test_seconds_that_are_none_are_one_sentence(put: Put, field: str, value: str) -> None:
    other = "" if field == "offset" else '"offset": 1, '
    manifest = put("m.jsonl", f'{{"audio": "a.wav", {other}"{field}": {value}}}\n')
    with pytest.raises(BadInput, match=rf"line 1: {field} is .*; wanted seconds, 0 or more"):
        find_items([str(manifest)])


def test_references_go_by_id_by_place_by_name_and_win_over_what_lies_beside(put: Put) -> None:
    for name in ("a/one.wav", "a/two.wav", "b/three.wav", "b/four.wav", "b/five.wav"):
        put(f"clips/{name}")
    put("clips/a/one.txt", "beside")
    references = {"a/one": "by id", "a/two.wav": "by place", "three": "by stem", "four.wav": "by name", "else": "x"}
    assert {item.id: item.reference for item in find_items(["clips"], references)} == {
        "a/one": "by id",
        "a/two": "by place",
        "b/three": "by stem",
        "b/four": "by name",
        "b/five": None,
    }


def test_one_text_is_never_taken_for_two_files(put: Put) -> None:
    put("clips/a/one.wav")
    put("clips/b/one.wav")
    with pytest.raises(BadInput, match=r"b.one\.wav: its reference is 'one', and so is that of .*a.one\.wav"):
        find_items(["clips"], {"one": "which?"})


def test_references_of_another_corpus_are_refused(put: Put) -> None:
    put("clips/a.wav")
    with pytest.raises(BadInput, match=r"none of their ids, such as 'x', is a file's; files are 'a'"):
        find_items(["clips"], {"x": "said"})


def test_two_files_of_one_id_are_refused(put: Put) -> None:
    put("a/one.wav")
    put("b/one.flac")
    with pytest.raises(BadInput, match=r"one\.flac: has the id 'one', and so has .*one\.wav; wanted unique ids"):
        find_items(["a", "b"])


@pytest.mark.parametrize("path", ["empty", "empty/*.wav", "m.jsonl"])
def test_what_names_no_audio_is_refused(put: Put, path: str) -> None:
    put("empty/notes.md")
    put("m.jsonl", "\n")
    with pytest.raises(BadInput, match=r"names no audio; wanted at least one file"):
        find_items([path])


def test_a_line_without_audio_is_named(put: Put) -> None:
    put("m.jsonl", '{"audio": "a.wav"}\n{"text": "hello"}\n')
    with pytest.raises(BadInput, match=r"m\.jsonl: line 2: has text; wanted a field audio_filepath or "):
        find_items(["m.jsonl"])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.csv", "audio,text\na.wav,well, no\n", "m.csv: line 2: has 3 cells where 2 are wanted; a text with a comma"),
        (
            "m.tsv",
            "audio\ttext\na.wav\twell\tno\n",
            "m.tsv: line 2: has 3 cells where 2 are wanted; a text may hold no",
        ),
        ("m.csv", 'audio,text\na.wav,"well\nb.wav,no\n', "m.csv: after line 1: no table: unexpected end of data"),
        ("m.csv", 'audio,text\na.wav,"well" no\n', "m.csv: after line 1: no table: ',' expected after '\"'"),
        ("m.jsonl", '{"audio": "a.wav", "text": 42}', "m.jsonl: line 1: text is 42; wanted a string"),
        ("m.jsonl", '{"audio": {"path": "a.wav"}}', "m.jsonl: line 1: audio is {'path': 'a.wav'}; wanted a string"),
    ],
)
def test_a_text_that_would_be_cut_off_or_left_out_is_refused(put: Put, name: str, text: str, says: str) -> None:
    put(name, text)
    with pytest.raises(BadInput, match=re.escape(says)):
        find_items([name])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.jsonl", '{"audio": "a.wav", "text": "\\ud800"}', "line 1: text has half of a surrogate pair"),
        ("m.jsonl", '{"audio": "\\ud800.wav"}', "line 1: audio has half of a surrogate pair"),
        ("m.jsonl", '{"audio": "a.wav", "id": "\\ud800"}', "line 1: id has half of a surrogate pair"),
        ("m.jsonl", '{"audio": "a\\u0000.wav"}', r"line 1: 'a\x00.wav' is no path of a file"),
        ("m.jsonl", '{"audio": "."}', "line 1: '.' is no path of a file"),
        (
            "m.json",
            '[\n  {"audio": "a.wav"}\n]\n',
            "m.json: line 1: not JSON: Expecting value: line 1 column 2 (char 1); wanted an object on each line",
        ),
        (
            "m.csv",
            f"audio,text\n{'x' * 200_000},said\n",
            "m.csv: after line 1: no table: field larger than field limit",
        ),
    ],
)
def test_what_is_no_text_and_no_path_is_one_sentence(put: Put, name: str, text: str, says: str) -> None:
    put(name, text)
    with pytest.raises(BadInput, match=re.escape(says)):
        find_items([name])


@pytest.mark.parametrize("path", ["clips", "clips/*.wav", os.fsdecode(b"clips/\xff.wav")])
def test_a_name_that_is_not_utf_8_is_one_sentence(put: Put, path: str) -> None:
    try:
        put(os.fsdecode(b"clips/\xff.wav"))
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(BadInput, match="its path is not UTF-8; wanted one that is"):
        find_items([path])
