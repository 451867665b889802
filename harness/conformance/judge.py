"""The judge: a recording in, a verdict out. Pure; whatever a stranger's recording holds, nothing is raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.conformance.chunking import measure_chunking
from harness.conformance.evidence import Session, lay_out
from harness.conformance.findings import Counts, Family, Finding, Severity, Status, Verdict
from harness.conformance.flux import turns_of
from harness.conformance.measure import measure_pacing
from harness.conformance.rule import Hit, Rule
from harness.conformance.rules import RULES
from harness.conformance.settings import DEFAULT_SETTINGS, ClientClaim, JudgeSettings
from harness.recording.document import Recording


def judge(
    recording: Recording,
    claim: ClientClaim | None = None,
    settings: JudgeSettings = DEFAULT_SETTINGS,
    *,
    lead_bytes: bytes | None = None,
) -> Verdict:
    """Judge one recorded session, every connection of it, by all the rules of its wire version.

    Args:
        recording: written by either side; see `evidence` for what is assumed of its clocks.
        claim: what the client under test says of itself; without it nothing is said about parsing.
        settings: the limits, and the speed that was meant.
        lead_bytes: the audio that was sent, from its first byte, as much of it as is known. A dozen bytes show a
            header; all of them show every control message that went as audio.
    """
    session = lay_out(recording, claim, settings, lead_bytes)
    hits = [(rule, hit) for rule in RULES if session.version in rule.versions for hit in rule.check(session)]
    findings = [_finding(session, rule, hit) for rule, hit in _first_of_each(hits, settings.findings_per_rule)]
    chunking = tuple(cut for leg in session.legs if (cut := measure_chunking(leg)))
    pacing = tuple(paced for leg in session.legs if (paced := measure_pacing(leg)))
    weights = Counter(rule.severity for rule, _ in hits)
    return Verdict(
        recording=recording.name,
        passed=not weights[Severity.ERROR],
        families=_families(session, [rule for rule, _ in hits], bool(pacing)),
        counts=_counts(session, weights),
        broken=dict(Counter(rule.id for rule, _ in hits)),
        findings=tuple(sorted(findings, key=_order)),
        chunking=chunking,
        pacing=pacing,
    )


def _first_of_each(hits: Iterable[tuple[Rule, Hit]], limit: int) -> list[tuple[Rule, Hit]]:
    seen: Counter[str] = Counter()
    kept = []
    for rule, hit in hits:
        seen[rule.id] += 1
        if seen[rule.id] <= limit:
            kept.append((rule, hit))
    return kept


def _finding(session: Session, rule: Rule, hit: Hit) -> Finding:
    leg = next((leg for leg in session.legs if hit.at in leg.clock_audio_s), None)
    audio_s = wall_s = None
    if leg is not None and hit.at is not None:
        audio_s = leg.clock_audio_s[hit.at]
        wall_s = next(place.entry.wall_s for place in leg.places if place.at == hit.at)
    return Finding(
        rule=rule.id,
        family=rule.family,
        blame=rule.blame,
        severity=rule.severity,
        message=hit.message,
        leg=leg.number if leg else None,
        frame=hit.at,
        audio_s=audio_s,
        wall_s=wall_s,
        evidence=hit.evidence,
        source=rule.source,
    )


def _order(finding: Finding) -> tuple[bool, int, int]:
    """By leg and entry; what belongs to no entry comes last."""
    return finding.frame is None, finding.leg or 0, finding.frame or 0


def _families(session: Session, broken: Sequence[Rule], paced: bool) -> dict[Family, Status]:
    claim = session.claim
    heard_words = any(any(turns_of(leg)) if session.version == 2 else leg.results for leg in session.legs)
    judged = {
        Family.CHUNKING: any(leg.binaries for leg in session.legs),
        Family.PACING: paced,
        Family.PARSING: bool(claim and (claim.error or (claim.text is not None and heard_words))),
        Family.PROTOCOL: bool(session.legs),
    }
    return {family: _status([r for r in broken if r.family is family], judged[family]) for family in Family}


def _status(broken: Sequence[Rule], judged: bool) -> Status:
    severities = {rule.severity for rule in broken}
    if Severity.ERROR in severities:
        return Status.FAIL
    if Severity.WARNING in severities:
        return Status.WARN
    return Status.PASS if judged or broken else Status.NOT_JUDGED


def _counts(session: Session, weights: Counter[Severity]) -> Counts:
    return Counts(
        legs=len(session.legs),
        audio_frames=sum(len(leg.frames) for leg in session.legs),
        upstream_messages=sum(len(leg.told) for leg in session.legs),
        downstream_messages=sum(len(leg.heard) for leg in session.legs),
        errors=weights[Severity.ERROR],
        warnings=weights[Severity.WARNING],
        advice=weights[Severity.ADVICE],
    )
