"""What a rule is. To add one: write its check in the file of its family, and its row in `rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from harness.conformance.evidence import Leg, Session
from harness.conformance.findings import Blame, Family, Severity


class Hit(NamedTuple):
    """One place where a rule is broken.

    `at` indexes `Recording.entries`; None when no entry shows it. The leg and both clocks follow from it.
    """

    message: str
    at: int | None
    evidence: str = ""


Check: TypeAlias = Callable[[Session], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the rule table.

    Attributes:
        id: its short name; `I1` to `I15` are the invariants of a v1 session, `S-` other duties of a server, `C-` of a
            client, `P-` what a client made of the messages.
        family: what it is about.
        blame: whose fault a breach is.
        severity: how much a breach weighs.
        what: the rule in one line.
        source: the documentation page or public issue it comes from.
        check: finds the breaches; must take whatever a stranger's recording holds, and never raises.
        versions: the wire versions it holds for: 1 is `/v1/listen`, 2 is `/v2/listen`.
    """

    id: str
    family: Family
    blame: Blame
    severity: Severity
    what: str
    source: str
    check: Check
    versions: tuple[int, ...] = (1,)


def each_leg(check: Callable[[Leg], Iterable[Hit]]) -> Check:
    """Make a check of a session from a check of one leg."""

    def check_session(session: Session) -> Iterator[Hit]:
        for leg in session.legs:
            yield from check(leg)

    return check_session
