"""`harness.gate.gate`: which metrics regressed, which utterances changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.baseline import Baseline, Edits, Side, Utterance
from harness.gate.gate import compare_runs
from harness.results import Change, GateResult, MetricChange

if TYPE_CHECKING:
    from tests.unit.gate.conftest import Run


def metric(result: GateResult, name: str) -> MetricChange:
    return next(one for one in result.metrics if one.metric == name)


def test_a_run_against_itself_passes_and_nothing_moved(run: Run) -> None:
    result = compare_runs(run([0, 1, 2]), run([0, 1, 2]), {})
    assert result.passed
    assert {one.change for one in result.metrics} == {Change.SAME}
    assert result.utterances == ()


def test_one_more_wrong_word_is_a_regression_and_named(run: Run) -> None:
    result = compare_runs(run([0, 0], [0, 0]), run([0, 1], [0, 0]), {})
    assert not result.passed
    assert metric(result, "streaming_wer").change is Change.REGRESSED
    assert metric(result, "streaming_wer").difference == 1 / 8
    assert metric(result, "streaming_cost_wer").change is Change.REGRESSED
    assert metric(result, "prerecorded_wer").change is Change.SAME
    (changed,) = result.utterances
    assert (changed.id, changed.endpoint, changed.base_errors, changed.new_errors) == ("u1", "streaming", 0, 1)
    assert (changed.base_text, changed.new_text) == ("0 wrong", "1 wrong")


def test_a_tolerance_lets_it_pass_up_to_its_very_value(run: Run) -> None:
    allowed = {"streaming_wer": 0.125, "streaming_cost_wer": 0.125, "prerecorded_wer": 0.125}
    assert compare_runs(run([0, 0]), run([0, 1]), allowed).passed
    allowed["streaming_wer"] = 0.12
    assert not compare_runs(run([0, 0]), run([0, 1]), allowed).passed


def test_the_tolerances_of_the_baseline_count_and_the_users_come_first(run: Run) -> None:
    base = msgspec.structs.replace(
        run([0, 0]), tolerances={"streaming_wer": 1.0, "streaming_cost_wer": 1.0, "prerecorded_wer": 1.0}
    )
    assert compare_runs(base, run([0, 1]), {}).passed
    assert not compare_runs(base, run([0, 1]), {"streaming_wer": 0.0}).passed


def test_with_enough_utterances_what_chance_would_give_is_no_regression(run: Run) -> None:
    base, new = [1] * 20 + [0] * 20, [0] * 18 + [1] * 22
    result = compare_runs(run(base, [0] * 40), run(new, [0] * 40), {})
    assert metric(result, "streaming_wer").difference > 0
    assert metric(result, "streaming_wer").change is Change.NOT_DISTINGUISHABLE
    assert result.passed


def test_with_enough_utterances_a_real_difference_is_a_regression(run: Run) -> None:
    result = compare_runs(run([0] * 40), run([1] * 20 + [0] * 20), {})
    assert metric(result, "streaming_wer").change is Change.REGRESSED


def test_fewer_errors_are_better(run: Run) -> None:
    result = compare_runs(run([1, 1]), run([0, 0]), {})
    assert result.passed
    assert metric(result, "streaming_wer").change is Change.BETTER


def test_an_answer_that_never_came_has_every_word_wrong(run: Run) -> None:
    result = compare_runs(run([0, 0], [0, 0]), run([0, None], [0, 0]), {})
    assert metric(result, "streaming_wer").new == 0.5
    assert metric(result, "failures").change is Change.REGRESSED
    assert metric(result, "cases_not_passed").change is Change.REGRESSED
    assert result.utterances[0].new_errors == 4


def test_a_failure_that_is_mended_is_no_regression(run: Run) -> None:
    assert compare_runs(run([0, None], [0, 0]), run([0, 3], [0, 0]), {}).passed


def test_what_is_missing_is_a_regression_and_what_is_new_is_listed(run: Run) -> None:
    result = compare_runs(run([0, 0, 1]), run([0, 0]), {})
    assert (result.passed, result.missing) == (False, ("u2",))
    result = compare_runs(run([0, 0]), run([0, 0, 1]), {})
    assert (result.passed, result.added) == (True, ("u2",))


def one(words: Edits, normalizer: str = "basic@1", prerecorded: Side | None = None) -> Baseline:
    streaming = Side(words=words)
    return Baseline(
        utterances=(Utterance(id="a", normalizer=normalizer, streaming=streaming, prerecorded=prerecorded),)
    )


def test_another_reference_cannot_be_compared() -> None:
    result = compare_runs(one(Edits(3, 0, 0, 0)), one(Edits(4, 0, 0, 0)), {})
    assert (result.passed, result.compared) == (False, 0)
    assert result.incomparable == ("a: the reference had 3 words before and has 4 now",)


RIGHT = Edits(2, 0, 0, 0)


def said(reference: str | None, words: Edits | None = RIGHT, *, failed: bool = False) -> Baseline:
    side = Side(words=words, failed=failed)
    normalizer = "basic@1" if words else ""
    return Baseline(utterances=(Utterance(id="a", normalizer=normalizer, reference=reference, streaming=side),))


def test_a_reference_of_as_many_other_words_cannot_be_compared() -> None:
    result = compare_runs(said("one two"), said("one too"), {})
    assert (result.passed, result.incomparable) == (False, ("a: the reference has other words than before",))


def test_a_reference_that_is_only_written_otherwise_can_be_compared() -> None:
    assert compare_runs(said("one two"), said("One, two."), {}).compared == 1


def test_a_reference_with_alternatives_may_have_two_lengths() -> None:
    both = said("{one two / 12} three"), said("{one two / 12} three", Edits(3, 0, 0, 0))
    assert compare_runs(*both, {}).passed


def test_a_score_that_went_away_is_no_progress() -> None:
    result = compare_runs(said("one two", Edits(1, 1, 0, 0)), said(None, None), {})
    assert (result.passed, result.incomparable) == (False, ("a: streaming was scored before and is not now",))
    assert compare_runs(said("one two", Edits(1, 1, 0, 0)), said("one two", None, failed=True), {}).compared == 1


def test_another_normaliser_cannot_be_compared() -> None:
    result = compare_runs(one(Edits(3, 0, 0, 0)), one(Edits(3, 0, 0, 0), "basic@2"), {})
    assert result.incomparable == ("a: scored under basic@1 before and under basic@2 now",)


def test_an_endpoint_that_is_no_longer_asked_cannot_be_compared() -> None:
    base = one(Edits(3, 0, 0, 0), prerecorded=Side(words=Edits(3, 0, 0, 0)))
    result = compare_runs(base, one(Edits(3, 0, 0, 0)), {})
    assert result.incomparable == ("a: prerecorded was asked before and is not now",)


def test_a_delay_may_grow_by_its_tolerance(run: Run) -> None:
    before = run([0] * 3, first_final=1.0)
    assert compare_runs(before, run([0] * 3, first_final=1.2), {}).passed
    result = compare_runs(before, run([0] * 3, first_final=1.5), {})
    assert metric(result, "first_final_p50_wall_s").change is Change.REGRESSED
    assert metric(result, "first_final_p50_wall_s").difference == 0.5


def test_interims_that_no_longer_come_are_a_regression(run: Run) -> None:
    before = run([0] * 3, first_interim=1.0, last_message=0.1)
    result = compare_runs(before, run([0] * 3, last_message=0.1), {})
    assert metric(result, "delays_missing").change is Change.REGRESSED
    assert metric(result, "delays_missing").difference == 3
    assert result.unmeasured == ("first_interim_p50_wall_s", "first_interim_p95_wall_s")
    assert compare_runs(run([0] * 3, last_message=0.1), before, {}).passed


def test_runs_without_any_delay_miss_none(run: Run) -> None:
    assert compare_runs(run([0] * 3, first_interim=1.0), run([0] * 3), {}).passed


def test_of_many_utterances_one_that_lost_all_may_be_chance_unless_figures_decide_alone(run: Run) -> None:
    base, new = run([0] * 40, [0] * 40), run([4] + [0] * 39, [0] * 40)
    assert compare_runs(base, new, {}).passed
    result = compare_runs(base, new, {}, exact=True)
    assert metric(result, "streaming_wer").change is Change.REGRESSED
    assert result.exact


def heard(text: str, *, failed: bool = False) -> Baseline:
    return Baseline(utterances=(Utterance(id="a", streaming=Side(text=text, failed=failed)),))


def test_other_words_are_listed_though_nothing_is_scored() -> None:
    (changed,) = compare_runs(heard("one two"), heard("one too"), {}).utterances
    assert (changed.base_text, changed.new_text, changed.base_errors) == ("one two", "one too", None)
    assert compare_runs(heard("one two"), heard("One, two"), {}).utterances == ()
    (changed,) = compare_runs(heard(""), heard("", failed=True), {}).utterances
    assert (changed.base_failed, changed.new_failed) == (False, True)


def test_the_normaliser_of_the_scores_is_told(run: Run) -> None:
    assert compare_runs(run([0, 1]), run([0, 1]), {}).normalizers == ("basic@1",)


ERRORS = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=40)


@given(wrong=ERRORS, data=st.data())
def test_both_ways_round_the_differences_turn_their_sign(wrong: list[int | None], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=len(wrong), max_size=len(wrong)))
    first, second = (Baseline(utterances=tuple(map(utterance, range(len(wrong)), part))) for part in (wrong, other))
    there, back = compare_runs(first, second, {}, resamples=20), compare_runs(second, first, {}, resamples=20)
    assert [m.metric for m in there.metrics] == [m.metric for m in back.metrics]
    assert [m.difference for m in there.metrics] == [-m.difference for m in back.metrics]
    assert len(there.utterances) == len(back.utterances)


@given(wrong=ERRORS)
def test_no_run_regresses_against_itself(wrong: list[int | None]) -> None:
    baseline = Baseline(utterances=tuple(map(utterance, range(len(wrong)), wrong)))
    assert compare_runs(baseline, baseline, {}, resamples=20).passed


def utterance(number: int, wrong: int | None) -> Utterance:
    side = Side(failed=True) if wrong is None else Side(words=Edits(4 - wrong, wrong, 0, 0))
    return Utterance(id=str(number), normalizer="basic@1" if wrong is not None else "", streaming=side)
