"""Which connections belong to one run of faults."""

from __future__ import annotations

from mock_server.faults.chain import FaultChain
from mock_server.faults.notation import parse_fault_text
from mock_server.faults.steps import Asked, Moment
from mock_server.legs import REMEMBERED_WALL_S, SILENT_WALL_S
from mock_server.runs import FaultRuns, Run

ONCE = (parse_fault_text("refuse status=503 times=1"),)


def refuses(chain: FaultChain) -> bool:
    return chain.handshake(Moment(0.0)).refusal is not None


def session(runs: FaultRuns, now_s: float, client: str = "a", *, in_order: bool) -> Run:
    run, _ = runs.attempt(client, now_s)
    run.begin()
    run.end(in_order=in_order)
    return run


def test_a_refused_attempt_and_the_next_have_the_same_leg_and_one_run() -> None:
    runs = FaultRuns(ONCE, 0)
    legs, refused = [], []
    for at_s in (0.0, 1.0, 2.0):
        _, chain = runs.attempt("a", at_s)
        legs.append(chain.leg)
        refused.append(refuses(chain))

    assert legs == [0, 0, 0]
    assert refused == [True, False, False]


def test_a_cut_connection_is_followed_by_the_next_leg() -> None:
    runs = FaultRuns((), 0)
    first = session(runs, 0.0, in_order=False)
    second, chain = runs.attempt("a", 1.0)

    assert second is first
    assert chain.leg == 1


def test_after_a_good_end_a_new_run_has_all_faults_and_the_next_seed() -> None:
    runs = FaultRuns(ONCE, 7)
    assert refuses(runs.attempt("a", 0.0)[1])
    first = session(runs, 0.5, in_order=True)
    second, chain = runs.attempt("a", 1.0)

    assert second is not first
    assert refuses(chain)
    assert (first.plan.seed, second.plan.seed) == (7, 8)


def test_a_posted_file_changes_nothing_of_what_a_stream_meets() -> None:
    runs = FaultRuns(ONCE, 7)
    posted, chain = runs.attempt("a", 0.0, Asked.FILE)
    assert refuses(chain)
    streamed, chain = runs.attempt("a", 0.0)

    assert refuses(chain)
    assert streamed is not posted
    assert (posted.plan.seed, streamed.plan.seed) == (7, 7)


def test_clients_do_not_share_runs() -> None:
    runs = FaultRuns(ONCE, 0)

    assert refuses(runs.attempt("a", 0.0)[1])
    assert refuses(runs.attempt("b", 0.0)[1])


def test_a_connection_at_work_is_another_clients_and_a_silent_one_may_be_dead() -> None:
    runs = FaultRuns((), 0)
    first, _ = runs.attempt("a", 0.0)
    first.begin()

    at_work, _ = runs.attempt("a", SILENT_WALL_S - 0.1)
    assert at_work is not first
    first.heard_s = at_work.heard_s = 0.0
    assert runs.attempt("a", SILENT_WALL_S)[0] is first


def test_a_run_is_forgotten_after_a_while() -> None:
    runs = FaultRuns((), 0)
    first = session(runs, 0.0, in_order=False)

    assert runs.attempt("a", REMEMBERED_WALL_S + 1.0)[0] is not first


def test_new_faults_begin_all_runs_anew() -> None:
    runs = FaultRuns((), 0)
    assert not refuses(runs.attempt("a", 0.0)[1])
    runs.use(ONCE, 5)

    run, chain = runs.attempt("a", 0.1)
    assert refuses(chain)
    assert run.plan.seed == 5
    assert [firing.kind for firing in runs.fired] == ["refuse"]
