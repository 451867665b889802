"""The import contracts of `.importlinter`, run for real, and shown to bite."""

from __future__ import annotations

import configparser
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".importlinter"


@pytest.fixture(autouse=True)
def loggers_stay_enabled() -> Iterator[None]:
    """import-linter sets up logging as if the process were its own, which silences every logger there is."""
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.disabled) for logger in loggers]
    yield
    for logger, disabled in before:
        logger.disabled = disabled


def listed(section: str, key: str) -> list[str]:
    parser = configparser.ConfigParser()
    parser.read(CONFIG, encoding="utf-8")
    return re.findall(r"[\w.]+", parser[f"importlinter:contract:{section}"][key])


def rooms_of(package: str) -> set[str]:
    """The modules and packages right below a root package, as import names."""
    found = (path for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file())
    return {f"{package}.{path.stem}" for path in found if not path.stem.startswith("_")}


def test_every_contract_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    failed = lint_imports(config_filename=str(CONFIG), no_cache=True)
    assert not failed, capsys.readouterr().out


def test_every_room_of_the_harness_has_its_layer() -> None:
    assert rooms_of("harness") - set(listed("rooms", "layers")) == set()


def test_every_room_that_claims_to_be_pure_exists() -> None:
    assert set(listed("pure", "source_modules")) - rooms_of("harness") - rooms_of("mock_server") <= {
        "mock_server.faults"
    }


@pytest.mark.parametrize(
    ("section", "importer", "forbidden"),
    [
        ("pure", "harness.protocol.codec", "msgspec"),
        ("mock", "mock_server.listen_connection", "harness.protocol.session"),
        ("reports", "reports.summary", "harness.results"),
    ],
)
def test_a_contract_that_forbids_what_is_imported_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], section: str, importer: str, forbidden: str
) -> None:
    changed = configparser.ConfigParser()
    changed.read(CONFIG, encoding="utf-8")
    contract = changed[f"importlinter:contract:{section}"]
    contract["source_modules"] = f"\n{importer.rpartition('.')[0]}"
    contract["forbidden_modules"] = f"\n{forbidden}"
    config = tmp_path / "contracts.ini"
    with config.open("w", encoding="utf-8") as file:
        changed.write(file)
    assert lint_imports(config_filename=str(config), limit_to_contracts=(section,), no_cache=True)
    assert f"{importer} -> {forbidden}" in capsys.readouterr().out
