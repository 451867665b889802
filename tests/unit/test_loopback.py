"""Which hosts are this machine."""

import pytest

from harness.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "api.deepgram.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.4",
        "128.0.0.1",
        "fe80::1",
        "127.1",
        "2130706433",
        "[::1]",
        "127.0.0.1:8080",
    ],
)
def test_anything_else(host: str | None) -> None:
    assert not is_loopback(host)
