"""The mock's side of a simulation, and the network before it: every connection that one client asks for.

What answers is what answers over sockets: the mock's connection of the endpoint that was asked for, behind its faults.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from random import Random
from typing import Final, Protocol

from harness.audio.stamp import STAMP_AUDIO_S, read_stamps
from harness.clock import rfc3339
from harness.ledger import Span, merged
from harness.protocol.closing import CUT
from harness.recording.document import Recording
from harness.simulation.loop import Alarm, EventLoop
from harness.simulation.network import NetworkSettings, Pipe
from harness.simulation.scenario import Scenario
from mock_server.connection import Connection
from mock_server.endpoints import connection_for
from mock_server.faults import steps
from mock_server.faults.chain import FaultChain, FaultPlan
from mock_server.ids import uuid7
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.line import Line, SocketStep

UNIX_MS: Final = 1_767_225_600_000
"""The date of every simulation, so that ids come out the same."""

TOOL: Final = "dgharness simulation"


class Client(Protocol):
    """What a connection tells the client's end; each call takes place when the news has travelled there."""

    def connected(self, wire: Wire, headers: dict[str, str]) -> None:
        """The upgrade succeeded."""
        ...

    def refused(self, status: int, headers: dict[str, str]) -> None:
        """The upgrade was refused."""
        ...

    def received(self, wire: Wire, text: str) -> None:
        """A text frame came."""
        ...

    def closed(self, wire: Wire, code: int, reason: str) -> None:
        """A connection is over; 1006 when no close frame came."""
        ...


class _Journal(Journal):
    """The journal of a connection that also keeps the audio that reached it, for the stamps in it."""

    def __init__(self, path: str, query: str, created: str, tool: str, now_s: float, *, keep: bool = True) -> None:
        super().__init__(path, query, created, tool, now_s, keep=keep)
        self.heard = bytearray()

    def binary(self, data: bytes, now_s: float, audio_s: float) -> None:
        """A binary frame of the client's."""
        super().binary(data, now_s, audio_s)
        self.heard += data


class Host:
    """The mock that one client's connections are made to.

    Args:
        scenario: what it answers with, and how.
        client: told what comes of each connection.
        loop: that everything runs in.
        rng: of the run's seed.
        plan: what goes wrong.

    Attributes:
        plan: the same.
        admitted: how many connections were let in.
    """

    def __init__(self, scenario: Scenario, client: Client, loop: EventLoop, rng: Random, plan: FaultPlan) -> None:
        self.plan = plan
        self.admitted = 0
        self._scenario, self._client, self._loop, self._rng = scenario, client, loop, rng
        self._legs = Legs()
        self._wires: list[Wire] = []

    def connect(self) -> Wire:
        """The client asks for a connection."""
        wire = Wire(self, self._client, self._loop, self._scenario.network, self._rng)
        self._wires.append(wire)
        return wire

    def journal(self) -> Journal:
        """Of a new connection."""
        scenario, kind = self._scenario, _Journal if self._scenario.stamped else Journal
        query = scenario.options.to_query()
        return kind(scenario.path, query, rfc3339(UNIX_MS), TOOL, self._loop.now_s, keep=scenario.keep)

    def new_request_id(self) -> str:
        """Of a new connection."""
        return uuid7(UNIX_MS + round(self._loop.now_s * 1000), self._rng)

    def admit(self, request_id: str, journal: Journal) -> Connection:
        """Let a connection in: what answers on it."""
        scenario = self._scenario
        self.admitted += 1
        return connection_for(
            scenario.options,
            scenario.replies,
            request_id,
            rfc3339(UNIX_MS),
            journal,
            scenario.server,
            scenario.flux,
            self._loop.now_s,
            legs=self._legs,
            client="simulated",
        )

    def journals(self) -> tuple[Recording, ...]:
        """What was taken down, connection by connection, those that were refused too."""
        return tuple(wire.journal.recording(f"leg {number}") for number, wire in enumerate(self._wires))

    def delivered(self) -> tuple[Span, ...]:
        """What the mock proves to have heard, read off the stamps in the audio that reached it."""
        fmt = self._scenario.fmt
        per_stamp = round(fmt.sample_rate * STAMP_AUDIO_S)
        heard = (wire.journal.heard for wire in self._wires if isinstance(wire.journal, _Journal))
        runs = (run for audio in heard for run in read_stamps(bytes(audio), fmt))
        return tuple(merged((run.first * per_stamp, (run.first + run.count) * per_stamp) for run in runs))


class Wire:
    """One connection as the network and the server see it."""

    def __init__(self, host: Host, client: Client, loop: EventLoop, network: NetworkSettings, rng: Random) -> None:
        self._host, self._client, self._loop, self._network = host, client, loop, network
        self._chain: FaultChain = host.plan.open(host.admitted)
        self.up = Pipe(loop, network, rng)
        self.down = Pipe(loop, network, rng)
        self.journal = host.journal()
        self._line: Line | None = None
        self._over = False
        self._reading_from_s = 0.0
        self._unread: deque[steps.Upstream] = deque()
        self._alarm = Alarm(loop, self._next_wakeup_s, self._wake)

    def shake_hands(self) -> None:
        """The client's request travels to the server."""
        self.up.carry(self._asked)

    def arrive(self, passing: steps.Upstream) -> None:
        """Something of the client's has travelled to the server, and waits until the server reads."""
        self._unread.append(passing)
        self._read()

    def _read(self) -> None:
        while self._unread and self._line is not None and not self._over:
            if self._loop.now_s < self._reading_from_s:
                self._loop.at(self._reading_from_s, self._read)
                return
            self._carry_out(self._line.receive(self._unread.popleft(), self._loop.now_s))

    def client_gone(self, code: int, reason: str) -> None:
        """The client's end of the connection is gone."""
        if self._line is None or self._over:
            return
        if code == CUT:
            self._line.connection.receive_close(CUT, "", self._loop.now_s)
        else:
            self._line.receive(steps.ClientClose(code, reason), self._loop.now_s)
        self._end()

    def _asked(self) -> None:
        handshake = self._chain.handshake(steps.Moment(self._loop.now_s))
        self._loop.at(self._loop.now_s + handshake.wait_s, lambda: self._answer(handshake))

    def _answer(self, handshake: steps.Handshake) -> None:
        now_s, request_id = self._loop.now_s, self._host.new_request_id()
        if handshake.refusal is not None:
            answer = handshake.refusal.response(request_id)
            self.journal.refused(answer.status, dict(answer.headers), "", now_s)
            self.down.carry(lambda: self._client.refused(answer.status, dict(answer.headers)))
            return
        connection = self._host.admit(request_id, self.journal)
        headers = {"dg-request-id": request_id}
        self.journal.opened(headers, now_s)
        self._line = Line(connection, self._chain, now_s)
        self.down.carry(lambda: self._client.connected(self, headers))
        self._carry_out(self._line.open(now_s))

    def _next_wakeup_s(self) -> float | None:
        return None if self._line is None or self._over else self._line.next_wakeup_s

    def _wake(self) -> None:
        if self._line is not None:
            self._carry_out(self._line.wake(self._loop.now_s))

    def _carry_out(self, actions: list[SocketStep]) -> None:
        for action in actions:
            if self._over:
                return
            match action:
                case steps.SendText(text):
                    self.down.carry(partial(self._client.received, self, text))
                case steps.SendClose(code, reason):
                    self.down.carry(partial(self._client.closed, self, code, reason))
                case steps.PauseReading(until_s):
                    self._reading_from_s = max(self._reading_from_s, until_s)
                case steps.Fin():
                    self.down.carry(lambda: self._client.closed(self, CUT, "the connection was ended"))
                    self._lost()
                case steps.Reset():
                    self.down.cut = True
                    late_s = self._network.latency_s
                    self._loop.at(self._loop.now_s + late_s, lambda: self._client.closed(self, CUT, "connection reset"))
                    self._lost()
        self._alarm.set()

    def _lost(self) -> None:
        """The server itself has let go: what still travels to it arrives nowhere."""
        if self._line is not None:
            self._line.connection.let_go("cut by a fault", self._loop.now_s)
        self._end()

    def _end(self) -> None:
        self._over = True
        self.up.cut = True
        if self._line is not None:
            self._line.finish(self._loop.now_s)
