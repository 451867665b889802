from __future__ import annotations

import msgspec

from harness.conformance.findings import Severity, Status, Verdict
from reports.verdicts import FamilyLine, status_word, summarise_verdict


def test_each_family_has_its_figures_in_a_fixed_order(verdict: Verdict) -> None:
    assert summarise_verdict(verdict).families == (
        FamilyLine(
            "chunking",
            Status.PASS,
            ("chunks of 20 ms (640 bytes), 500 frames, 3 of other sizes (smallest 320, largest 640)",),
        ),
        FamilyLine(
            "pacing",
            Status.FAIL,
            (
                "drift +400.0 ms, lateness p50 0.3 ms, p99 2.1 ms, largest burst 60.0 ms of audio, "
                "longest gap 1.50 s, speed 0.960, on the client's clock",
            ),
        ),
        FamilyLine("parsing", Status.WARN, ("12 messages from the server",)),
        FamilyLine("protocol", Status.NOT_JUDGED, ("1 connection, 500 audio frames and 2 messages from the client",)),
    )


def test_a_family_that_the_verdict_lacks_was_not_judged(verdict: Verdict) -> None:
    assert status_word(summarise_verdict(verdict).families[3].status) == "not judged"


def test_findings_go_from_errors_to_advice_and_name_rule_side_and_place(verdict: Verdict) -> None:
    first, second = summarise_verdict(verdict).findings
    assert (first.severity, first.rule, first.place) == (Severity.ERROR, "PACE-0001", "client")
    assert first.message == "drift of 0.4 s; wanted at most 0.07 s"
    assert (second.rule, second.place) == ("PARSE-0002", "server, leg 0, entry 12, audio 3.200 s, wall 3.250 s")


def test_findings_that_were_not_kept_are_counted(verdict: Verdict) -> None:
    assert summarise_verdict(verdict).left_out == ("PACE-0001: broken 25 times, 1 shown",)


def test_the_totals_are_those_of_the_judge(verdict: Verdict) -> None:
    assert summarise_verdict(verdict).totals == "25 errors, 0 warnings, 0 advice"


def test_several_legs_are_told_apart(verdict: Verdict) -> None:
    (first,) = verdict.pacing
    second = msgspec.structs.replace(first, leg=1, speed=None, lateness_p50_s=None)
    figures = summarise_verdict(msgspec.structs.replace(verdict, pacing=(first, second))).families[1].figures
    assert figures[0].startswith("leg 0: drift")
    assert figures[1].startswith("leg 1: drift +400.0 ms, lateness – (the sender recorded no schedule), largest")
    assert "speed – (a single instant)" in figures[1]


def test_bytes_without_a_length_in_time_say_so(verdict: Verdict) -> None:
    opus = msgspec.structs.replace(verdict.chunking[0], typical_ms=None)
    (figures,) = summarise_verdict(msgspec.structs.replace(verdict, chunking=(opus,))).families[0].figures
    assert figures.startswith("chunks of 640 bytes, – (milliseconds do not follow from bytes), 500 frames")
