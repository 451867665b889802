"""When to try again: full jitter under a growing cap, a bound on attempts and on time, and `Retry-After` obeyed.

Source: Deepgram's reconnecting examples (Python example 17, JavaScript example 41) for 1 s, 10 s and 5 attempts;
M. Brooker, «Exponential Backoff And Jitter», AWS Architecture Blog 2015, for full jitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class ReconnectPolicy:
    """How stubbornly to come back.

    Attributes:
        first_s: upper bound of the first wait; it doubles with each attempt.
        cap_s: upper bound of any wait that the server did not ask for.
        attempts: tries in a row without a session that made anything final.
        budget_s: seconds of waiting in a row after which to give up; None for no bound.
    """

    first_s: float = 1.0
    cap_s: float = 10.0
    attempts: int = 5
    budget_s: float | None = 60.0


NEVER = ReconnectPolicy(attempts=0)
"""One connection, come what may."""


class Backoff:
    """The waits of one outage after the other.

    Args:
        policy: the bounds.
        rng: of the run's seed; it draws the jitter.
    """

    def __init__(self, policy: ReconnectPolicy, rng: Random) -> None:
        self._policy, self._rng = policy, rng
        self._tries = 0
        self._waited_s = 0.0

    def worked(self) -> None:
        """The session made something final: the next outage starts afresh."""
        self._tries, self._waited_s = 0, 0.0

    def next_wait_s(self, retry_after_s: float | None = None) -> float | None:
        """Seconds to wait before the next try; None when the bounds are reached.

        Args:
            retry_after_s: what the server asked for; a lower bound, and it may exceed the cap.
        """
        policy = self._policy
        if self._tries >= policy.attempts:
            return None
        bound_s = min(policy.cap_s, policy.first_s * 2.0 ** min(self._tries, 64))
        wait_s = max(self._rng.uniform(0.0, bound_s), retry_after_s or 0.0)
        if policy.budget_s is not None and self._waited_s + wait_s > policy.budget_s:
            return None
        self._tries += 1
        self._waited_s += wait_s
        return wait_s
