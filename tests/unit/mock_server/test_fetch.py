"""What `{"url": …}` may name: whatever it says, content or a sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mock_server.fetch import RemoteContentError, fetch


@pytest.mark.parametrize(
    "url", ["http://clips/%00", "http://127.0.0.1:99999999/a.wav", "http://127.0.0.1:x/", "http://["]
)
def test_what_is_no_url_is_said_to_be_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteContentError, match="is not a URL"):
        asyncio.run(fetch(url, {"http://clips/": tmp_path}, 10))
