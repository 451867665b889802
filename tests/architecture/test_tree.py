"""What is kept under version control: text, and the audio of fixtures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDIO = ROOT / "fixtures" / "audio"


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout: what is kept can be asked only of one")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_only_audio_is_not_text() -> None:
    binary = [path for path in tracked() if path.is_file() and b"\0" in path.read_bytes()]
    assert {path.parent for path in binary} == {AUDIO}
