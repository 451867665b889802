"""What a client does on a Flux connection without a socket, and what the server says, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mock_server.connection import Action
from mock_server.faults.steps import SendClose, SendText
from mock_server.flux_connection import FluxConnection

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
ASKED = f"{QUERY}&eot_threshold=0.7&eager_eot_threshold=0.5"
CONFIGURE = '{"type":"Configure","thresholds":{"eot_threshold":0.8},"keyterms":["Deepgram"]}'
BYTES_PER_SECOND = 32_000


@dataclass
class Talk:
    """One connection in virtual time; every move first lets pass what is due before it."""

    connection: FluxConnection
    now_s: float = 0.0
    texts: list[str] = field(default_factory=list)
    close: SendClose | None = None

    def audio(self, duration_audio_s: float, frame_ms: int = 80) -> Talk:
        """Silence at the pace of a microphone."""
        return self.send(bytes(round(duration_audio_s * BYTES_PER_SECOND)), frame_ms)

    def send(self, pcm: bytes, frame_ms: int = 80) -> Talk:
        """Audio at the pace of a microphone: each frame is sent when it has been heard."""
        size = BYTES_PER_SECOND * frame_ms // 1000
        for begin in range(0, len(pcm), size):
            frame = pcm[begin : begin + size]
            self.wait(len(frame) / BYTES_PER_SECOND)
            self._take(self.connection.receive_binary(frame, self.now_s))
        return self

    def text(self, text: str) -> Talk:
        self.wait(0.0)
        self._take(self.connection.receive_text(text, self.now_s))
        return self

    def close_stream(self) -> Talk:
        return self.text('{"type":"CloseStream"}')

    def wait(self, duration_s: float) -> Talk:
        until_s = self.now_s + duration_s
        while (wakeup_s := self.connection.next_wakeup_s) is not None and wakeup_s <= until_s:
            self.now_s = max(self.now_s, wakeup_s)
            self._take(self.connection.wake(self.now_s))
        self.now_s = until_s
        return self

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message.get("event", message["type"]) == kind]

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.close is None, "nothing may be said after the close"
            if isinstance(action, SendText):
                self.texts.append(action.text)
            else:
                self.close = action


TalkTo = Callable[..., Talk]
