"""How Deepgram says no: the HTTP answer to a refused upgrade or request, and the catalogue of them.

A refusal is a value. `response` writes it as the wire has it: a JSON body in one of two shapes or a bare sentence,
`dg-request-id` on every answer, and `dg-error` repeating the sentence, because a WebSocket client seldom sees the body
(https://developers.deepgram.com/docs/errors; headers as captured in deepgram-python-sdk issue 279).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple

from harness.errors import BadInput

# Header lines longer than 8 KiB make the `websockets` client give up on the whole answer; a keyterm may be that long.
MAX_HEADER_TEXT: Final = 1_000
MAX_QUOTED: Final = 80

_UNSAFE = re.compile(r"[^\x20-\x7e]")


class ErrorNames(Enum):
    """Whose error codes to use: the public documentation's, or those of Deepgram's internal service model."""

    DOCS = "docs"
    SMG = "smg"


class BodyShape(StrEnum):
    """How the body is written; each has been seen."""

    LEGACY = "legacy"
    """`err_code`, `err_msg`, `request_id`."""
    CATEGORY = "category"
    """`category`, `message`, `details`, `request_id`."""
    TEXT = "text"
    """The bare sentence."""


class HttpAnswer(NamedTuple):
    """A complete HTTP answer, apart from what the connection adds (`date`, `connection`)."""

    status: int
    reason_phrase: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal.

    Attributes:
        status: HTTP status, 400 to 599.
        message: the sentence for a person; also the `dg-error` header, as far as a header can carry it.
        err_code: the code of the public documentation; where that has none, the status's own phrase stands in, as
            `Bad Request` does on the wire.
        smg_code: the code of the internal service model, where it differs.
        headers: further headers, lower-case, such as `retry-after`.
        shape: how the body is written.
        details: the extra sentence of the `CATEGORY` shape.

    Raises:
        BadInput: `status` is not that of an error.
    """

    status: int
    message: str
    err_code: str = ""
    smg_code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    shape: BodyShape = BodyShape.LEGACY
    details: str = ""

    def __post_init__(self) -> None:
        if type(self.status) is not int or not 400 <= self.status <= 599:
            raise BadInput(f"the status of a refusal is {self.status!r}; wanted a whole number from 400 to 599")
        if not self.err_code:
            object.__setattr__(self, "err_code", reason_phrase(self.status))

    def code(self, names: ErrorNames = ErrorNames.DOCS) -> str:
        """The error code under the chosen naming."""
        return self.smg_code or self.err_code if names is ErrorNames.SMG else self.err_code

    def response(self, request_id: str, names: ErrorNames = ErrorNames.DOCS) -> HttpAnswer:
        """The answer as it goes out. Its headers are printable ASCII whatever the refused client had sent."""
        body = self._body(request_id, names)
        content_type = "text/plain" if self.shape is BodyShape.TEXT else "application/json"
        headers = [
            ("content-type", content_type),
            ("content-length", str(len(body))),
            ("dg-request-id", header_text(request_id)),
            ("dg-error", header_text(self.message)),
            *((name, header_text(value)) for name, value in self.headers),
        ]
        return HttpAnswer(self.status, reason_phrase(self.status), headers, body)

    def _body(self, request_id: str, names: ErrorNames) -> bytes:
        code = self.code(names)
        if self.shape is BodyShape.TEXT:
            return self.message.encode(errors="replace")
        if self.shape is BodyShape.CATEGORY:
            fields = {"category": code, "message": self.message, "details": self.details, "request_id": request_id}
        else:
            fields = {"err_code": code, "err_msg": self.message, "request_id": request_id}
        # Compact and not escaped: the captured 400 of 145 bytes is this layout to the byte.
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def header_text(text: str) -> str:
    """`text` as a header value: printable ASCII, `?` for every other character, no outer blanks, bounded length."""
    return _UNSAFE.sub("?", text[:MAX_HEADER_TEXT]).strip(" ")


def shown(text: str) -> str:
    """`text` short enough to be quoted in a sentence."""
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "..."


def reason_phrase(status: int) -> str:
    """The standard phrase of a status; a plain word for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Closed Request" if status == 499 else "Error"


# --- 400: the request itself ------------------------------------------------------------------------------------------

# An unknown model or version, and a language the model does not have, are told apart by the sentence only.
NO_SUCH_MODEL: Final = Refusal(
    400, "Bad Request: No such model/version combination found.", smg_code="INVALID_QUERY_PARAMETER"
)
NO_SUCH_LANGUAGE: Final = Refusal(
    400, "Bad Request: No such model/language/tier combination found.", smg_code="INVALID_QUERY_PARAMETER"
)
INVALID_QUERY_STRING: Final = Refusal(400, "Invalid query string.", smg_code="INVALID_QUERY_PARAMETER")
KEYTERM_LIMIT: Final = Refusal(
    400,
    "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500.",
    smg_code="KEYWORD_LIMIT_EXCEEDED",
)
# The documentation has no code for it; on the wire it is the internal one (read off the live server on 2026-09-07).
FLUX_ON_V1: Final = Refusal(
    400,
    "Flux models are not supported on the `/v1/listen` endpoint. Please use `/v2/listen`.",
    err_code="V2_MODEL_ON_V1_LISTEN_ENDPOINT",
)
CORRUPT_AUDIO: Final = Refusal(400, "Bad Request: failed to process audio: corrupt or unsupported data")
INVALID_JSON: Final = Refusal(400, "Invalid JSON submitted.", err_code="INVALID_JSON", shape=BodyShape.CATEGORY)


def invalid_query(problem: str) -> Refusal:
    """A query string that cannot be read; `problem` names the parameter and what is wrong with it."""
    return Refusal(400, f"Failed to deserialize query parameters: {problem}", err_code="INVALID_QUERY_PARAMETER")


def invalid_value(name: str, value: object) -> Refusal:
    """A value that can be read and is out of bounds, in the sentence captured for `utterance_end_ms`."""
    return Refusal(400, f"Invalid '{name}' value of '{shown(str(value))}'.", err_code="INVALID_QUERY_PARAMETER")


def unsupported_parameter(message: str) -> Refusal:
    """A parameter that the model or the endpoint does not have; the sentence is the caller's."""
    return Refusal(400, message, err_code="INVALID_QUERY_PARAMETER")


# --- 401 to 415: who asks, for what, and how --------------------------------------------------------------------------

INVALID_CREDENTIALS: Final = Refusal(401, "Invalid credentials.", err_code="INVALID_AUTH", smg_code="UNAUTHORIZED")
INSUFFICIENT_PERMISSIONS: Final = Refusal(
    401,
    "User does not have sufficient permissions.",
    err_code="INSUFFICIENT_PERMISSIONS",
    smg_code="FORBIDDEN",
)
PAYMENT_REQUIRED: Final = Refusal(
    402,
    "Project does not have enough credits for an ASR request and does not have an overage agreement.",
    err_code="ASR_PAYMENT_REQUIRED",
    smg_code="PAYMENT_REQUIRED",
)
MODEL_ACCESS_DENIED: Final = Refusal(
    403,
    "Project does not have access to the requested model.",
    err_code="INSUFFICIENT_PERMISSIONS",
    smg_code="FORBIDDEN",
)
PROJECT_NOT_FOUND: Final = Refusal(404, "Project not found.", err_code="PROJECT_NOT_FOUND", smg_code="NOT_FOUND")
# From here on Deepgram's sentence is not known unless a source is named: the wording is ours.
PATH_NOT_FOUND: Final = Refusal(404, "Not Found", smg_code="NOT_FOUND", shape=BodyShape.TEXT)
# deepgram-dotnet-sdk issue 304: any `whisper` model over a WebSocket. It is POST that such a model takes.
WHISPER_IS_NOT_LIVE: Final = Refusal(
    405, "Whisper models transcribe pre-recorded audio only.", headers=(("allow", "POST"),)
)
SLOW_UPLOAD: Final = Refusal(408, "The request body arrived too slowly.", err_code="SLOW_UPLOAD")
LENGTH_REQUIRED: Final = Refusal(411, "The request needs a Content-Length or chunked transfer encoding.")
PAYLOAD_TOO_LARGE: Final = Refusal(413, "The request body is larger than 2 GB.", err_code="PAYLOAD_TOO_LARGE")
URI_TOO_LONG: Final = Refusal(414, "The query string is too long.")
UNSUPPORTED_MEDIA_TYPE: Final = Refusal(
    415, "The Content-Type of the request is not that of audio or video.", err_code="UNSUPPORTED_MEDIA_TYPE"
)


def method_not_allowed(allowed: Iterable[str]) -> Refusal:
    """405, naming in `Allow` the methods that the path does take (RFC 9110, 15.5.6, requires the header)."""
    return Refusal(405, "Method Not Allowed", headers=(("allow", ", ".join(allowed)),), shape=BodyShape.TEXT)


# --- 429 and the server's own failures --------------------------------------------------------------------------------

INTERNAL_SERVER_ERROR: Final = Refusal(500, "Internal server error.", err_code="INTERNAL_SERVER_ERROR")
BAD_GATEWAY: Final = Refusal(502, "Bad Gateway", shape=BodyShape.TEXT)
GATEWAY_TIMEOUT: Final = Refusal(504, "The request was not processed in time.")


def too_many_requests(retry_after_s: int | None = None) -> Refusal:
    """429 for too many streams at once; it comes at the upgrade, never in mid-stream."""
    return Refusal(
        429,
        "Too many requests. Please try again later",
        err_code="TOO_MANY_REQUESTS",
        smg_code="RATE_LIMITED",
        headers=_retry_after(retry_after_s),
    )


def service_unavailable(retry_after_s: int | None = None) -> Refusal:
    """503 for want of capacity."""
    return Refusal(503, "Service Unavailable", headers=_retry_after(retry_after_s))


def _retry_after(seconds: int | None) -> tuple[tuple[str, str], ...]:
    return () if seconds is None else (("retry-after", str(seconds)),)


CATALOGUE: Final = (
    INVALID_QUERY_STRING,
    invalid_query("invalid value for `punctuate`"),
    FLUX_ON_V1,
    INVALID_JSON,
    INVALID_CREDENTIALS,
    INSUFFICIENT_PERMISSIONS,
    PAYMENT_REQUIRED,
    MODEL_ACCESS_DENIED,
    PROJECT_NOT_FOUND,
    PATH_NOT_FOUND,
    method_not_allowed(("GET", "POST")),
    SLOW_UPLOAD,
    LENGTH_REQUIRED,
    PAYLOAD_TOO_LARGE,
    URI_TOO_LONG,
    UNSUPPORTED_MEDIA_TYPE,
    too_many_requests(),
    INTERNAL_SERVER_ERROR,
    BAD_GATEWAY,
    service_unavailable(),
    GATEWAY_TIMEOUT,
)
"""What a refusal that nothing caused may be; the first of a status is the one that stands for it."""


def for_status(status: int, *, err_code: str = "", retry_after_s: int | None = None) -> Refusal:
    """The catalogue's refusal of that status, for a fault that is told a number only; a plain one where it has none.

    `err_code` chooses among those of the status, by the documentation's name or the internal one, which is then the
    name that is sent; one that is not among them replaces the code alone. `retry_after_s`, in whole seconds, adds the
    header to any status.

    Raises:
        BadInput: the status is not that of an error.
    """
    of_status = [known for known in CATALOGUE if known.status == status] or [Refusal(status, reason_phrase(status))]
    known = of_status[0]
    if err_code:
        named = [known for known in of_status if known.err_code == err_code]
        named += [known for known in of_status if known.smg_code == err_code]
        known = replace(next(iter(named), known), err_code=err_code, smg_code="")
    return replace(known, headers=(*known.headers, *_retry_after(retry_after_s)))
