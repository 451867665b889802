"""What the query string asked for, read so leniently that nothing a client wrote can stop the judge.

`harness.protocol.options` is the strict reader, which refuses; a judge must go on after a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput


@dataclass(frozen=True)
class Asked:
    """The query string's facts that rules depend on."""

    query: str

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every name and value, decoded, in order."""
        return tuple(parse_qsl(self.query.removeprefix("?"), keep_blank_values=True))

    def get(self, name: str) -> str | None:
        """The first value given under that name."""
        return next((value for key, value in self.pairs if key == name), None)

    def is_on(self, name: str) -> bool:
        """Whether a switch was asked for, however its `true` was spelled."""
        return (self.get(name) or "").lower() == "true"

    @property
    def encoding(self) -> str | None:
        """The declared encoding; None or empty means that the server looks for a container."""
        return self.get("encoding") or None

    @cached_property
    def format(self) -> AudioFormat | None:
        """The raw format whose seconds follow from bytes, or None when they do not."""
        try:
            encoding = Encoding(self.encoding or "")
            return AudioFormat(encoding, int(self.get("sample_rate") or ""), int(self.get("channels") or "1"))
        except (ValueError, BadInput):
            return None
