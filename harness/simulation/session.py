"""One simulated session: the client's machine streams to the mock's pure connections, over as many as it takes.

The pieces are the ones that run over sockets: `Streamer` on this side, and on the other, which is `wire`, the mock's
connection behind a `FaultChain`. Only what lies between them, and the clock, is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from random import Random
from typing import Final

from harness.clock import rfc3339
from harness.ledger import Ledger
from harness.protocol.closing import CUT, NORMAL
from harness.recording.document import Recording
from harness.recording.entries import Header, Side
from harness.simulation.loop import Alarm, EventLoop
from harness.simulation.scenario import Scenario
from harness.simulation.wire import TOOL, UNIX_MS, Host, Wire
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.dialect import dialect_for
from harness.streamer.machine import Phase, Streamer
from harness.streamer.notes import Notes, StreamOutcome
from mock_server.faults import steps
from mock_server.faults.chain import FaultPlan
from mock_server.faults.when import Firing

LONGEST_S: Final = 48 * 3600.0
FEED_AUDIO_S: Final = 0.25
"""How much of the source the machine is given at a time, and how often a live one gives it."""

NAME: Final = "simulated"
"""What failures call the server."""


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
    return _Client(scenario, seed).run()


class _Client:
    """The client's end, and the loop that everything runs in."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, rng = scenario, Random(seed)
        self._loop = EventLoop()
        self._host = Host(scenario, self, self._loop, rng, FaultPlan(scenario.faults, seed))
        self._notes = Notes(scenario.fmt, "simulated", None, 0.0, keep=scenario.keep)
        self._streamer = Streamer(
            scenario.fmt, scenario.settings, rng, self._notes, NAME, 0.0, dialect=dialect_for(scenario.options)
        )
        self._alarm = Alarm(self._loop, lambda: self._streamer.next_wakeup_s, self._wake)
        self._wire: Wire | None = None
        self._connecting: Wire | None = None
        self._fed = 0
        self._done_s: float | None = None

    def run(self) -> Simulated:
        if self._scenario.settings.live:
            for number in range(1, ceil(self._scenario.duration_audio_s / FEED_AUDIO_S) + 1):
                self._loop.at(number * FEED_AUDIO_S, self._wake)
        self._feed()
        self._carry_out(self._streamer.begin())
        finished = self._loop.run(LONGEST_S)
        self._notes.end()
        header = Header(
            side=Side.CLIENT,
            path=self._scenario.path,
            query=self._scenario.options.to_query(),
            created=rfc3339(UNIX_MS),
            tool=TOOL,
            replies=NAME,
        )
        ledger = self._streamer.ledger()
        return Simulated(
            outcome=self._notes.outcome(header, ledger),
            ledger=replace(ledger, delivered=self._host.delivered()) if self._scenario.stamped else ledger,
            journals=self._host.journals(),
            fired=tuple(self._host.plan.fired),
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

    def _wake(self) -> None:
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
        self._connecting = self._host.connect()
        self._connecting.shake_hands()

    def _hang_up(self, code: int, reason: str) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.up.carry(lambda: wire.client_gone(code, reason))
            wire.down.cut = True

    # --- for the wires ----------------------------------------------------------------------------------------------

    def connected(self, wire: Wire, headers: dict[str, str]) -> None:
        """The upgrade succeeded."""
        self._wire, self._connecting = wire, None
        self._loop.note("open", headers["dg-request-id"])
        self._carry_out(self._streamer.connected(headers, self._loop.now_s))

    def refused(self, status: int, headers: dict[str, str]) -> None:
        """The upgrade was refused."""
        self._loop.note("refused", status)
        self._streamer.refused(status, headers, "", str(status), self._loop.now_s)
        self._carry_out([])

    def received(self, wire: Wire, text: str) -> None:
        """A text frame came."""
        if wire is self._wire:
            self._loop.note("down", text)
            self._streamer.receive_text(text, self._loop.now_s)
            self._wake()

    def closed(self, wire: Wire, code: int, reason: str) -> None:
        """A connection is over; 1006 when no close frame came."""
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

    @property
    def _ended_s(self) -> float:
        return self._loop.now_s if self._done_s is None else self._done_s
