"""Who is let in, and with what headers: credentials, web origin, path and query of every request.

A refusal has the shapes and headers of the live service (protocol reference, 1.4, 1.5 and 8).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from random import Random
from typing import Final
from urllib.parse import urlsplit

from websockets.datastructures import Headers

from harness.clock import Clock, rfc3339
from harness.loopback import is_loopback
from harness.protocol import refusal as refusals
from harness.protocol.auth import Credentials, accepts, credentials
from harness.protocol.flux_options import FluxOptions, parse_flux_query
from harness.protocol.options import Endpoint, ListenOptions, parse_query
from harness.protocol.refusal import HttpAnswer, Refusal
from mock_server.callback import Courier, unreachable
from mock_server.connection import Connection
from mock_server.endpoints import connection_for
from mock_server.faults.chain import FaultChain
from mock_server.faults.steps import Handshake, Moment
from mock_server.ids import uuid4, uuid7
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.line import Line
from mock_server.runs import FaultRuns, Run
from mock_server.settings import ServerSettings

LISTEN_PATH: Final = "/v1/listen"
FLUX_PATH: Final = "/v2/listen"
TOOL: Final = f"dgharness {version('dgharness')} mock server"
EXPOSED_HEADERS: Final = "dg-model-name,dg-model-uuid,dg-char-count,dg-request-id,dg-error"


@dataclass(frozen=True)
class UpgradeRequest:
    """A request for a WebSocket: target with query, headers, and when it came."""

    target: str
    headers: Headers
    came_s: float


@dataclass(frozen=True)
class Admitted:
    """Let in: the connection behind its faults, the run of its client, and headers for the 101."""

    line: Line
    run: Run
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Refused:
    """Not let in: the HTTP answer, why in words, and the journal of this."""

    response: HttpAnswer
    why: str
    journal: Journal


@dataclass(frozen=True)
class Attempt:
    """What faults make of an attempt to connect, before anything else is decided about it."""

    run: Run
    chain: FaultChain
    handshake: Handshake


class Reception:
    """Decides about requests.

    Attributes:
        runs: which faults the clients' connections meet.
    """

    def __init__(self, settings: ServerSettings, replies: Replies, clock: Clock, rng: Random, courier: Courier) -> None:
        self._settings, self._replies, self._clock, self._rng = settings, replies, clock, rng
        self._legs = Legs()
        self._courier = courier
        self._busy = 0
        self.runs = FaultRuns(settings.faults, settings.seed)

    def new_request_id(self) -> str:
        """A fresh id, a UUID of the wanted version."""
        if self._settings.request_id_version == 4:
            return uuid4(self._rng)
        return uuid7(self._clock.unix_ms(), self._rng)

    def now_rfc3339(self) -> str:
        """The date, as `created` has it."""
        return rfc3339(self._clock.unix_ms())

    def attempt(self, asked: UpgradeRequest) -> Attempt:
        """Somebody asks for a WebSocket: what faults make of that, and how long it has to wait."""
        now_s = self._clock.now_s()
        run, chain = self.runs.attempt(_client(asked.headers, asked.target), now_s)
        return Attempt(run, chain, chain.handshake(Moment(now_s)))

    def upgrade(self, asked: UpgradeRequest, attempt: Attempt, *, handshake_ok: bool) -> Admitted | Refused:
        """Decide about a request for a WebSocket, once it has waited as long as its faults will have it."""
        path, _, query = asked.target.partition("?")
        request_id, created, now_s = self.new_request_id(), self.now_rfc3339(), self._clock.now_s()
        journal = Journal(path, query, created, TOOL, asked.came_s)
        for firing in attempt.chain.fired:
            journal.note(f"fault {firing.kind}: {firing.what}", asked.came_s, 0.0)
        options = attempt.handshake.refusal or self._options_or_refusal(
            path, query, asked.headers, handshake_ok=handshake_ok
        )
        if isinstance(options, Refusal):
            response = options.response(request_id, self._settings.error_names)
            journal.refused(response.status, dict(response.headers), response.body.decode("utf-8", "replace"), now_s)
            return Refused(response, options.message, journal)
        headers = (("dg-request-id", request_id), *_cors(_joined(asked.headers, "Origin")))
        journal.opened(dict(headers), now_s)
        connection = self._connection(options, request_id, created, journal, _client(asked.headers, asked.target))
        attempt.run.begin()
        self._busy += 1
        return Admitted(Line(connection, attempt.chain, now_s), attempt.run, headers)

    def _connection(
        self, options: ListenOptions | FluxOptions, request_id: str, created: str, journal: Journal, client: str
    ) -> Connection:
        return connection_for(
            options,
            self._replies,
            request_id,
            created,
            journal,
            self._settings.connection,
            self._settings.flux,
            self._clock.now_s(),
            legs=self._legs,
            client=client,
            post=None if isinstance(options, FluxOptions) else self._courier.to(options),
        )

    def unreadable(self, target: str, status: int, came_s: float) -> Refused:
        """Refuse an upgrade whose head is too long, or no HTTP, for anything but its target to be looked at."""
        path, _, query = target.partition("?")
        refusal = refusals.for_status(status)
        response = refusal.response(self.new_request_id(), self._settings.error_names)
        journal = Journal(path, query, self.now_rfc3339(), TOOL, came_s)
        body = response.body.decode("utf-8", "replace")
        journal.refused(response.status, dict(response.headers), body, self._clock.now_s())
        return Refused(response, refusal.message, journal)

    def admit(self, authorization: str | None, subprotocols: Sequence[str] = ()) -> Refusal | None:
        """A refusal for missing or wrong credentials, else None."""
        presented = credentials(authorization, subprotocols)
        if presented is None and not self._settings.require_key:
            return None
        return None if self._knows(presented) else refusals.INVALID_CREDENTIALS

    def full(self) -> Refusal | None:
        """A refusal when there are as many streams and posted files as may be."""
        limit = self._settings.max_connections
        if limit is None or self._busy < limit:
            return None
        return refusals.too_many_requests(self._settings.retry_after_s)

    def take(self) -> None:
        """A posted file begins to count."""
        self._busy += 1

    def give_back(self) -> None:
        """A stream, or a posted file, counts no more."""
        self._busy -= 1

    def options(self, query: str, endpoint: Endpoint) -> ListenOptions | Refusal:
        """The query string, parsed and checked for one endpoint."""
        strict = self._settings.strict_query
        return parse_query(query, endpoint=endpoint, strict=strict, any_model=self._settings.any_model)

    @staticmethod
    def echoed_subprotocol(offered: Sequence[str]) -> str | None:
        """Which of the offered subprotocols the server selects."""
        presented = credentials(None, offered)
        return presented.subprotocol if presented else None

    def _options_or_refusal(
        self, path: str, query: str, headers: Headers, *, handshake_ok: bool
    ) -> ListenOptions | FluxOptions | Refusal:
        offered = [item.strip() for line in headers.get_all("Sec-WebSocket-Protocol") for item in line.split(",")]
        if path not in (LISTEN_PATH, FLUX_PATH):
            return refusals.PATH_NOT_FOUND
        origin = _joined(headers, "Origin")
        if not self._origin_allowed(origin):
            return Refusal(403, f"Origin {origin} may not connect to this server.")
        refused = self.admit(_joined(headers, "Authorization"), offered)
        if refused is not None:
            return refused
        if not handshake_ok:
            return Refusal(400, "Bad Request: the WebSocket handshake is malformed.")
        options = self._flux_options(query) if path == FLUX_PATH else self.options(query, Endpoint.STREAMING)
        if isinstance(options, Refusal):
            return options
        naming = options.as_listen_options if isinstance(options, FluxOptions) else options
        wrong_name = self._replies.check_named(naming)
        if wrong_name is not None:
            return Refusal(400, f"Bad Request: {wrong_name}")
        return unreachable(naming) or self.full() or options

    def _flux_options(self, query: str) -> FluxOptions | Refusal:
        chosen = self._settings
        return parse_flux_query(
            query, strict=chosen.strict_query, any_model=chosen.any_model, bounds=chosen.flux.bounds
        )

    def _knows(self, presented: Credentials | None) -> bool:
        return presented is not None and accepts(presented, self._settings.api_keys)

    def _origin_allowed(self, origin: str | None) -> bool:
        """A page of another site must not reach a server on its visitor's machine; a local one may."""
        if origin is None or origin in self._settings.allowed_origins:
            return True
        try:
            return is_loopback(urlsplit(origin).hostname)
        except ValueError:
            return False


def _client(headers: Headers, target: str) -> str:
    """Who a client is, as far as its request tells: its credentials, hashed, and what it asks for."""
    secrets = [*headers.get_all("Authorization"), *headers.get_all("Sec-WebSocket-Protocol")]
    return hashlib.sha256("\n".join([*secrets, target]).encode()).hexdigest()


def _joined(headers: Headers, name: str) -> str | None:
    """The value of a header; one that came more than once has its values joined by commas (RFC 9110, 5.3)."""
    return ", ".join(headers.get_all(name)) or None


def _cors(origin: str | None) -> tuple[tuple[str, str], ...]:
    """What the live service answers to an Origin (capture in deepgram-js-sdk #301)."""
    if origin is None:
        return ()
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", EXPOSED_HEADERS),
        ("vary", "origin"),
    )
