"""A client made of a fuzzer's bytes, talking to a pure connection in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from mock_server.connection import Action, Connection
from mock_server.faults.steps import SendClose

T = TypeVar("T")

MOVES: Final = 200
"""Moves that are made at the most, so that one input takes milliseconds."""

WAKES: Final = 2_000
"""Wake-ups between two moves at the most: a connection that wants more is asking without end."""

CONTROLS: Final = (
    '{"type":"KeepAlive"}',
    '{"type":"Finalize"}',
    '{"type":"Finalize","channel":1}',
    '{"type":"CloseStream"}',
    '{"type":"Configure","keyterms":["a b"]}',
    '{"type":"Configure","features":{"numerals":true}}',
    '{"type":"Configure","thresholds":{"eot_threshold":0.7,"eager_eot_threshold":0.4,"eot_timeout_ms":600}}',
    '{"type":"ForceEndTurn"}',
    '{"type":"Sync","id":3}',
    '{"type":"Nothing"}',
)


class Choices:
    """Takes decisions from bytes; when they are used up, every decision is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def one_of(self, things: Sequence[T]) -> T:
        """One of these."""
        return things[self.byte() % len(things)]

    def raw(self, size: int) -> bytes:
        """So many bytes, or what is left."""
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken


def talk(connection: Connection, choices: Choices) -> None:
    """Make the client's moves; every one first lets pass what is due before it.

    Raises:
        AssertionError: the connection spoke after its close, went back in time, or wants to be woken without end.
    """
    now_s, closed = 0.0, False

    def take(actions: list[Action]) -> None:
        nonlocal closed
        for action in actions:
            assert not closed, f"said after the close: {action}"
            closed = isinstance(action, SendClose)

    def wait(duration_s: float) -> None:
        nonlocal now_s
        until_s = now_s + duration_s
        for _ in range(WAKES):
            wakeup_s = connection.next_wakeup_s
            if wakeup_s is None or wakeup_s > until_s:
                now_s = until_s
                return
            now_s = max(now_s, wakeup_s)
            take(connection.wake(now_s))
        raise AssertionError(f"woken {WAKES} times within {duration_s} s")

    moves: tuple[Callable[[], object], ...] = (
        lambda: take(connection.receive_binary(bytes(64 * choices.byte()), now_s)),
        lambda: take(connection.receive_binary(choices.raw(choices.byte()), now_s)),
        lambda: take(connection.receive_text(choices.one_of(CONTROLS), now_s)),
        lambda: take(connection.receive_text(choices.raw(choices.byte()).decode(errors="replace"), now_s)),
        lambda: wait(choices.byte() / 50),
        lambda: wait(choices.byte() / 5),
        lambda: connection.receive_ping(now_s),
    )
    for _ in range(MOVES):
        if not choices:
            break
        choices.one_of(moves)()
    if choices.byte() % 2:
        connection.receive_close(choices.one_of((1000, 1001, 1005, 1006, 4000)), "", now_s)
    wait(60.0)
    connection.finish(now_s)
