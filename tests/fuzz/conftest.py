"""What hostile clients send: request heads, frames, JSON, queries, containers and bodies, each broken in many ways."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import pytest
from websockets.frames import Opcode

FIXTURES: Final = Path(__file__).resolve().parents[2] / "fixtures"
NAMES: Final = (
    *("model", "encoding", "sample_rate", "channels", "language", "endpointing", "utterance_end_ms", "keyterm", "tag"),
    *("interim_results", "multichannel", "diarize", "callback", "extra", "redact", "version", "vad_events", "search"),
    *("eot_threshold", "eager_eot_threshold", "eot_timeout_ms", "language_hint", "utt_split", "summarize"),
    *(
        "utterances",
        "detect_language",
        "paragraphs",
        "topics",
        "custom_topic",
        "replace",
        "callback_method",
        "mip_opt_out",
    ),
)
VALUES: Final = (
    *("nova-3", "linear16", "opus", "16000", "true", "false", "0", "-1", "1e309", "99999999999999999999", "", "%00"),
    *("%", "%zz", "&", "=", "a:b", "💥", "../..", "' OR 1=1", "\x7f", "nan", "48000", "8", "64", "http://127.0.0.1:1/"),
)
METHODS: Final = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "BREW", "get", "G\x00T", "")
PATHS: Final = (
    "/v1/listen",
    "/v2/listen",
    "/health",
    "/",
    "*",
    "//",
    "/v1/listen/../x",
    "/_dgharness/faults",
    "http://x",
)
HEADERS: Final = (
    *("Content-Length: 10", "Content-Length: -1", "Content-Length: 99999999999", "Transfer-Encoding: chunked"),
    *("Transfer-Encoding: gzip", "Expect: 100-continue", "Content-Type: application/json", "Content-Type: text/plain"),
    *(
        "Connection: Upgrade",
        "Connection: close",
        "Origin: null",
        "Origin: http://[",
        "Sec-WebSocket-Protocol: token, k",
    ),
    *("Sec-WebSocket-Extensions: permessage-deflate; x=1", "X: " + "y" * 5000, "no colon", ": empty", "A\x00B: c"),
    *("Host: ", "Host: \xff", " folded: 1", "Authorization: Basic AAAA", "Authorization: "),
)
MESSAGES: Final = (
    *("KeepAlive", "Finalize", "CloseStream", "Configure", "Sync", "ForceEndTurn", "Results", "Metadata", "Nothing"),
)
TARGETS: Final = (
    "/v1/listen?encoding=linear16&sample_rate=16000&model=nova-3",
    "/v1/listen?model=nova-3&multichannel=true&utterance_end_ms=1000&interim_results=true&vad_events=true",
    "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.4",
    "/v2/listen?model=flux-general-en",
)
ODD_JSON: Final = (
    *("null", "[]", "1", '"x"', "{", "}", '{"type":}', '{"type":null}', '{"type":["KeepAlive"]}', "[" * 5000),
    *('{"type":"KeepAlive"', "\ufeff{}", '{"type":"Configure","keyterms":[1]}', '{"type":"Finalize","channel":-9e99}'),
    *('{"type":"Sync","id":' + "9" * 400 + "}", '{"type":"KeepAlive","type":"CloseStream"}', "NaN", ""),
)


@dataclass(frozen=True)
class Attack:
    """One connection: what is sent on it, and what it was made of, for reports."""

    kind: str
    data: bytes


class Attacker:
    """Makes attacks, all chance from one generator.

    Args:
        key: credentials that are let in, so that attacks get as far as they can.
    """

    def __init__(self, key: str = "Token secret") -> None:
        self._key = key
        self._audio = {path.name: path.read_bytes()[:40_000] for path in sorted((FIXTURES / "audio").iterdir())}
        self._kinds: dict[str, Callable[[Random], bytes]] = {
            "noise": self._noise,
            "head": self._head,
            "query": self._query,
            "frames": self._frames,
            "json": self._json,
            "body": self._body,
            "container": self._container,
            "container_stream": self._container_stream,
            "chunked": self._chunked,
        }

    def attack(self, rng: Random) -> Attack:
        """One attack."""
        kind = rng.choice(sorted(self._kinds))
        return Attack(kind, self._kinds[kind](rng))

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def _noise(self, rng: Random) -> bytes:
        return rng.randbytes(rng.randint(0, 300)) + rng.choice((b"", b"\r\n\r\n", b"\n\n", b"HTTP/1.1\r\n\r\n"))

    def _head(self, rng: Random) -> bytes:
        version = rng.choice(("HTTP/1.1", "HTTP/1.0", "HTTP/9", ""))
        line = f"{rng.choice(METHODS)} {rng.choice(PATHS)}{self._query_string(rng)} {version}"
        headers = [f"Authorization: {self._key}", "Host: 127.0.0.1", *rng.sample(HEADERS, rng.randint(0, 5))]
        rng.shuffle(headers)
        return self._broken(rng, "\r\n".join([line, *headers, "", ""]).encode("utf-8", "surrogateescape"))

    def _query(self, rng: Random) -> bytes:
        return self._upgrade(rng.choice(("/v1/listen", "/v2/listen")) + self._query_string(rng))

    def _query_string(self, rng: Random) -> str:
        pairs = (f"{rng.choice(NAMES)}={rng.choice(VALUES)}" for _ in range(rng.randint(0, 6)))
        return "?" + rng.choice(("&", "&&", ";")).join(pairs)

    def _body(self, rng: Random) -> bytes:
        body = rng.choice((self._odd_text(rng).encode("utf-8", "surrogatepass"), rng.randbytes(rng.randint(0, 2000))))
        kind = rng.choice(("application/json", "audio/wav", "text/plain", "multipart/form-data", "x"))
        return self._post(
            body, rng.choice((0, 0, 1, 50, -1)), kind, self._query_string(rng) if rng.random() < 0.3 else ""
        )

    def _container(self, rng: Random) -> bytes:
        query = self._query_string(rng) if rng.random() < 0.3 else ""
        return self._post(self._broken_container(rng), 0, "audio/*", query)

    def _chunked(self, rng: Random) -> bytes:
        head = (
            f"POST /v1/listen HTTP/1.1\r\nHost: x\r\nAuthorization: {self._key}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunks = b"".join(
            f"{rng.choice((size, size + 1, -1)):x}\r\n".encode() + rng.randbytes(size) + b"\r\n"
            for size in (rng.randint(0, 200) for _ in range(rng.randint(0, 4)))
        )
        return head.encode() + self._broken(rng, chunks + b"0\r\n\r\n")

    def _post(self, body: bytes, missing: int, content_type: str, query: str) -> bytes:
        fields = [
            f"Authorization: {self._key}",
            f"Content-Length: {max(0, len(body) + missing)}",
            f"Content-Type: {content_type}",
        ]
        return "\r\n".join([f"POST /v1/listen{query} HTTP/1.1", "Host: x", *fields, "", ""]).encode() + body

    # --- WebSocket --------------------------------------------------------------------------------------------------

    def _frames(self, rng: Random) -> bytes:
        sent = self._upgrade(rng.choice(TARGETS))
        for _ in range(rng.randint(1, 6)):
            size = rng.choice((0, 1, 2, 3, 125, 126, 3200))
            sent += self._frame(rng, rng.choice(list(Opcode)), rng.randbytes(size), fin=rng.random() < 0.8)
        return sent

    def _json(self, rng: Random) -> bytes:
        sent = self._upgrade(rng.choice(TARGETS))
        for _ in range(rng.randint(1, 5)):
            sent += self._frame(rng, Opcode.TEXT, self._odd_text(rng).encode("utf-8", "surrogatepass"), fin=True)
            if rng.random() < 0.3:
                sent += self._frame(rng, Opcode.BINARY, rng.randbytes(rng.randint(0, 400)), fin=True)
        return sent

    def _container_stream(self, rng: Random) -> bytes:
        """A broken or truncated file in binary frames, and mostly a CloseStream after it."""
        sent, data = self._upgrade(rng.choice(TARGETS)), self._broken_container(rng)
        size = rng.choice((1_000, 4_000, 40_000))
        for begin in range(0, len(data), size):
            sent += self._sound_frame(Opcode.BINARY, data[begin : begin + size])
        if rng.random() < 0.8:
            sent += self._sound_frame(Opcode.TEXT, b'{"type":"CloseStream"}')
        return sent

    def _sound_frame(self, opcode: Opcode, data: bytes) -> bytes:
        """A frame in order; a masking key of zeros is as good as any, and leaves the data as they are."""
        return bytes([0x80 | opcode, 0xFE]) + struct.pack("!H", len(data)) + bytes(4) + data

    def _odd_text(self, rng: Random) -> str:
        if rng.random() < 0.5:
            return rng.choice(ODD_JSON)
        fields: dict[str, object] = {
            rng.choice(("channel", "keyterms", "features", "id", "url", "x")): rng.choice((None, 1, -1.5, "y", [], {}))
        }
        return json.dumps({"type": rng.choice(MESSAGES), **fields})

    def _frame(self, rng: Random, opcode: Opcode, data: bytes, *, fin: bool) -> bytes:
        """A frame, written by hand, because no library writes bad ones (RFC 6455, 5.2)."""
        masked = rng.random() < 0.95
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
        head = bytearray([(0x80 if fin else 0) | opcode, *length])
        if rng.random() < 0.1:
            head[0] ^= 1 << rng.randrange(8)
        if rng.random() < 0.05:
            head[1] ^= 1 << rng.randrange(7)
        if not masked:
            return bytes(head) + data
        head[1] |= 0x80
        key = rng.randbytes(4)
        return bytes(head) + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(data))

    def _upgrade(self, target: str) -> bytes:
        fields = (
            *("Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
            *("Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==", f"Authorization: {self._key}"),
        )
        return "\r\n".join([f"GET {target} HTTP/1.1", *fields, "", ""]).encode("utf-8", "surrogateescape")

    # --- both -------------------------------------------------------------------------------------------------------

    def _broken_container(self, rng: Random) -> bytes:
        return self._broken(rng, self._audio[rng.choice(sorted(self._audio))])

    def _broken(self, rng: Random, data: bytes) -> bytes:
        """Bits flipped, a piece cut out, doubled or cut off; or nothing."""
        spoilt = bytearray(data)
        for _ in range(rng.choice((0, 1, 1, 3))):
            if not spoilt:
                break
            at, size = rng.randrange(len(spoilt)), rng.randint(1, 40)
            match rng.randrange(4):
                case 0:
                    spoilt[at] ^= 1 << rng.randrange(8)
                case 1:
                    del spoilt[at : at + size]
                case 2:
                    spoilt[at:at] = spoilt[at : at + size]
                case 3:
                    del spoilt[at:]
        return bytes(spoilt)


@pytest.fixture(scope="session")
def attacker() -> Attacker:
    """Makes attacks."""
    return Attacker()
