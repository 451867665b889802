"""The streaming client against the mock's pure connection in virtual time: cuts anywhere, and the books it keeps."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from random import Random
from typing import Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.audio.format import AudioFormat, Encoding
from harness.audio.stamp import STAMP_AUDIO_S, block_frames, read_stamps, stamp
from harness.ledger import Ledger, LegSpan, Span
from harness.protocol.closing import CUT
from harness.protocol.options import ListenOptions
from harness.recording.entries import Header, Side
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.backoff import Backoff, ReconnectPolicy
from harness.streamer.machine import Phase, Streamer
from harness.streamer.notes import Notes, StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.streamer.source import SourceBuffer
from mock_server.behaviour import ConnectionSettings
from mock_server.connection import Action as ServerAction
from mock_server.faults.steps import SendClose
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.listen_connection import ListenConnection
from mock_server.sources import SpokenSource
from mock_server.timeline import Phrase, Timeline, from_phrases, spoken

MONO: Final = AudioFormat(Encoding.MULAW, 8000)
STEREO: Final = AudioFormat(Encoding.MULAW, 8000, 2)
TALK: Final = (
    "The ferry leaves at seven, so so be early. Nobody waits on the pier after the bell has rung, "
    "and the next boat goes on Monday. Bring a coat, a coat and a lamp."
)
MONOLOGUE: Final = spoken(TALK)
DIALOGUE: Final = from_phrases(
    [
        Phrase("did you see the lights last night", 0.4, 2.6, 0),
        Phrase("which lights do you mean", 2.2, 3.9, 1),
        Phrase("the green ones over the bay the bay", 4.1, 7.0, 0),
        Phrase("no no I slept through all of it", 7.4, 9.8, 1),
    ],
    2,
    None,
)
POLICY: Final = ReconnectPolicy(attempts=10, budget_s=None)


@cache
def noise(fmt: AudioFormat, duration_audio_s: float) -> bytes:
    """Bytes that occur nowhere twice, as those of speech do."""
    return Random(7).randbytes(fmt.aligned_bytes(duration_audio_s))


@dataclass
class Wire:
    """One connection: the server's end, and when it is to be cut."""

    server: ListenConnection
    frames_left: int | None
    alive: bool = True


class World:
    """A client, its connections and what is under way between them; everything takes `latency_s` to travel."""

    def __init__(
        self,
        fmt: AudioFormat,
        audio: bytes,
        timeline: Timeline,
        stream: StreamSettings,
        latency_s: float = 0.0,
        cuts: tuple[int, ...] = (),
    ) -> None:
        self.now_s, self.latency_s = 100.0, latency_s
        self.notes = Notes(fmt, "made up", None, self.now_s)
        self.client = Streamer(fmt, stream, Random(1), self.notes, "here", self.now_s)
        self._options = ListenOptions(
            model="nova-3",
            encoding=fmt.encoding,
            sample_rate=fmt.sample_rate,
            channels=fmt.channels,
            multichannel=fmt.channels > 1,
            interim_results=True,
            punctuate=True,
            vad_events=True,
            utterance_end_ms=1000,
        )
        self._replies = Replies(always=SpokenSource("made up", timeline))
        self._audio, self._fed, self._step = audio, 0, fmt.aligned_bytes(0.25)
        self._cuts = list(cuts)
        self._legs = Legs()
        self._order = count()
        self._under_way: list[tuple[float, int, Callable[[], None]]] = []
        self.wires: list[Wire] = []

    def run(self) -> StreamOutcome:
        self._carry_out(self.client.begin())
        for _ in range(20_000):
            self._feed()
            if self.client.phase is Phase.DONE:
                break
            self._next_event()
        assert self.client.phase is Phase.DONE
        self.notes.end()
        header = Header(
            side=Side.CLIENT, path="/", query="", created="2026-01-01T00:00:00Z", tool="test", replies="mock"
        )
        return self.notes.outcome(header, self.client.ledger())

    def _feed(self) -> None:
        while self._fed < len(self._audio) and self.client.wants_audio:
            self.client.feed(self._audio[self._fed : self._fed + self._step], self.now_s)
            self._fed += self._step
        if self._fed >= len(self._audio):
            self.client.end_of_source()

    def _next_event(self) -> None:
        servers = [wire for wire in self.wires if wire.alive and wire.server.next_wakeup_s is not None]
        wakeups = [wire.server.next_wakeup_s for wire in servers]
        times = [at for at in (*wakeups, self.client.next_wakeup_s) if at is not None]
        if self._under_way:
            times.append(self._under_way[0][0])
        self.now_s = max(self.now_s, min(times))
        while self._under_way and self._under_way[0][0] <= self.now_s:
            heapq.heappop(self._under_way)[2]()
        for wire in servers:
            at_s = wire.server.next_wakeup_s
            if wire.alive and at_s is not None and at_s <= self.now_s:
                self._answer(wire, wire.server.wake(self.now_s))
        wakeup_s = self.client.next_wakeup_s
        if wakeup_s is not None and wakeup_s <= self.now_s:
            self._carry_out(self.client.wake(self.now_s))

    def _later(self, callback: Callable[[], None]) -> None:
        heapq.heappush(self._under_way, (self.now_s + self.latency_s, next(self._order), callback))

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Connect():
                    self._later(self._open)
                case SendAudio(data):
                    wire = self.wires[-1]
                    self._later(partial(self._arrive, wire, data))
                case SendText(text):
                    wire = self.wires[-1]
                    self._later(partial(self._arrive, wire, text))
                case HangUp():
                    self._gone(self.wires[-1])

    def _open(self) -> None:
        journal = Journal("/v1/listen", "", "2026-01-01T00:00:00Z", "test", self.now_s)
        server = ListenConnection(
            self._options,
            self._replies,
            f"leg-{len(self.wires)}",
            "2026-01-01T00:00:00Z",
            journal,
            ConnectionSettings(),
            self.now_s,
            legs=self._legs,
            client="one",
        )
        self.wires.append(Wire(server, self._cuts.pop(0) if self._cuts else None))
        self._carry_out(self.client.connected({}, self.now_s))

    def _arrive(self, wire: Wire, frame: bytes | str) -> None:
        if not wire.alive:
            return
        if wire.frames_left == 0:
            self._gone(wire)
            self._later(lambda: self.client.closed(CUT, "cut", self.now_s))
            return
        wire.frames_left = None if wire.frames_left is None else wire.frames_left - 1
        if isinstance(frame, str):
            self._answer(wire, wire.server.receive_text(frame, self.now_s))
        else:
            self._answer(wire, wire.server.receive_binary(frame, self.now_s))

    def _answer(self, wire: Wire, actions: list[ServerAction]) -> None:
        for action in actions:
            if isinstance(action, SendClose):
                self._later(partial(self._closed, wire, action))
            else:
                self._later(partial(self._told, wire, action.text))

    def _told(self, wire: Wire, text: str) -> None:
        if wire.alive:
            self.client.receive_text(text, self.now_s)

    def _closed(self, wire: Wire, close: SendClose) -> None:
        if wire.alive:
            self._gone(wire, close.code)
            self.client.closed(close.code, close.reason, self.now_s)

    def _gone(self, wire: Wire, code: int = CUT) -> None:
        wire.alive = False
        wire.server.receive_close(code, "", self.now_s)
        wire.server.finish(self.now_s)


def heard(outcome: StreamOutcome, channel: int = 0) -> list[tuple[str, float, float]]:
    return [(word.display, round(word.start, 2), round(word.end, 2)) for word in outcome.transcript.words(channel)]


def said(timeline: Timeline, channel: int = 0) -> list[tuple[str, float, float]]:
    return [(word.display, round(word.start, 2), round(word.end, 2)) for word in timeline.channels[channel]]


CUTS = st.lists(st.integers(0, 400), max_size=5).map(tuple)
CHUNKS_MS = st.sampled_from([20, 40, 100, 250])
LATENCIES_S = st.sampled_from([0.0, 0.03, 0.4])


@settings(max_examples=40)
@given(cuts=CUTS, chunk_ms=CHUNKS_MS, latency_s=LATENCIES_S)
def test_a_stream_cut_anywhere_has_the_transcript_of_one_that_was_not(
    cuts: tuple[int, ...], chunk_ms: int, latency_s: float
) -> None:
    audio = noise(MONO, 14.0)
    world = World(MONO, audio, MONOLOGUE, StreamSettings(chunk_ms=chunk_ms, reconnect=POLICY), latency_s, cuts)
    outcome = world.run()
    assert outcome.failure is None
    assert heard(outcome) == said(MONOLOGUE)
    assert outcome.transcript.text() == TALK
    assert outcome.ledger.problems(outcome.transcript.words()) == []
    account = outcome.ledger.account()
    assert (account.source_audio_s, account.delivered_audio_s) == (14.0, 14.0)
    assert abs(account.transcribed_audio_s - 14.0) < 0.001
    assert outcome.ledger.missing() == ()


@settings(max_examples=25)
@given(cuts=CUTS, chunk_ms=CHUNKS_MS, latency_s=LATENCIES_S)
def test_every_channel_keeps_all_its_words_over_a_cut(cuts: tuple[int, ...], chunk_ms: int, latency_s: float) -> None:
    audio = noise(STEREO, 11.0)
    world = World(STEREO, audio, DIALOGUE, StreamSettings(chunk_ms=chunk_ms, reconnect=POLICY), latency_s, cuts)
    outcome = world.run()
    assert outcome.failure is None
    for channel in (0, 1):
        assert heard(outcome, channel) == said(DIALOGUE, channel)
        assert outcome.ledger.problems(outcome.transcript.words(channel)) == []


@settings(max_examples=15)
@given(cuts=CUTS, buffer_audio_s=st.floats(1.0, 4.0))
def test_a_source_that_can_wait_loses_nothing_however_small_the_buffer(
    cuts: tuple[int, ...], buffer_audio_s: float
) -> None:
    settings_ = StreamSettings(reconnect=POLICY, buffer_audio_s=buffer_audio_s)
    outcome = World(MONO, noise(MONO, 14.0), MONOLOGUE, settings_, 0.03, cuts).run()
    assert outcome.failure is None
    assert outcome.ledger.missing() == ()
    assert [word for word, *_ in heard(outcome)] == TALK.split()


# --- the ledger -------------------------------------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda ends: (min(ends), max(ends))), max_size=5)


def _frames(spans: list[Span]) -> set[int]:
    return {frame for start, end in spans for frame in range(start, end)}


@given(
    sent=st.lists(SPANS, max_size=4),
    dropped=SPANS,
    delivered=st.none() | SPANS,
    transcribed=SPANS,
)
def test_the_ledger_counts_as_one_does_frame_by_frame(
    sent: list[list[Span]], dropped: list[Span], delivered: list[Span] | None, transcribed: list[Span]
) -> None:
    ledger = Ledger(
        sample_rate=1,
        source_frames=40,
        sent=tuple(LegSpan(leg, *span) for leg, spans in enumerate(sent) for span in spans),
        dropped=tuple(dropped),
        delivered=None if delivered is None else tuple(delivered),
        transcribed=tuple(transcribed),
    )
    by_leg = [_frames(spans) for spans in sent]
    went: set[int] = set().union(*by_leg)
    arrived = went if delivered is None else _frames(delivered)
    given_up = _frames(dropped) - arrived
    lost = went - arrived - given_up
    account = ledger.account()
    assert account.source_audio_s == 40
    assert account.delivered_audio_s == len(arrived)
    assert account.dropped_audio_s == len(given_up)
    assert account.lost_audio_s == len(lost)
    assert account.unsent_audio_s == len(set(range(40)) - arrived - given_up - lost)
    assert account.resent_audio_s == sum(sum(frame in leg for leg in by_leg) > 1 for frame in went)
    assert account.transcribed_audio_s == len(arrived & _frames(transcribed))
    assert {f for start, end in ledger.missing() for f in range(round(start), round(end))} == set(range(40)) - arrived
    assert ledger.problems(()) == []


# --- the buffer and the waits -----------------------------------------------------------------------------------------


@given(
    pieces=st.lists(st.binary(max_size=9), max_size=20),
    capacity=st.integers(1, 24),
    width=st.sampled_from([1, 2, 4]),
    releases=st.lists(st.integers(0, 120), max_size=20),
)
def test_the_buffer_is_a_window_on_the_source(
    pieces: list[bytes], capacity: int, width: int, releases: list[int]
) -> None:
    buffer = SourceBuffer(width, capacity - capacity % width, drop_oldest=True)
    whole = b""
    for number, piece in enumerate(pieces):
        buffer.append(piece)
        whole += piece
        assert buffer.end_byte - buffer.start_byte <= max(capacity, width)
        if number < len(releases):
            before = buffer.start_byte
            buffer.release(releases[number] - releases[number] % width)
            assert buffer.start_byte == max(before, min(releases[number] - releases[number] % width, buffer.end_byte))
        assert buffer.end_byte == len(whole)
        assert buffer.read(buffer.start_byte, 1000) == whole[buffer.start_byte :]


@given(
    seed=st.integers(),
    first_s=st.floats(0.01, 5),
    cap_s=st.floats(0.01, 20),
    attempts=st.integers(0, 30),
    budget_s=st.none() | st.floats(0, 60),
    asked_s=st.lists(st.none() | st.floats(0, 30), min_size=31, max_size=31),
)
def test_waits_stay_within_every_bound(
    seed: int, first_s: float, cap_s: float, attempts: int, budget_s: float | None, asked_s: list[float | None]
) -> None:
    backoff = Backoff(ReconnectPolicy(first_s, cap_s, attempts, budget_s), Random(seed))
    waits: list[float] = []
    while (wait_s := backoff.next_wait_s(asked_s[len(waits)])) is not None:
        asked = asked_s[len(waits)] or 0.0
        assert asked <= wait_s <= max(asked, min(cap_s, first_s * 2 ** len(waits)))
        waits.append(wait_s)
    assert len(waits) <= attempts
    assert budget_s is None or sum(waits) <= budget_s + 1e-6
    if budget_s is None:
        assert len(waits) == attempts


# --- stamps -----------------------------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 1000),
    first=st.integers(0, 2**32 - 200),
    pieces=st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 8000)), min_size=1, max_size=4),
    fmt=st.sampled_from([AudioFormat(), AudioFormat(sample_rate=9600), AudioFormat(sample_rate=44_100, channels=2)]),
)
def test_stamps_are_read_back_from_any_cut_and_join(
    seed: int, first: int, pieces: list[tuple[int, int]], fmt: AudioFormat
) -> None:
    frames = block_frames(fmt)
    speech = np.random.default_rng(seed).integers(-32768, 32768, (8000, fmt.channels)).astype("<i2").tobytes()
    marked = stamp(speech, fmt, first)
    assert len(marked) == len(speech)
    difference = np.frombuffer(marked, "<i2").astype(int) - np.frombuffer(speech, "<i2")
    assert int(np.abs(difference).max()) <= 1
    joined, expected = b"", set()
    for a, b in pieces:
        begin, end = min(a, b), max(a, b)
        for block in range(-(-begin // frames), 8000 // frames):
            if block * frames + 96 <= end:
                expected.add((first + block, len(joined) // fmt.frame_bytes + block * frames - begin))
        joined += marked[begin * fmt.frame_bytes : end * fmt.frame_bytes]
    found = {
        (run.first + index, run.at_frame + index * frames)
        for run in read_stamps(joined, fmt)
        for index in range(run.count)
    }
    assert expected <= found
    assert {number for number, _ in found} <= set(range(first, first + 8000 // frames))


def test_a_run_of_stamps_says_its_seconds() -> None:
    fmt = AudioFormat()
    (run,) = read_stamps(stamp(bytes(3200 * 2), fmt, 500), fmt)
    assert (run.first, run.count, run.at_frame) == (500, 20, 0)
    assert (run.start_audio_s, round(run.end_audio_s, 6)) == (500 * STAMP_AUDIO_S, 5.2)
