"""The streaming client against a modelled server that may do anything legal at any time, under Hypothesis.

What the server of `modelled_server` says is right by construction, but on its own connection's clock; what the client
makes of it can be held against the source itself.
"""

from __future__ import annotations

import json
from array import array
from random import Random
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.audio.format import AudioFormat
from harness.ledger import merged, minus
from harness.protocol.session import Timers
from harness.recording.entries import AnyEntry, Header, Side
from harness.streamer.actions import Action, Connect, HangUp, SendAudio, SendText
from harness.streamer.backoff import NEVER, ReconnectPolicy
from harness.streamer.machine import Phase, Streamer
from harness.streamer.notes import Notes, StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.transcript import Transcript
from tests.property.modelled_server import WORD_EVERY, WORD_FROM, WORD_TO, Connection

FMT: Final = AudioFormat(sample_rate=1000)
LONGEST_FRAMES: Final = 60_000
KEEP_ALIVE_S, DRAIN_S = 5.0, 20.0
EPSILON: Final = 1e-6
POLICY: Final = ReconnectPolicy(first_s=0.5, cap_s=2.0, attempts=4, budget_s=30.0)


class Conversation(RuleBasedStateMachine):
    """Every order of audio, time, words, refusals, closes and cuts; after each step the laws hold."""

    @initialize(
        chunk_ms=st.sampled_from([50, 250]),
        buffer_audio_s=st.sampled_from([30.0, 30.0, 2.0, 0.0]),
        overlap_audio_s=st.sampled_from([1.5, 1.5, 0.5, 0.0]),
        catch_up=st.sampled_from([1.0, 1.25, 3.0]),
        live=st.booleans(),
        stubborn=st.sampled_from([True, True, True, False]),
        late_s=st.sampled_from([0.0, 0.0, 0.013]),
        seed=st.integers(0, 9),
    )
    def begin(
        self,
        chunk_ms: int,
        buffer_audio_s: float,
        overlap_audio_s: float,
        catch_up: float,
        live: bool,
        stubborn: bool,
        late_s: float,
        seed: int,
    ) -> None:
        self.now_s, self.late_s = 100.0, late_s
        self.settings = StreamSettings(
            chunk_ms=chunk_ms,
            buffer_audio_s=buffer_audio_s,
            overlap_audio_s=overlap_audio_s,
            catch_up=catch_up,
            live=live,
            reconnect=POLICY if stubborn else NEVER,
            timers=Timers(keep_alive_after_s=KEEP_ALIVE_S, drain_after_s=DRAIN_S),
        )
        self.transcript = Transcript()
        self.notes = Notes(FMT, "made up", self.observe, self.now_s)
        self.client = Streamer(FMT, self.settings, Random(seed), self.notes, "model", self.now_s)
        self.fed, self.ended, self.flushed = 0, False, False
        self.first_audio_s: float | None = None
        self.first_open_s: float | None = None
        self.connecting = False
        self.connection: Connection | None = None
        self.carry_out(self.client.begin())

    def observe(self, entry: AnyEntry, transcript: Transcript) -> None:
        self.transcript = transcript

    # --- the client's side --------------------------------------------------------------------------------------------

    def carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Connect():
                    assert self.connection is None
                    assert not self.connecting
                    self.connecting = True
                case SendAudio(data):
                    self.hear(data)
                case SendText(text):
                    self.read(str(json.loads(text)["type"]))
                case HangUp():
                    assert self.connection is not None
                    self.connection = None

    def listening(self) -> Connection:
        """The connection that something is sent on."""
        assert self.connection is not None, "sent without an open connection"
        assert not self.connection.asked_to_close, "sent after CloseStream"
        self.connection.last_upstream_s = self.now_s
        return self.connection

    def hear(self, data: bytes) -> None:
        connection = self.listening()
        samples = array("H")
        samples.frombytes(data)
        assert 0 < len(samples) <= self.settings.chunk_ms
        assert list(samples) == list(range(samples[0], samples[0] + len(samples))), "a frame is one piece of the source"
        before = len(connection.heard)
        assert self.first_open_s is not None
        assert self.first_audio_s is not None
        # A live source may have spoken before anybody could hear it; one that can wait has not.
        start_s = min(self.first_open_s, self.first_audio_s) if self.settings.live else self.first_open_s
        chunk_s = self.settings.chunk_ms / 1000
        step_s = chunk_s / self.settings.catch_up
        # By the source's own schedule, and since the connection was opened never faster than the catch-up.
        assert self.now_s >= start_s + samples[0] / 1000 - EPSILON
        assert self.now_s >= connection.opened_s + before / 1000 / self.settings.catch_up - EPSILON
        if len(connection.sends) >= 10:
            least_s = 10 * step_s - 5 * chunk_s - step_s
            assert self.now_s >= connection.sends[-10][0] + least_s - EPSILON, "a burst"
        connection.sends.append((self.now_s, before))
        connection.heard.extend(samples)

    def read(self, kind: str) -> None:
        connection = self.listening()
        if kind == "CloseStream":
            connection.asked_to_close = True
            assert self.ended
        elif kind == "Finalize":
            self.flushed = True  # what is half said is made final, too
            self.say(len(connection.heard), whole_words=False)
        else:
            assert kind == "KeepAlive"

    # --- the server's side --------------------------------------------------------------------------------------------

    def say(self, until: int, *, is_final: bool = True, whole_words: bool = True) -> None:
        assert self.connection is not None
        text = self.connection.results(until, is_final=is_final, whole_words=whole_words)
        self.client.receive_text(text, self.now_s)

    def finish(self) -> None:
        """What CloseStream asks for."""
        assert self.connection is not None
        self.say(len(self.connection.heard), whole_words=False)
        self.client.receive_text(self.connection.metadata(), self.now_s)
        self.end_connection(1000)

    def end_connection(self, code: int) -> None:
        self.connection = None
        self.client.closed(code, "", self.now_s)

    # --- what may happen ----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.ended and self.client.phase is not Phase.DONE)
    @rule(frames=st.integers(1, 4000))
    def audio_comes(self, frames: int) -> None:
        if not self.settings.live and not self.client.wants_audio:
            return
        frames = min(frames, LONGEST_FRAMES - self.fed)
        if frames:
            self.first_audio_s = self.now_s if self.first_audio_s is None else self.first_audio_s
            self.client.feed(array("H", range(self.fed, self.fed + frames)).tobytes(), self.now_s)
            self.fed += frames

    @precondition(lambda self: not self.ended and self.client.phase is not Phase.DONE)
    @rule(now=st.sampled_from([False, False, False, True]))
    def the_source_ends(self, now: bool) -> None:
        if now:
            self.client.end_of_source()
            self.ended = True

    @rule(duration_s=st.floats(0.001, 8.0))
    def time_passes(self, duration_s: float) -> None:
        until_s = self.now_s + duration_s
        for _ in range(2000):
            wakeup_s = self.client.next_wakeup_s
            if wakeup_s is None or wakeup_s > until_s:
                break
            self.now_s = max(self.now_s, wakeup_s) + self.late_s
            self.carry_out(self.client.wake(self.now_s))
            if self.connection is not None:
                quiet_s = self.now_s - max(self.connection.last_upstream_s, self.connection.opened_s)
                assert self.connection.asked_to_close or quiet_s <= KEEP_ALIVE_S + EPSILON, "no KeepAlive while idle"
        else:
            raise AssertionError("woken for ever")
        self.now_s = max(self.now_s, until_s)
        if self.connection is not None and not self.connection.asked_to_close:
            quiet_s = self.now_s - max(self.connection.last_upstream_s, self.connection.opened_s)
            assert quiet_s <= KEEP_ALIVE_S + EPSILON, "no KeepAlive while idle"

    @precondition(lambda self: self.connecting)
    @rule()
    def the_connection_opens(self) -> None:
        self.connecting = False
        self.connection = Connection(self.now_s)
        self.first_open_s = self.now_s if self.first_open_s is None else self.first_open_s
        self.carry_out(self.client.connected({}, self.now_s))

    @precondition(lambda self: self.connecting)
    @rule(
        status=st.sampled_from([429, 429, 503, 503, 503, 401, 200]),
        retry_after=st.sampled_from([None, "3", "0.5", "soon"]),
    )
    def it_is_refused(self, status: int, retry_after: str | None) -> None:
        self.connecting = False
        headers = {} if retry_after is None else {"retry-after": retry_after}
        self.client.refused(status, headers, "", "no", self.now_s)
        assert status in {429, 503} or self.client.phase is Phase.DONE

    @precondition(lambda self: self.connecting)
    @rule()
    def nobody_answers(self) -> None:
        self.connecting = False
        self.client.connect_failed("cannot be reached", self.now_s)

    @precondition(lambda self: self.connection is not None)
    @rule(share=st.floats(0, 1), is_final=st.booleans())
    def the_server_says_what_it_heard(self, share: float, is_final: bool) -> None:
        assert self.connection is not None
        unsaid = len(self.connection.heard) - self.connection.final
        self.say(self.connection.final + round(unsaid * share), is_final=is_final)

    @precondition(lambda self: self.connection is not None and self.connection.asked_to_close)
    @rule()
    def the_server_finishes(self) -> None:
        self.finish()
        assert (self.client.phase, self.client.failure) == (Phase.DONE, None)

    @precondition(lambda self: self.connection is not None)
    @rule(code=st.sampled_from([1000, 1001, 1005, 1006, 1006, 1006, 1011, 1011, 1012, 1013, 4000, 1008]))
    def the_connection_ends(self, code: int) -> None:
        self.end_connection(code)
        assert code != 1008 or self.client.phase is Phase.DONE

    # Steps that lead deeper into a conversation than chance would.

    @precondition(lambda self: self.connection is not None and not self.ended)
    @rule(seconds=st.integers(1, 5), says_until=st.floats(0.3, 1))
    def all_goes_well_for_a_while(self, seconds: int, says_until: float) -> None:
        for _ in range(seconds):
            self.audio_comes(1000)
            self.time_passes(1.0)
        if self.connection is not None:
            self.the_server_says_what_it_heard(says_until, True)

    @precondition(lambda self: self.connection is not None and self.settings.reconnect is POLICY)
    @rule(spoken_frames=st.integers(0, 3000))
    def an_outage_is_got_over(self, spoken_frames: int) -> None:
        self.end_connection(1006)
        if spoken_frames and not self.ended:
            self.audio_comes(spoken_frames)
        self.time_passes(POLICY.cap_s)
        if self.connecting:
            self.the_connection_opens()

    # --- the laws -----------------------------------------------------------------------------------------------------

    @invariant()
    def every_sample_is_sent_waiting_or_reported(self) -> None:
        if self.client.phase is not Phase.STREAMING:
            return  # what an outage cost is told by the connection after it
        ledger = self.client.ledger()
        assert ledger.source_frames == self.fed
        gone = merged([*((span.start, span.end) for span in ledger.sent), *ledger.dropped])
        waiting_from = round(self.client.sent_audio_s * 1000)
        missing = [gap for gap in minus([(0, self.fed)], gone) if gap[0] < waiting_from]
        assert not missing, f"neither sent, nor waiting, nor reported: {missing}"
        assert self.settings.live or not ledger.dropped

    @invariant()
    def words_stand_where_they_were_said_and_once(self) -> None:
        words = self.transcript.words()
        numbers = [int(word.word[1:]) for word in words]
        assert numbers == sorted(set(numbers)), "a word is doubled or out of order"
        for number, word in zip(numbers, words, strict=True):
            assert abs(word.start - (number * WORD_EVERY + WORD_FROM) / 1000) < 0.002
            assert abs(word.end - (number * WORD_EVERY + WORD_TO) / 1000) < 0.002

    @invariant()
    def nothing_is_asked_for_when_it_is_over(self) -> None:
        if self.client.phase is Phase.DONE:
            assert self.client.next_wakeup_s is None
            assert self.client.wake(self.now_s + 100) == []

    def outcome(self) -> StreamOutcome:
        header = Header(
            side=Side.CLIENT, path="/", query="", created="2026-01-01T00:00:00Z", tool="test", replies="model"
        )
        return self.notes.outcome(header, self.client.ledger())

    def teardown(self) -> None:
        """With a server that plays along from now on it comes to an end, and a session that ends well is whole."""
        if not hasattr(self, "client"):
            return
        if not self.ended:
            self.the_source_ends(True)
        for _ in range(400):
            if self.client.phase is Phase.DONE:
                break
            if self.connecting:
                self.the_connection_opens()
            elif self.connection is not None and self.connection.asked_to_close:
                self.the_server_finishes()
            else:
                self.time_passes(1.0)
                if self.connection is not None:
                    self.the_server_says_what_it_heard(1.0, True)
        assert self.client.phase is Phase.DONE
        outcome = self.outcome()
        if outcome.failure is not None:
            return
        assert outcome.ledger_problems() == []
        if not outcome.dropped and not self.flushed:
            whole = range((self.fed - WORD_TO) // WORD_EVERY + 1 if self.fed >= WORD_TO else 0)
            assert [word.word for word in outcome.transcript.words()] == [f"w{number}" for number in whole]


TestConversation = Conversation.TestCase
TestConversation.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.filter_too_much],
)
