"""Posts a whole file to `POST /v1/listen` and reads the answer."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from typing import Final

import httpx
import msgspec

from harness.client.endpoint import Endpoint
from harness.client.log import LOG
from harness.clock import Clock, SystemClock
from harness.protocol.codec import decode_prerecorded
from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import PrerecordedResponse

TIMEOUT_S: Final = httpx.Timeout(10.0, read=600.0)  # Deepgram itself gives up after 10 minutes

CONTENT_TYPES: Final = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "mp4": "audio/mp4",
    "webm": "audio/webm",
}


@dataclass(frozen=True)
class PrerecordedOutcome:
    """What came of a request.

    Attributes:
        response: the typed response; None when there is none.
        body: the literal body.
        wall_s: from the request to the whole answer.
        failure: one sentence when there is no usable answer, else None.
        status: the HTTP status; None when none came.
    """

    response: PrerecordedResponse | None
    body: bytes
    wall_s: float
    failure: str | None = None
    status: int | None = None


async def transcribe(
    endpoint: Endpoint,
    options: ListenOptions,
    data: bytes,
    container: str = "raw",
    *,
    clock: Clock | None = None,
) -> PrerecordedOutcome:
    """Have a file transcribed.

    Args:
        endpoint: server and key.
        options: the query string; must declare the format when `data` is raw.
        data: the file, as it is.
        container: what it is, for the Content-Type.
        clock: where the time comes from.

    Returns:
        What came of it; a refusal or an unreachable server is an outcome with a `failure`, not an exception.
    """
    clock = clock or SystemClock()
    url, trust_env = endpoint.http_url(options.to_query()), not endpoint.is_loopback
    trusted = _trusted(trust_env=trust_env)  # before the clock is read: the first takes 20 ms
    began_s = clock.now_s()
    LOG.info("posting", extra={"url": url, "size": len(data)})
    headers = {"Content-Type": CONTENT_TYPES.get(container, "application/octet-stream"), **endpoint.authorization}
    try:
        async with httpx.AsyncClient(verify=trusted, timeout=TIMEOUT_S, trust_env=trust_env) as client:
            answer = await client.post(url, content=data, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        return PrerecordedOutcome(None, b"", clock.now_s() - began_s, f"{endpoint.host}: cannot be reached ({why})")
    return _read(answer, endpoint.host, clock.now_s() - began_s)


@cache
def _trusted(*, trust_env: bool) -> ssl.SSLContext:
    """Whom a server's certificate may be signed by; reading that list blocks the event loop, so it is read once."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _read(answer: httpx.Response, host: str, wall_s: float) -> PrerecordedOutcome:
    body, status = answer.content, answer.status_code
    if not answer.is_success:
        why = answer.headers.get("dg-error") or answer.reason_phrase
        return PrerecordedOutcome(None, body, wall_s, f"{host}: refused with HTTP {status}: {why}", status)
    try:
        return PrerecordedOutcome(decode_prerecorded(body), body, wall_s, None, status)
    except msgspec.MsgspecError as error:
        failure = f"{host}: answered something that is no pre-recorded response: {error}"
        return PrerecordedOutcome(None, body, wall_s, failure, status)
