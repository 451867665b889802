"""Help, version, and what becomes of a command line that cannot be understood."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from harness.cli.app import COMMANDS, cli

if TYPE_CHECKING:
    from tests.cli.conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def section(name: str) -> str:
    """What the page says under a heading."""
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"no section {name}"
    return found[1]


def test_help_names_every_command_and_the_exit_codes(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert "Exit codes: 0 passed, 1 a verdict or a threshold failed, 2 bad input" in ran.out


def test_no_words_at_all_print_the_help(run: Run) -> None:
    assert run() == run("--help")


def test_version(run: Run) -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"dgharness, version {version('dgharness')}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    ran = run(name, "-h")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: dgharness {name} ")
    if name != "score":
        assert f"\n  dgharness {name} " in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [p.name for p in command(name).params if isinstance(p, click.Option) and not p.help]
    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_lists_just_the_options_that_there_are(name: str) -> None:
    table = "\n".join(re.findall(r"^\| (`-.*?) \|", section(name), re.MULTILINE))
    listed = set(re.findall(r"`(-[-a-z]+)", table))
    there = {spelling for p in command(name).params if isinstance(p, click.Option) for spelling in p.opts}
    assert listed == there


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_tells_the_defaults_that_there_are(name: str) -> None:
    rows = dict(re.findall(r"^\| `(--[-a-z0-9]+)[^|]*\| `?([^|`]*?)`? \|", section(name), re.MULTILINE))
    for option in command(name).params:
        if isinstance(option, click.Option) and option.show_default and option.opts[-1] in rows:
            told = rows[option.opts[-1]]
            short = f"{option.default:g}" if isinstance(option.default, float) else ""
            assert told in (str(option.default), short, option.show_default)


def test_shell_completion_finds_every_command() -> None:
    assert cli.list_commands(click.Context(cli)) == list(COMMANDS)


def test_the_page_and_the_application_know_the_same_commands() -> None:
    headings = re.findall(r"^## (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["--bogus"], "No such option '--bogus'"),
        (["stream"], "Missing argument 'FILE|-|URL'"),
        (["stream", "a.wav", "--kye=SECRET"], "No such option '--kye'"),
        (["stream", "a.wav", "--sample-rate", "fast"], "'fast' is not a valid integer"),
        (["serve", "--port", "99999"], "99999 is not in the range"),
        (["run"], "Missing argument"),
        (["score"], "Missing option '--references'"),
    ],
)
def test_a_command_line_that_is_wrong_is_one_sentence_that_says_where_to_look(
    run: Run, arguments: list[str], sentence: str
) -> None:
    complaint = run(*arguments).complaint
    assert sentence in complaint
    assert "--help`)" in complaint
    assert "SECRET" not in complaint


def test_a_click_error_without_a_context_is_its_message() -> None:
    from harness.cli.app import _sentence

    assert _sentence(click.ClickException("nothing works.")) == "nothing works"


def test_an_interrupt_before_anything_was_done_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    ran = run("score")
    assert (ran.code, ran.out, ran.err) == (130, "", "dgharness: interrupted\n")
