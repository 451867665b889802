"""One simulated session: the client's machine streams to the mock's pure connections, over as many as it takes.

The pieces are the ones that run over sockets: `Streamer` on one side, `ListenConnection` behind a `FaultChain` on the
other. Only what lies between them, and the clock, is simulated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from random import Random
from typing import Final

from harness.audio.format import AudioFormat
from harness.audio.stamp import STAMP_AUDIO_S, read_stamps
from harness.clock import rfc3339
from harness.ledger import Ledger, Span, merged
from harness.protocol.closing import CUT, NORMAL
from harness.protocol.options import ListenOptions
from harness.recording.document import Recording
from harness.recording.entries import Header, Side
from harness.simulation.loop import Alarm, EventLoop
from harness.simulation.network import NetworkSettings, Pipe
from harness.streamer.machine import Action, Connect, HangUp, Phase, SendAudio, SendText, Streamer
from harness.streamer.notes import Notes, StreamOutcome
from harness.streamer.settings import StreamSettings
from mock_server import connection as pure
from mock_server.connection import ConnectionSettings, ListenConnection
from mock_server.faults import steps
from mock_server.faults.base import Fault
from mock_server.faults.chain import FaultChain, FaultPlan
from mock_server.faults.when import Firing
from mock_server.ids import uuid7
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.line import Line, SocketStep

LONGEST_S: Final = 48 * 3600.0
FEED_AUDIO_S: Final = 0.25
"""How much of the source the machine is given at a time, and how often a live one gives it."""

UNIX_MS: Final = 1_767_225_600_000
"""The date of every simulation, so that ids come out the same."""

TOOL: Final = "dgharness simulation"
HOST: Final = "simulated"


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    Attributes:
        audio: the source, raw.
        fmt: of the source.
        options: the query string.
        replies: what the server answers with.
        settings: how the client streams.
        server: the server's time-outs and switches.
        faults: what goes wrong.
        network: what lies between.
        stamped: whether the audio carries stamps, from which the server's side of the ledger is read.
        keep: whether recordings are kept; without them memory stays flat however long the session.
    """

    audio: bytes
    fmt: AudioFormat
    options: ListenOptions
    replies: Replies
    settings: StreamSettings
    server: ConnectionSettings = ConnectionSettings()
    faults: Sequence[Fault] = ()
    network: NetworkSettings = NetworkSettings()
    stamped: bool = False
    keep: bool = True


@dataclass(frozen=True)
class Simulated:
    """What came of it.

    Attributes:
        outcome: the client's.
        ledger: with the server's side of it, when the audio was stamped.
        journals: what the server took down, connection by connection.
        fired: every firing of a fault, in order.
        finished: whether the client came to an end by itself.
        wall_s: how long it took, on the virtual clock.
        events: how many events there were.
        event_log_sha256: hash of every event; the same scenario and seed give the same.
    """

    outcome: StreamOutcome
    ledger: Ledger
    journals: tuple[Recording, ...]
    fired: tuple[Firing, ...]
    finished: bool
    wall_s: float
    events: int
    event_log_sha256: str


def simulate(scenario: Scenario, seed: int) -> Simulated:
    """Run a scenario to its end in virtual time."""
    return _World(scenario, seed).run()


class _World:
    """Everything in one simulation."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, self._rng = scenario, Random(seed)
        self._loop = EventLoop()
        self._plan = FaultPlan(scenario.faults, seed)
        self.legs = Legs()
        self._notes = Notes(scenario.fmt, "simulated", None, 0.0, keep=scenario.keep)
        self._streamer = Streamer(scenario.fmt, scenario.settings, self._rng, self._notes, HOST, 0.0)
        self._alarm = Alarm(self._loop, lambda: self._streamer.next_wakeup_s, self._wake_client)
        self._wire: _Wire | None = None
        self._connecting: _Wire | None = None
        self.served: list[_Wire] = []
        self.admitted = 0
        self._fed = 0
        self._done_s: float | None = None

    def run(self) -> Simulated:
        if self._scenario.settings.live:
            plays_s = self._scenario.fmt.seconds(len(self._scenario.audio))
            for number in range(1, ceil(plays_s / FEED_AUDIO_S) + 1):
                self._loop.at(number * FEED_AUDIO_S, self._wake_client)
        self._feed()
        self._carry_out(self._streamer.begin())
        finished = self._loop.run(LONGEST_S)
        self._notes.end()
        header = Header(
            side=Side.CLIENT,
            path="/v1/listen",
            query=self._scenario.options.to_query(),
            created=rfc3339(UNIX_MS),
            tool=TOOL,
            replies=HOST,
        )
        ledger = self._streamer.ledger()
        return Simulated(
            outcome=self._notes.outcome(header, ledger),
            ledger=replace(ledger, delivered=self._delivered()) if self._scenario.stamped else ledger,
            journals=tuple(wire.journal.recording(f"leg {number}") for number, wire in enumerate(self.served)),
            fired=tuple(self._plan.fired),
            finished=finished and self._streamer.phase is Phase.DONE,
            wall_s=self._ended_s,
            events=self._loop.events,
            event_log_sha256=self._loop.log_sha256,
        )

    # --- the client -------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        """Give the machine as much of the source as it wants; a live one gives what it has by now, wanted or not."""
        fmt = self._scenario.fmt
        if self._scenario.settings.live:
            self._feed_up_to(fmt.aligned_bytes(self._loop.now_s))
        else:
            while self._fed < len(self._scenario.audio) and self._streamer.wants_audio:
                self._feed_up_to(self._fed + fmt.aligned_bytes(FEED_AUDIO_S))
        if self._fed >= len(self._scenario.audio):
            self._streamer.end_of_source()

    def _feed_up_to(self, end: int) -> None:
        audio = self._scenario.audio
        self._streamer.feed(audio[self._fed : end], self._loop.now_s)
        self._fed = min(end, len(audio))

    def _wake_client(self) -> None:
        self._feed()
        self._carry_out(self._streamer.wake(self._loop.now_s))

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Connect():
                    self._connect()
                case SendAudio(data):
                    self._send(steps.ClientAudio(data), len(data))
                case SendText(text):
                    self._send(steps.ClientText(text), text)
                case HangUp():
                    self._hang_up(CUT, "")
        if self._streamer.phase is Phase.DONE:
            self._done_s = self._loop.now_s if self._done_s is None else self._done_s
            self._hang_up(NORMAL, "")
        self._alarm.set()

    def _send(self, passing: steps.Upstream, shown: object) -> None:
        self._loop.note("up", shown)
        wire = self._wire
        if wire is not None:
            wire.up.carry(lambda: wire.arrive(passing))

    def _connect(self) -> None:
        self._loop.note("connect")
        wire = _Wire(self, len(self.served), self._plan, self._loop, self._scenario, self._rng)
        self.served.append(wire)
        self._connecting = wire
        wire.shake_hands()

    def _hang_up(self, code: int, reason: str) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.up.carry(lambda: wire.client_gone(code, reason))
            wire.down.cut = True

    # --- for the wires ----------------------------------------------------------------------------------------------

    def connected(self, wire: _Wire, headers: dict[str, str]) -> None:
        self._wire, self._connecting = wire, None
        self._loop.note("open", headers["dg-request-id"])
        self._carry_out(self._streamer.connected(headers, self._loop.now_s))

    def refused(self, status: int, headers: dict[str, str]) -> None:
        self._loop.note("refused", status)
        self._streamer.refused(status, headers, "", str(status), self._loop.now_s)
        self._carry_out([])

    def received(self, wire: _Wire, text: str) -> None:
        if wire is self._wire:
            self._loop.note("down", text)
            self._streamer.receive_text(text, self._loop.now_s)
            self._wake_client()

    def closed(self, wire: _Wire, code: int, reason: str) -> None:
        if wire is self._wire:
            self._loop.note("closed", code, reason)
            self._streamer.closed(code, reason, self._loop.now_s)
            if code != CUT:
                wire.up.carry(lambda: wire.client_gone(code, reason))
            self._wire = None
            self._carry_out([])
        elif wire is self._connecting:
            # Cut before the answer to the upgrade arrived, or overtaking it.
            self._connecting = None
            self._loop.note("cut", reason)
            self._streamer.connect_failed(f"cannot be reached ({reason})", self._loop.now_s)
            self._carry_out([])

    def new_request_id(self) -> str:
        return uuid7(UNIX_MS + round(self._loop.now_s * 1000), self._rng)

    @property
    def _ended_s(self) -> float:
        return self._loop.now_s if self._done_s is None else self._done_s

    def _delivered(self) -> tuple[Span, ...]:
        """What the server proves to have heard, read off the stamps in the audio that reached it."""
        per_stamp = round(self._scenario.fmt.sample_rate * STAMP_AUDIO_S)
        runs = (run for wire in self.served for run in read_stamps(bytes(wire.heard), self._scenario.fmt))
        return tuple(merged((run.first * per_stamp, (run.first + run.count) * per_stamp) for run in runs))


class _Listening(ListenConnection):
    """The mock's connection, and what audio reached it, where that carries stamps."""

    heard: bytearray
    stamped: bool

    def receive_binary(self, data: bytes, now_s: float) -> list[pure.Action]:
        if self.stamped:
            self.heard += data
        return super().receive_binary(data, now_s)


class _Wire:
    """One connection as the network and the server see it."""

    def __init__(
        self, world: _World, number: int, plan: FaultPlan, loop: EventLoop, scenario: Scenario, rng: Random
    ) -> None:
        self._world, self._number, self._loop, self._scenario = world, number, loop, scenario
        self._chain: FaultChain = plan.open(world.admitted)
        self.up = Pipe(loop, scenario.network, rng)
        self.down = Pipe(loop, scenario.network, rng)
        self.heard = bytearray()
        self.journal = Journal(
            "/v1/listen", scenario.options.to_query(), rfc3339(UNIX_MS), TOOL, loop.now_s, keep=scenario.keep
        )
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
        scenario, now_s = self._scenario, self._loop.now_s
        request_id = self._world.new_request_id()
        if handshake.refusal is not None:
            answer = handshake.refusal.response(request_id)
            self.journal.refused(answer.status, dict(answer.headers), "", now_s)
            self.down.carry(lambda: self._world.refused(answer.status, dict(answer.headers)))
            return
        self._world.admitted += 1
        connection = _Listening(
            scenario.options,
            scenario.replies,
            request_id,
            rfc3339(UNIX_MS),
            self.journal,
            scenario.server,
            now_s,
            legs=self._world.legs,
            client="simulated",
        )
        connection.heard, connection.stamped = self.heard, scenario.stamped
        headers = {"dg-request-id": request_id}
        self.journal.opened(headers, now_s)
        self._line = Line(connection, self._chain, now_s)
        self.down.carry(lambda: self._world.connected(self, headers))
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
                    self.down.carry(partial(self._world.received, self, text))
                case steps.SendClose(code, reason):
                    self.down.carry(partial(self._world.closed, self, code, reason))
                case steps.PauseReading(until_s):
                    self._reading_from_s = max(self._reading_from_s, until_s)
                case steps.Fin():
                    self.down.carry(lambda: self._world.closed(self, CUT, "the connection was ended"))
                    self._lost()
                case steps.Reset():
                    self.down.cut = True
                    late_s = self._scenario.network.latency_s
                    self._loop.at(self._loop.now_s + late_s, lambda: self._world.closed(self, CUT, "connection reset"))
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
