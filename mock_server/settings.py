"""Everything about a server that its user can choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from harness.protocol.refusal import ErrorNames
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.base import Fault
from mock_server.flux.settings import FluxSettings

MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one peer may use of the server.

    Attributes:
        head_bytes: of a request line with its headers.
        message_bytes: of one WebSocket message; Deepgram has taken single frames of 316 kB.
        body_bytes: of a posted file; Deepgram's own limit is 2 GB.
        unsent_bytes: replies waiting for a client that does not read; beyond it the connection is cut.
        head_timeout_s: longest wait for a request's head.
        body_timeout_s: longest pause within a body (Deepgram answers 408 SLOW_UPLOAD).
        close_timeout_s: longest wait for the client's half of a close.
        kept_sessions: journals of finished sessions that are kept.
    """

    head_bytes: int = 64 * 1024
    message_bytes: int = 16 * MIB
    body_bytes: int = 200 * MIB
    unsent_bytes: int = 8 * MIB
    head_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    close_timeout_s: float = 5.0
    kept_sessions: int = 1000


@dataclass(frozen=True)
class CallbackSettings:
    """What a request with a `callback` is answered with, how often a message is offered to it, and how far apart.

    Attributes:
        attempts: how often a message is offered to a receiver that does not take it.
        every_s: how far apart.
        status: of the answer to a posted file: 200 (OpenAPI), or 202, as many believe.
    """

    attempts: int = 11
    every_s: float = 30.0
    status: int = 200


@dataclass(frozen=True)
class ServerSettings:
    """How a server listens, whom it lets in, and how it behaves.

    Attributes:
        host: address to listen on; loopback unless told otherwise.
        port: 0 picks a free one.
        api_keys: the keys that are let in; None lets in any key that is not empty.
        require_key: False lets in requests without any credentials, as self-hosted Deepgram can.
        allowed_origins: web origins, besides those on loopback, that may connect from a browser.
        any_model: accept model names that Deepgram does not publish.
        strict_query: also refuse what only inference says is refused, and a single-valued key that comes twice.
        seed: of all chance in it.
        file_urls: for `{"url": …}` bodies: URL or URL prefix to the file or folder that stands for it.
        connection: time-outs and switches of a stream.
        flux: time-outs and switches of a stream on `/v2/listen`; its lags and reasons are those of `connection`.
        faults: what goes wrong in every run of a client (`mock_server.runs`), in the order in which all passes them.
        limits: what one peer may use.
        max_connections: streams and posted files at a time; one more is refused with 429. None for any number.
        retry_after_s: the `retry-after` of that refusal.
        callbacks: how results are delivered to a `callback`.
        error_names: whose error codes a refusal has.
        request_id_version: of the UUIDs: 7, as in captures, or 4, as in the internal service model.
        certfile, keyfile: PEM files for `wss://` and `https://`; None serves plain.
    """

    host: str = "127.0.0.1"
    port: int = 0
    api_keys: frozenset[str] | None = field(default=None, repr=False)
    require_key: bool = True
    allowed_origins: frozenset[str] = frozenset()
    any_model: bool = False
    strict_query: bool = True
    seed: int = 0
    file_urls: Mapping[str, Path] = field(default_factory=dict)
    connection: ConnectionSettings = ConnectionSettings()
    flux: FluxSettings = FluxSettings()
    faults: tuple[Fault, ...] = ()
    limits: Limits = Limits()
    max_connections: int | None = None
    retry_after_s: int = 5
    callbacks: CallbackSettings = CallbackSettings()
    error_names: ErrorNames = ErrorNames.DOCS
    request_id_version: Literal[4, 7] = 7
    certfile: Path | None = None
    keyfile: Path | None = None
