"""The list of mutations fits the code: each text is there exactly once, is Python without it, and has its tests."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from mock_server.faults.table import FAULTS


def test_every_mutation_applies_once_and_leaves_python(runner: ModuleType) -> None:
    for mutation in runner.read_list():
        text = mutation.file(runner.ROOT).read_text(encoding="utf-8")
        mutated = text.replace(mutation.before, mutation.after)
        assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(text)), mutation.name


def test_every_test_of_the_list_is_there(runner: ModuleType) -> None:
    named = {test for mutation in runner.read_list() for test in mutation.tests}
    assert [test for test in sorted(named) if not is_there(runner.ROOT, test)] == []


def is_there(root: Path, test: str) -> bool:
    """Whether there is such a file, and such a function in it, whatever its parameters."""
    name, _, function = test.partition("::")
    path = root / name
    return path.is_file() and (not function or f"def {function.partition('[')[0]}(" in path.read_text(encoding="utf-8"))


def test_every_kind_of_fault_is_on_the_list(runner: ModuleType) -> None:
    names = {mutation.name for mutation in runner.read_list()}
    assert [kind for kind in FAULTS if f"fault-{kind}" not in names] == []


def write(path: Path, *, before: str, tests: str = '["test_x.py"]', name: str = "x") -> Path:
    fields = {"name": f'"{name}"', "removes": '"it"', "where": '"."', "before": f'"{before}"', "after": '"2"'}
    table = "".join(f"{key} = {value}\n" for key, value in {**fields, "tests": tests}.items())
    path.write_text("[[mutation]]\n" + table, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "times"), [("A = 3\n", 0), ("A = 1\nB = 1\n", 2)])
def test_a_text_that_is_not_there_once_is_an_error(runner: ModuleType, tmp_path: Path, text: str, times: int) -> None:
    (mutation,) = runner.read_list(write(tmp_path / "list.toml", before="1"))
    (tmp_path / "code.py").write_text(text, encoding="utf-8")
    with pytest.raises(runner.ListError, match=f"^x: its text stands {times} times in .; wanted once$"):
        mutation.file(tmp_path)


@pytest.mark.parametrize(
    ("check", "verdict"),
    [("assert A == 1", "killed"), ("assert A", "survived"), ("import nothing_of_this_name", "broken")],
    ids=["killed", "survived", "broken"],
)
def test_a_mutation_is_killed_by_a_red_test_and_by_nothing_else(
    runner: ModuleType, tmp_path: Path, check: str, verdict: str
) -> None:
    (mutation,) = runner.read_list(write(tmp_path / "list.toml", before="A = 1"))
    (tmp_path / "code_to_mutate.py").write_text("A = 1\n", encoding="utf-8")
    mutated = runner.Mutation(**{**vars(mutation), "after": "A = 2"})
    top, inside = ("from code_to_mutate import A", check) if check.startswith("assert") else (check, "pass")
    (tmp_path / "test_x.py").write_text(f"{top}\ndef test_it():\n    {inside}\n", encoding="utf-8")
    assert runner.try_out(mutated, tmp_path).verdict == verdict
    assert (tmp_path / "code_to_mutate.py").read_text(encoding="utf-8") == "A = 1\n"
