"""Takes the guards out one at a time and sees whether the tests notice: `python tests/mutations/run.py [NAME...]`.

The list is `mutations.toml`. Everything happens in a copy of the tree; the checkout is never changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("mutations.toml")
COPIED: Final = ("harness", "mock_server", "reports", "tests", "fixtures", "docs", "pyproject.toml")
FIELDS: Final = {"name", "removes", "where", "before", "after", "tests"}
LONGEST_S: Final = 180.0
"""Tests that take longer than this hang, which is a way to notice."""

KILLED: Final = "killed"
SURVIVED: Final = "survived"
BROKEN: Final = "broken"
GREEN, RED = 0, 1  # pytest's exit codes; any other says that no test was judged


class ListError(Exception):
    """The list says something that cannot be done; one sentence."""


@dataclass(frozen=True)
class Mutation:
    """One guard, and how to take it out.

    Attributes:
        name: what it is called on the command line.
        removes: what the code no longer does.
        where: file, or folder whose Python files are searched, from the project's folder.
        before: text that stands there exactly once.
        after: what stands there instead.
        tests: what must go red, as pytest wants it.
    """

    name: str
    removes: str
    where: str
    before: str
    after: str
    tests: tuple[str, ...]

    def file(self, root: Path) -> Path:
        """The one file that holds the text.

        Raises:
            ListError: there is none, or the text is there more than once.
        """
        place = root / self.where
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        found = [(file, file.read_text(encoding="utf-8").count(self.before)) for file in files]
        holding = [(file, count) for file, count in found if count]
        total = sum(count for _, count in holding)
        if total != 1:
            raise ListError(f"{self.name}: its text stands {total} times in {self.where}; wanted once")
        return holding[0][0]


@dataclass(frozen=True)
class Verdict:
    """What became of one mutation: killed, survived, or broken, and by what it is seen."""

    name: str
    verdict: str
    seen: str


def read_list(path: Path = LIST) -> list[Mutation]:
    """The mutations in their order.

    Raises:
        ListError: a field is missing or unknown, or a name is there twice.
    """
    mutations = []
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
        if set(table) != FIELDS:
            raise ListError(f"{path.name}: {table.get('name')}: wanted exactly the fields {', '.join(sorted(FIELDS))}")
        mutations.append(Mutation(**{**table, "tests": tuple(table["tests"])}))
    names = [mutation.name for mutation in mutations]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ListError(f"{path.name}: there twice: {', '.join(sorted(twice))}")
    return mutations


def copy_tree(to: Path) -> None:
    """Everything that the tests need, without caches: compiled files would outlive what they were compiled from."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        else:
            shutil.copy(source, to / name)


def run_python(tree: Path, *arguments: str) -> tuple[int | None, str]:
    """Run this Python on the copy; the exit code, None when it took too long, and what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout + done.stderr


def run_tests(tree: Path, tests: tuple[str, ...]) -> tuple[int | None, str]:
    """Run tests on the copy, the same ones with the same examples each time."""
    return run_python(tree, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests)


def check_copy(tree: Path) -> None:
    """Make sure that it is the copy which is tested.

    Raises:
        ListError: Python finds another tree first.
    """
    _, printed = run_python(tree, "-c", "import harness; print(harness.__file__)")
    if Path(printed.strip()).parent != tree / "harness":
        raise ListError(f"Python imports {printed.strip()}, not the copy in {tree}")


def try_out(mutation: Mutation, tree: Path) -> Verdict:
    """Apply one mutation, run its tests, and put everything back."""
    try:
        file = mutation.file(tree)
    except ListError as error:
        return Verdict(mutation.name, BROKEN, str(error))
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(mutation.before, mutation.after), encoding="utf-8")
    try:
        code, printed = run_tests(tree, mutation.tests)
    finally:
        file.write_text(whole, encoding="utf-8")
    if code is None:
        return Verdict(mutation.name, KILLED, f"its tests hang for {LONGEST_S:g} s")
    if code == RED:
        failed = [line for line in printed.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return Verdict(mutation.name, KILLED, failed[0] if failed else "red")
    last = printed.strip().splitlines()[-1:]
    if code == GREEN:
        return Verdict(mutation.name, SURVIVED, f"green without it: {mutation.removes}")
    return Verdict(mutation.name, BROKEN, f"pytest ended with {code}: {' '.join(last)}")


def main(arguments: list[str] | None = None) -> int:
    """Run all mutations, or those that are named; 0 when every one was noticed."""
    parser = argparse.ArgumentParser(description="Take guards out one at a time and see whether the tests notice.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutations to try; all when none is named")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--list", action="store_true", help="print the names and what each removes, and do nothing")
    asked = parser.parse_args(arguments)
    try:
        mutations = read_list()
        if unknown := set(asked.names) - {mutation.name for mutation in mutations}:
            raise ListError(f"no such mutation: {', '.join(sorted(unknown))}; --list names them")
        chosen = [mutation for mutation in mutations if not asked.names or mutation.name in asked.names]
        if asked.list:
            print("\n".join(f"{mutation.name}: {mutation.removes}" for mutation in chosen))
            return 0
        return _run(chosen, as_json=asked.json)
    except ListError as error:
        print(error, file=sys.stderr)
        return 2


def _run(chosen: list[Mutation], *, as_json: bool) -> int:
    say: Any = (lambda *_, **__: None) if as_json else print
    with TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        check_copy(tree)
        unmutated, printed = run_tests(tree, tuple(sorted({test for mutation in chosen for test in mutation.tests})))
        if unmutated != GREEN:
            raise ListError(f"the tests are not green before anything is removed:\n{printed[-2000:]}")
        verdicts = []
        for mutation in chosen:
            verdicts.append(try_out(mutation, tree))
            say(f"{verdicts[-1].verdict:9}{mutation.name}: {verdicts[-1].seen}", flush=True)
    killed = sum(verdict.verdict == KILLED for verdict in verdicts)
    if as_json:
        counts = {"mutations": len(verdicts), "killed": killed}
        print(json.dumps({**counts, "verdicts": [asdict(verdict) for verdict in verdicts]}, indent=2))
    say(f"{killed} of {len(verdicts)} killed")
    return 0 if killed == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
