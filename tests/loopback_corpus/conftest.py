"""A few clips of noise as a corpus, and work to be done on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from harness.audio.decode import wav_bytes
from harness.audio.format import AudioFormat
from harness.cases import Stream
from harness.cli.output import TOOL
from harness.corpus.inputs import Item
from harness.corpus.settings import SYNTHETIC, Settings
from harness.corpus.work import Answers, Work

MakeItems = Callable[..., list[Item]]
MakeWork = Callable[..., Work]


@pytest.fixture
def items(tmp_path: Path) -> MakeItems:
    """items("one", "two") -> a clip for each, in which `hello world` was said."""

    def make(*names: str) -> list[Item]:
        for name in names:
            noise = bytes(b % 4 if index % 2 else b for index, b in enumerate(Random(name).randbytes(32_000)))
            (tmp_path / f"{name}.wav").write_bytes(wav_bytes(noise, AudioFormat()))
        return [Item(name, str(tmp_path / f"{name}.wav"), "hello world") for name in names]

    return make


@pytest.fixture
def work() -> MakeWork:
    """work(answers, streams=2) -> files are sent at full speed, and scored under `basic`."""

    def make(answers: Answers, streams: int = 1) -> Work:
        settings = Settings(answers=SYNTHETIC, stream=Stream(speed="max"))
        return Work(settings, ("basic",), answers, TOOL, streams)

    return make
