"""The HTTP side: `POST /v1/listen`, `GET /health`, and refusals for everything else."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from random import Random
from typing import Any, Final, NamedTuple

from harness.audio.decode import Audio, decode, decode_packets, decode_raw
from harness.audio.packets import packet_format
from harness.clock import Clock
from harness.errors import BadInput
from harness.protocol import refusal as refusals
from harness.protocol.codec import encode_prerecorded
from harness.protocol.options import Endpoint, ListenOptions
from harness.protocol.refusal import Refusal
from mock_server.answer import Submitted
from mock_server.callback import Courier, unreachable
from mock_server.control import BODY_BYTES, CONTROL_PREFIX, ControlError, guard
from mock_server.control import answer as control
from mock_server.faults.steps import Asked, Moment
from mock_server.fetch import RemoteContentError, fetch
from mock_server.http_peer import BodyTooLarge, HttpRequest, HttpResponse
from mock_server.library import Replies, Unidentified
from mock_server.log import LOG
from mock_server.reception import FLUX_PATH, LISTEN_PATH, Reception
from mock_server.settings import ServerSettings

HEALTH_PATH: Final = "/health"
NOT_AUDIO: Final = ("text/plain", "text/html")
"""Content types that Deepgram will not take for audio (spec-mock-go-sdk)."""

ReadBody = Callable[[int], Awaitable[bytes]]


class _Answered(NamedTuple):
    """The body of an answer, and its status."""

    body: bytes
    status: int = HTTPStatus.OK


class Routes:
    """Answers HTTP requests."""

    def __init__(
        self,
        settings: ServerSettings,
        replies: Replies,
        reception: Reception,
        clock: Clock,
        rng: Random,
        courier: Courier,
        health: Callable[[], dict[str, Any]],
    ) -> None:
        self._settings, self._replies, self._reception = settings, replies, reception
        self._courier, self._clock = courier, clock
        self._health = health
        self._runs = reception.runs

    async def answer(self, request: HttpRequest, read_body: ReadBody) -> HttpResponse:
        """The response to one request; reads as much of its body as it needs."""
        request_id = self._reception.new_request_id()
        if request.path == HEALTH_PATH and request.method in ("GET", "HEAD"):
            return _json(200, "OK", self._health())
        if request.path.startswith(CONTROL_PREFIX):
            return await self._control(request, read_body)
        if request.path == FLUX_PATH:
            return self._refuse(refusals.method_not_allowed(("GET",)), request_id)
        if request.path != LISTEN_PATH:
            return self._refuse(refusals.PATH_NOT_FOUND, request_id)
        if request.method != "POST":
            return self._refuse(refusals.method_not_allowed(("GET", "POST")), request_id)
        now_s = self._clock.now_s()
        run, chain = self._runs.attempt(_client(request), now_s, Asked.FILE)
        refused = chain.handshake(Moment(now_s), Asked.FILE).refusal
        try:
            answered = refused or await self._transcribe(request, read_body, request_id)
        except BodyTooLarge:
            limit = f"The request body is larger than {self._settings.limits.body_bytes} bytes."
            answered = replace(refusals.PAYLOAD_TOO_LARGE, message=limit)
        if isinstance(answered, Refusal):
            LOG.warning("request refused", extra={"status": answered.status, "why": answered.message})
            return self._refuse(answered, request_id)
        run.begin()
        run.end(in_order=True)
        headers = (
            ("content-type", "application/json"),
            ("content-length", str(len(answered.body))),
            ("dg-request-id", request_id),
        )
        return HttpResponse(answered.status, HTTPStatus(answered.status).phrase, headers, answered.body)

    def _refuse(self, refusal: Refusal, request_id: str) -> HttpResponse:
        response = refusal.response(request_id, self._settings.error_names)
        return HttpResponse(response.status, response.reason_phrase, tuple(response.headers), response.body)

    async def _control(self, request: HttpRequest, read_body: ReadBody) -> HttpResponse:
        try:
            guard(request.peer_host, request.headers)
            body = await read_body(BODY_BYTES) if request.method == "POST" else b""
            return _json(200, "OK", control(request.method, request.path, request.content_type, body, self._runs))
        except ControlError as error:
            return _json(error.status, HTTPStatus(error.status).phrase, {"error": error.sentence})
        except BodyTooLarge:
            return _json(413, "Content Too Large", {"error": f"the body is larger than {BODY_BYTES} bytes"})

    def failure(self, status: int, message: str) -> HttpResponse:
        """An answer for a request that could not even be read, or that broke us."""
        refusal = Refusal(400, f"Bad Request: {message}") if status == 400 else refusals.for_status(status)
        return self._refuse(refusal, self._reception.new_request_id())

    async def _transcribe(self, request: HttpRequest, read_body: ReadBody, request_id: str) -> _Answered | Refusal:
        refused = self._reception.admit(request.headers.get("authorization"))
        options = self._reception.options(request.query, Endpoint.PRERECORDED)
        if refused is not None:
            return refused
        if isinstance(options, Refusal):
            return options
        wrong_name = self._replies.check_named(options)
        if wrong_name is not None:
            return Refusal(400, f"Bad Request: {wrong_name}")
        refused = unreachable(options) or self._reception.full()
        if refused is not None:
            return refused
        self._reception.take()
        try:
            return await self._read_and_answer(request, read_body, options, request_id)
        finally:
            self._reception.give_back()

    async def _read_and_answer(
        self, request: HttpRequest, read_body: ReadBody, options: ListenOptions, request_id: str
    ) -> _Answered | Refusal:
        if request.content_type in NOT_AUDIO:
            return refusals.UNSUPPORTED_MEDIA_TYPE
        if not {"content-length", "transfer-encoding"} & request.headers.keys():
            return refusals.LENGTH_REQUIRED
        body = await read_body(self._settings.limits.body_bytes)
        if request.content_type == "application/json":
            body_or_refusal = await self._fetch(body)
            if isinstance(body_or_refusal, Refusal):
                return body_or_refusal
            body = body_or_refusal
        answered = await asyncio.to_thread(self._answer_for, body, options, request_id)
        post = self._courier.to(options)
        if isinstance(answered, Refusal):
            return answered
        if post is None:
            return _Answered(answered)
        post(answered.decode())
        return _Answered(json.dumps({"request_id": request_id}).encode(), self._settings.callbacks.status)

    async def _fetch(self, body: bytes) -> bytes | Refusal:
        try:
            url = json.loads(body)["url"]
            if not isinstance(url, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            return refusals.INVALID_JSON
        try:
            return await fetch(url, self._settings.file_urls, self._settings.limits.body_bytes)
        except RemoteContentError as error:
            return Refusal(400, f"Bad Request: {error}", err_code="REMOTE_CONTENT_ERROR")

    def _answer_for(self, body: bytes, options: ListenOptions, request_id: str) -> bytes | Refusal:
        """Decode, find and answer; run in a thread, because decoding takes its time."""
        sha256 = hashlib.sha256(body).hexdigest()
        audio = _decoded(body, options)
        source = self._replies.for_file(body, sha256, audio, options)
        if audio is None:
            return refusals.CORRUPT_AUDIO  # in Deepgram's own words
        if isinstance(source, Unidentified):
            return Refusal(400, f"Bad Request: {source.sentence}")
        submitted = Submitted(
            sha256=sha256,
            duration_audio_s=audio.duration_audio_s,
            channels=audio.channels,
            created=self._reception.now_rfc3339(),
            request_id=request_id,
        )
        return encode_prerecorded(source.answer(options, submitted))


def _client(request: HttpRequest) -> str:
    """Who a client is, as far as its request tells: its credentials, hashed, and what it asks for."""
    return hashlib.sha256(f"{request.headers.get('authorization')}\n{request.target}".encode()).hexdigest()


def _decoded(body: bytes, options: ListenOptions) -> Audio | None:
    packets = packet_format(options.encoding, options.sample_rate, options.effective_channels)
    try:
        if packets is not None:
            return decode_packets(body, packets, "the posted file")
        if options.raw_format is not None:
            return decode_raw(body, options.raw_format)
        return decode(body, "the posted file")
    except BadInput:
        return None


def _json(status: int, reason_phrase: str, value: dict[str, Any]) -> HttpResponse:
    body = json.dumps(value).encode()
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    return HttpResponse(status, reason_phrase, headers, body)
