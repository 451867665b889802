"""What a client does on a connection without a socket, what the server says and when, and what it has to say."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.protocol.codec import decode_server
from harness.protocol.messages import Metadata, Results
from mock_server.connection import Action
from mock_server.faults.steps import SendClose, SendText
from mock_server.listen_connection import ListenConnection
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken

REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
OTHER_ID = "0198f0bb-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
CHATTY = RAW + "&interim_results=true&vad_events=true&utterance_end_ms=1000&punctuate=true"
SAY = SpokenSource("say", spoken("Please book a table for two. Tomorrow at seven, by the window."))
BYTES_PER_SECOND = 32_000


def silence(duration_s: float) -> bytes:
    return bytes(round(duration_s * BYTES_PER_SECOND))


@dataclass
class Talk:
    """One connection in virtual time; every move first lets pass what is due before it."""

    connection: ListenConnection
    now_s: float = 0.0
    said: list[tuple[float, float, str]] = field(default_factory=list)
    closes: list[tuple[float, int, str]] = field(default_factory=list)

    def binary(self, data: bytes) -> Talk:
        self._take(self.connection.receive_binary(data, self.now_s))
        return self

    def text(self, text: str) -> Talk:
        self._take(self.connection.receive_text(text, self.now_s))
        return self

    def audio(self, data: bytes, frame_bytes: int = 640, *, bytes_per_second: int = BYTES_PER_SECOND) -> Talk:
        """Audio at the pace of a microphone: each frame is sent when it has been heard."""
        for start in range(0, len(data), frame_bytes):
            frame = data[start : start + frame_bytes]
            self.wait(len(frame) / bytes_per_second)
            self.binary(frame)
        return self

    def wait(self, duration_s: float) -> Talk:
        """Let time pass; whatever asked to be woken is."""
        until_s = self.now_s + duration_s
        while (wakeup_s := self.connection.next_wakeup_s) is not None and wakeup_s <= until_s:
            assert wakeup_s >= self.now_s
            self.now_s = wakeup_s
            self._take(self.connection.wake(self.now_s))
        self.now_s = until_s
        return self

    def keep_alive(self) -> Talk:
        return self.text('{"type":"KeepAlive"}')

    def finalize(self) -> Talk:
        return self.text('{"type":"Finalize"}')

    def close_stream(self) -> Talk:
        return self.text('{"type":"CloseStream"}')

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.said]

    @property
    def messages(self) -> list[object]:
        return [decode_server(text).message for text in self.texts]

    @property
    def results(self) -> list[Results]:
        return [message for message in self.messages if isinstance(message, Results)]

    @property
    def finals(self) -> list[Results]:
        return [message for message in self.results if message.is_final]

    @property
    def transcript(self) -> str:
        return " ".join(final.transcript for final in self.finals if final.transcript)

    @property
    def metadata(self) -> Metadata:
        found = [message for message in self.messages if isinstance(message, Metadata)]
        assert len(found) == 1
        return found[0]

    @property
    def closed_with(self) -> tuple[int, str]:
        assert len(self.closes) == 1
        return self.closes[0][1:]

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            assert not self.closes, "nothing may be said after the close"
            match action:
                case SendText(text):
                    self.said.append((self.now_s, self.connection.audio_s, text))
                case SendClose(code, reason):
                    self.closes.append((self.now_s, code, reason))
