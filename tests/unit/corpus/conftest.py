"""A small corpus on disk, and rows as work gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.corpus.inputs import Item
from harness.corpus.rows import Row, scored

MakeItems = Callable[..., list[Item]]
MakeRow = Callable[..., Row]


@pytest.fixture
def items(tmp_path: Path) -> MakeItems:
    """items("one", "two") -> a file for each, of which its own name was said."""

    def make(*names: str) -> list[Item]:
        for name in names:
            (tmp_path / f"{name}.wav").write_text(f"audio of {name}")
        return [Item(name, str(tmp_path / f"{name}.wav"), f"this is {name}") for name in names]

    return make


@pytest.fixture
def row() -> MakeRow:
    """row(item, streaming=…, prerecorded=…) -> what came of it: nothing wrong unless told; None failed."""

    def make(item: Item, streaming: str | None = "", prerecorded: str | None = "", *, synthetic: bool = False) -> Row:
        heard = [item.reference if text == "" else text for text in (streaming, prerecorded)]
        unscored = Row(
            id=item.id,
            audio=item.audio,
            sha256=hashlib.sha256(item.path.read_bytes()).hexdigest() if item.path.exists() else None,
            audio_s=1.5,
            synthetic=synthetic,
            streaming_failure="timed out" if streaming is None else None,
            prerecorded_failure="timed out" if prerecorded is None else None,
            streaming=heard[0],
            prerecorded=heard[1],
            streaming_wall_s=1.25,
        )
        return scored(unscored, item.reference, ["basic"])

    return make
