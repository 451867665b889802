"""The same server over TLS, with a certificate made for the test."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.sync.client import connect

from harness.errors import BadInput
from harness.pytest_support import DeepgramServer
from mock_server import loading
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import Limits, ServerSettings

if TYPE_CHECKING:
    from tests.loopback.conftest import Clip, Wire

KEY = {"Authorization": "Token any"}
QUERY = "model=nova-3&encoding=linear16&sample_rate=16000&punctuate=true"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the program openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    certfile, keyfile = folder / "certificate.pem", folder / "key.pem"
    wanted = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
    subprocess.run(
        [
            openssl,
            "req",
            *wanted.split(),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            keyfile,
            "-out",
            certfile,
        ],
        check=True,
        capture_output=True,
    )
    return certfile, keyfile


@pytest.fixture
def secure(certificate: tuple[Path, Path], tmp_path: Path) -> Iterator[DeepgramServer]:
    """A server with that certificate."""
    limits = Limits(head_timeout_s=0.3, close_timeout_s=0.3, body_bytes=1_000_000)
    settings = ServerSettings(certfile=certificate[0], keyfile=certificate[1], limits=limits)
    server = DeepgramServer(tmp_path, say="Nobody else hears this.", settings=settings)
    server.start()
    yield server
    server.stop()
    assert server.errors == []


@pytest.fixture
def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """A client's context that trusts that certificate."""
    return ssl.create_default_context(cafile=str(certificate[0]))


def talk(server: DeepgramServer, trust: ssl.SSLContext, pcm: bytes) -> tuple[str, int]:
    """A whole session: everything said, and the code of the close."""
    url = f"{server.ws_url}/v1/listen?{QUERY}"
    with connect(url, ssl=trust, additional_headers=KEY, proxy=None, compression=None) as line:
        for begin in range(0, len(pcm), 32_000):
            line.send(pcm[begin : begin + 32_000])
        line.send('{"type":"CloseStream"}')
        said = "".join(str(text) for text in line)
        assert line.close_code is not None
        return said, line.close_code


def test_a_stream_over_tls(secure: DeepgramServer, trust: ssl.SSLContext, booking: Clip) -> None:
    assert secure.ws_url.startswith("wss://127.0.0.1:")
    said, code = talk(secure, trust, booking.pcm)

    assert "Nobody else hears this." in said
    assert '"type":"Metadata"' in said
    assert code == 1000
    (session,) = secure.wait_for_sessions()
    assert not session.partial


def test_a_file_over_tls(secure: DeepgramServer, trust: ssl.SSLContext, booking: Clip) -> None:
    assert secure.http_url.startswith("https://127.0.0.1:")
    with httpx.Client(verify=trust, trust_env=False) as client:
        for _ in range(2):  # on one connection
            answer = client.post(f"{secure.url}/v1/listen?{QUERY}", content=booking.path.read_bytes(), headers=KEY)
            assert "Nobody else hears this." in answer.text


def test_refusals_over_tls_are_seen(secure: DeepgramServer, trust: ssl.SSLContext) -> None:
    with httpx.Client(verify=trust, trust_env=False) as client:
        assert client.get(f"{secure.url}/nowhere").status_code == 404
        large = client.post(f"{secure.url}/v1/listen?{QUERY}", content=b"\0" * 1_000_001, headers=KEY)
        assert large.status_code == 413


def test_a_client_that_leaves_without_a_word_harms_nobody(
    secure: DeepgramServer, trust: ssl.SSLContext, booking: Clip
) -> None:
    address = ("127.0.0.1", secure.port)
    plain = socket.create_connection(address)
    plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")  # no TLS at all
    silent = socket.create_connection(address)  # a handshake that never comes
    half = trust.wrap_socket(socket.create_connection(address), server_hostname="127.0.0.1")
    half.sendall(b"GET /v1/lis")
    said, code = talk(secure, trust, booking.pcm)
    for line in (plain, silent, half):
        line.close()

    assert "Nobody else hears this." in said
    assert code == 1000


@pytest.mark.parametrize("contents", [None, "no certificate"])
def test_an_unusable_certificate_is_one_sentence(tmp_path: Path, contents: str | None) -> None:
    certfile = tmp_path / "certificate.pem"
    if contents is not None:
        certfile.write_text(contents)
    server = MockServer(Replies(always=loading.say("hello")), ServerSettings(certfile=certfile))

    with pytest.raises(BadInput, match=rf"^{certfile}: no usable certificate and key"):
        BackgroundServer(server).__enter__()


def test_a_client_that_speaks_tls_to_a_plain_port_is_told_so(wire: Wire) -> None:
    with wire.socket() as line, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(line, server_hostname="127.0.0.1")
