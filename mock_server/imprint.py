"""What makes a Results message this connection's own: its `request_id`, and the client's `extra` pairs.

A literal text stays literal around them, float formatting and unknown fields included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.codec import with_request_id
from harness.protocol.messages import ResultsMetadata

# A quote inside a JSON string is always escaped, so a quote without a backslash before it begins a key.
_METADATA: Final = re.compile(r'(?<!\\)"metadata"\s*:\s*\{\s*(?=")')


class Imprint:
    """Puts this connection's own fields into what others said.

    Args:
        request_id: of this connection.
        extra: the pairs of `extra`, which come back in `metadata.extra`; empty when none were sent.
    """

    def __init__(self, request_id: str, extra: Mapping[str, str]) -> None:
        self._request_id, self._extra = request_id, dict(extra)
        self._inserted = f'"extra":{msgspec.json.encode(self._extra).decode()},' if self._extra else ""

    def metadata(self, metadata: ResultsMetadata) -> ResultsMetadata:
        """A message's `metadata`, as this connection says it."""
        return replace(metadata, request_id=self._request_id, extra=self._extra or UNSET)

    def text(self, text: str, metadata: ResultsMetadata) -> str:
        """A Results' literal text, as this connection says it; `metadata` is the message's own."""
        own = with_request_id(text, self._request_id)
        if not self._inserted or metadata.extra is not UNSET:
            return own
        return _METADATA.sub(lambda found: found[0] + self._inserted, own, count=1)
