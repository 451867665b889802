from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib.metadata import version

import pytest

from harness.errors import BadInput
from harness.scoring.normalize import basic, normalizer


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Well now, Ennis, I declare.", "well now ennis i declare"),
        ("  two \t lines\r\nof  text ", "two lines of text"),
        ("don't DON\u2019T don\u2018t don\u02bct don\uff07t", "don't don't don't don't don't"),
        ("'Tis Simmons' 'twixt", "'tis simmons' 'twixt"),
        ("'quoted word'", "'quoted word'"),
        ("lone ' and '' and ''doubled''", "lone and and 'doubled'"),
        ("well-known\u2014or not\u2013so\u2010known", "well known or not so known"),
        ("end.Start and/or 3.5% of $1,000", "end start and or 3 5 of 1 000"),
        ("snake_case", "snake case"),
        ("Crème BRÛLÉE, cre\u0300me", "crème brûlée crème"),
        ("नमस्ते, दुनिया!", "नमस्ते दुनिया"),
        ("co\u00adoperate\ufeff zero\u200bwidth", "cooperate zerowidth"),
        ("fine 👍", "fine"),
        ("I \u2764\ufe0f it \u260e\ufe0e", "i it"),
        ("press 1\ufe0f\u20e3 or #\ufe0f\u20e3", "press 1 or"),
        ("\U0001f469\U0001f3fd\u200d\U0001f680 \u26a0\ufe0f", ""),
        ("葛\U000e0100飾 \u1820\u180b", "葛飾 \u1820"),
        ("a \u0301 b +\u0301 '\u0301 c\u0327\u0301", "a b \u1e09"),
        ("...", ""),
        ("", ""),
    ],
)
def test_basic_lowers_and_strips_punctuation(text: str, wanted: str) -> None:
    assert basic(text) == wanted


def test_basic_by_name_is_basic() -> None:
    by_name = normalizer("basic")
    assert by_name("Hello, World!") == "hello world"
    assert by_name.label == "basic@1"


def test_none_leaves_the_text_alone() -> None:
    assert normalizer("none")("  As  It IS. ") == "  As  It IS. "
    assert normalizer("none").label == "none@1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mr. O'Brien can't pay twenty one dollars", "mister 0 brien can not pay $21"),
        ("um, the colour [noise] is grey", "the color is gray"),
        ("one two three four", "1234"),
    ],
)
def test_whisper_english_applies_the_rules_of_the_package(text: str, wanted: str) -> None:
    assert normalizer("whisper-english")(text) == wanted


def test_whisper_english_is_not_idempotent() -> None:
    english = normalizer("whisper-english")
    assert english("oh oh") == "00"
    assert english("00") == "0"


def test_the_version_of_whisper_english_names_the_package_it_came_from() -> None:
    assert normalizer("whisper-english").version == f"1+whisper-normalizer-{version('whisper-normalizer')}"


def test_an_unknown_name_is_bad_input_that_lists_the_names() -> None:
    with pytest.raises(BadInput, match="no normaliser named 'wisper'; choose one of none, basic, whisper-english"):
        normalizer("wisper")


def test_equality_is_name_and_version() -> None:
    there = normalizer("basic")
    assert dataclasses.replace(there, apply=str) == there
    assert dataclasses.replace(there, version="2") != there
    assert normalizer("none") != there


def test_a_repeated_text_comes_from_the_cache_of_the_one_normaliser_of_that_name() -> None:
    assert normalizer("basic") is normalizer("basic")
    text = "A reference that two hypotheses are scored against."
    first = normalizer("basic")(text)
    assert normalizer("basic")(text) is first


def test_the_package_loads_without_the_libraries_behind_it() -> None:
    program = (
        "import sys, harness.scoring as scoring; scoring.normalizer('basic')('x'); "
        "print(sorted({'jiwer', 'rapidfuzz', 'whisper_normalizer', 'numpy', 'asyncio', 'socket'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
