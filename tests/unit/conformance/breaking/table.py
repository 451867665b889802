"""What the modules of this folder enter their sessions into: each under the rule that it breaks, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Make: TypeAlias = Callable[..., Any]
"""Makes an empty session (`talk` of the conftest)."""

Session: TypeAlias = Callable[[Make], Any]
"""The verdict on a session made with it."""


class Breaks(dict[str, Session]):
    """Sessions by the rule that they break: `@breaks("I1")` enters one."""

    def __call__(self, rule: str) -> Callable[[Session], Session]:
        def enter(session: Session) -> Session:
            assert rule not in self, rule
            self[rule] = session
            return session

        return enter
