"""The session machine's timers, of both roles."""

import pytest

from harness.protocol.messages import CloseStream, KeepAlive
from harness.protocol.session import Event, ListenSession, Move, Role, State, TimerFired, TimerKind, Timers
from tests.unit.protocol.moves import AUDIO, KEEP_ALIVE, RECEIVE, session_in
from tests.unit.protocol.wire import METADATA, RESULTS

QUIET = Timers(None, None, None, None, None)


def fired(events: list[Event]) -> list[TimerKind]:
    assert all(isinstance(event, TimerFired) for event in events)
    return [event.kind for event in events if isinstance(event, TimerFired)]


def client(**timers: float | None) -> ListenSession:
    return ListenSession(Role.CLIENT, 100.0, with_only(**timers))


def server(**timers: float | None) -> ListenSession:
    return ListenSession(Role.SERVER, 100.0, with_only(**timers))


def wakeup_s(session: ListenSession) -> float | None:
    return session.next_wakeup_s


def with_only(**timers: float | None) -> Timers:
    return Timers(**{**vars(QUIET), **timers})


def test_the_defaults_are_deepgrams() -> None:
    timers = Timers()
    assert (timers.keep_alive_after_s, timers.idle_after_s, timers.output_after_s) == (5.0, 10.0, 30.0)


@pytest.mark.parametrize("role", Role)
def test_without_timers_nothing_ever_wakes(role: Role) -> None:
    session = ListenSession(role, 100.0, QUIET)
    assert wakeup_s(session) is None
    assert session.wake(1e9) == []


@pytest.mark.parametrize("role", Role)
def test_a_closed_session_has_no_timers(role: Role) -> None:
    session = session_in(role, State.CLOSED)
    assert (wakeup_s(session), session.wake(1e9)) == (None, [])


def test_keep_alive_is_due_after_our_own_silence() -> None:
    session = client(keep_alive_after_s=5.0)
    assert wakeup_s(session) == 105.0
    assert session.wake(104.999) == []
    assert fired(session.wake(105.0)) == [TimerKind.KEEP_ALIVE]


def test_keep_alive_is_never_due_while_audio_flows() -> None:
    session = client(keep_alive_after_s=5.0)
    for tick in range(1, 200):
        now_s = 100.0 + tick * 0.1
        session.send_audio(AUDIO, now_s)
        assert session.wake(now_s) == []
        assert wakeup_s(session) == now_s + 5.0


def test_results_do_not_put_off_keep_alive() -> None:
    session = client(keep_alive_after_s=5.0)
    session.receive_text(RESULTS, 104.0)
    assert wakeup_s(session) == 105.0


def test_a_sent_keep_alive_starts_the_next_silence() -> None:
    session = client(keep_alive_after_s=5.0)
    due_s = []
    for _ in range(4):
        now_s = wakeup_s(session)
        assert now_s is not None
        assert fired(session.wake(now_s)) == [TimerKind.KEEP_ALIVE]
        session.send(KeepAlive(), now_s)
        due_s.append(now_s)
    assert due_s == [105.0, 110.0, 115.0, 120.0]


@pytest.mark.parametrize("state", [State.FINISHING, State.FINISHED])
def test_keep_alive_is_over_once_close_stream_is_sent(state: State) -> None:
    session = session_in(Role.CLIENT, state)
    session.timers = with_only(keep_alive_after_s=5.0)
    assert (wakeup_s(session), session.wake(1e9)) == (None, [])


def test_idle_runs_out_when_nothing_comes_from_the_client() -> None:
    session = server(idle_after_s=10.0)
    assert wakeup_s(session) == 110.0
    assert session.wake(109.999) == []
    assert fired(session.wake(110.0)) == [TimerKind.IDLE]


@pytest.mark.parametrize("frame", [Move.AUDIO, Move.CONTROL])
def test_any_frame_of_the_client_puts_off_idle(frame: Move) -> None:
    session = server(idle_after_s=10.0)
    RECEIVE[frame](session, 109.0)
    assert wakeup_s(session) == 119.0


def test_what_the_server_says_does_not_put_off_idle() -> None:
    session = server(idle_after_s=10.0)
    session.send_text(RESULTS, 109.0)
    assert wakeup_s(session) == 110.0


def test_each_timer_fires_once_per_silence_even_if_the_other_side_goes_on_talking() -> None:
    session = server(idle_after_s=10.0)
    assert fired(session.wake(110.0)) == [TimerKind.IDLE]
    session.send_text(RESULTS, 111.0)
    assert (session.wake(112.0), wakeup_s(session)) == ([], None)
    session.receive_text(KEEP_ALIVE, 113.0)
    assert fired(session.wake(123.0)) == [TimerKind.IDLE]

    other = client(keep_alive_after_s=5.0)
    assert fired(other.wake(105.0)) == [TimerKind.KEEP_ALIVE]
    other.receive_text(RESULTS, 106.0)
    assert (other.wake(107.0), wakeup_s(other)) == ([], None)


def test_keep_alives_alone_do_not_save_a_session_in_which_nothing_was_ever_said() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    for tick in range(1, 6):
        session.receive_text(KEEP_ALIVE, 100.0 + tick * 5.0)
        assert session.wake(100.0 + tick * 5.0) == []
    session.receive_text(KEEP_ALIVE, 129.0)
    assert fired(session.wake(130.0)) == [TimerKind.OUTPUT]


def test_audio_that_never_becomes_text_runs_into_the_output_timer() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    for tick in range(1, 300):
        session.receive_binary(AUDIO, 100.0 + tick * 0.1)
        assert session.wake(100.0 + tick * 0.1) == []
    assert fired(session.wake(130.0)) == [TimerKind.OUTPUT]


def test_a_pause_held_by_keep_alives_lasts_as_long_as_it_likes_once_something_was_said() -> None:
    session = server(idle_after_s=10.0, output_after_s=30.0)
    session.receive_binary(AUDIO, 101.0)
    session.send_text(RESULTS, 102.0)
    session.receive_binary(AUDIO, 102.1)  # its answer is still owed when the pause begins
    for tick in range(1, 200):
        now_s = 102.1 + tick * 5.0
        session.receive_text(KEEP_ALIVE, now_s)
        assert session.wake(now_s) == []


def test_the_output_timer_counts_from_the_first_unanswered_audio_not_from_the_pause_before_it() -> None:
    session = server(output_after_s=30.0)
    session.receive_binary(AUDIO, 101.0)
    session.send_text(RESULTS, 102.0)
    assert wakeup_s(session) is None
    session.receive_binary(AUDIO, 500.0)
    session.receive_binary(AUDIO, 510.0)
    assert wakeup_s(session) == 530.0
    assert fired(session.wake(530.0)) == [TimerKind.OUTPUT]


@pytest.mark.parametrize("state", [State.FINISHING, State.FINISHED])
def test_a_server_that_is_finishing_has_no_deadline(state: State) -> None:
    assert session_in(Role.SERVER, state).next_wakeup_s is None


def test_an_answer_is_owed_only_after_audio() -> None:
    session = client(answer_after_s=30.0)
    assert wakeup_s(session) is None
    session.send(KeepAlive(), 110.0)
    assert wakeup_s(session) is None
    session.send_audio(AUDIO, 120.0)
    session.send_audio(AUDIO, 125.0)
    assert wakeup_s(session) == 150.0
    session.receive_text(RESULTS, 130.0)
    assert wakeup_s(session) is None
    session.send_audio(AUDIO, 400.0)
    assert session.wake(400.0) == []
    assert fired(session.wake(430.0)) == [TimerKind.ANSWER]


def test_drain_counts_from_close_stream_and_from_each_message_after_it() -> None:
    session = client(keep_alive_after_s=5.0, drain_after_s=20.0)
    session.receive_text(RESULTS, 101.0)
    session.send(CloseStream(), 102.0)
    assert wakeup_s(session) == 122.0
    session.receive_text(RESULTS, 110.0)
    assert wakeup_s(session) == 130.0
    session.receive_text(METADATA, 111.0)
    assert wakeup_s(session) == 131.0
    assert fired(session.wake(131.0)) == [TimerKind.DRAIN]
    assert wakeup_s(session) is None


def test_drain_of_a_session_in_which_nothing_was_ever_said() -> None:
    session = client(drain_after_s=20.0)
    session.send(CloseStream(), 103.0)
    assert wakeup_s(session) == 123.0


def test_several_timers_may_fire_in_one_waking() -> None:
    session = client(keep_alive_after_s=5.0, answer_after_s=30.0)
    session.send_audio(AUDIO, 100.0)
    assert fired(session.wake(200.0)) == [TimerKind.KEEP_ALIVE, TimerKind.ANSWER]
    assert wakeup_s(session) is None


def test_a_late_waking_does_not_shift_what_follows() -> None:
    session = server(idle_after_s=10.0)
    assert fired(session.wake(500.0)) == [TimerKind.IDLE]
    session.receive_text(KEEP_ALIVE, 501.0)
    assert wakeup_s(session) == 511.0
