"""Draws what goes wrong: seeded fault schedules that a client with a sufficient buffer must survive unharmed.

Only harm that TCP and a server can do is drawn, and only as much of it as the client's attempts allow. Messages that
are tampered with (dropped, cut short, reordered finals) are left out: a client cannot know what it was never told.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

from mock_server.faults.base import Fault
from mock_server.faults.notation import parse_fault_text

MOST_FAULTS: Final = 4
MOST_LEGS: Final = 3


def _lost_interim(rng: Random) -> str:
    return f"drop message=interim nth={rng.randint(1, 6)}"


def _no_metadata(rng: Random) -> str:
    return "no-metadata"


Kinds: TypeAlias = tuple[Callable[[Random], str], ...]

LISTEN_KINDS: Final[Kinds] = (
    lambda rng: "reset",
    lambda rng: "fin",
    lambda rng: f"close code={rng.choice((1001, 1011, 1012, 1013, 4000))}",
    lambda rng: f"stall direction={_direction(rng)} duration_s={rng.uniform(0.2, 8.0):.2f}",
    lambda rng: "black-hole",
    lambda rng: f"slow-reader bytes_per_s={rng.choice((24_000, 36_000, 48_000))}",
    lambda rng: f"latency by_s={rng.uniform(0.05, 1.0):.2f} jitter_s={rng.uniform(0.0, 0.3):.2f}",
    lambda rng: f"duplicate message={rng.choice(('interim', 'final'))} nth={rng.randint(1, 4)}",
    lambda rng: (
        f"delay message={rng.choice(('interim', 'final'))} nth={rng.randint(1, 4)} by_s={rng.uniform(0.1, 2):.2f}"
    ),
    _lost_interim,
    lambda rng: f"split message=final nth={rng.randint(1, 3)} fragments={rng.randint(2, 5)}",
    _no_metadata,
)
FLUX_KINDS: Final[Kinds] = tuple(kind for kind in LISTEN_KINDS if kind not in (_lost_interim, _no_metadata))
"""Those of `/v1/listen` but two. There is no Metadata on Flux to be left out. And no interim may be lost: the last one
of a turn that is open when the audio ends is all that ever says its words, as a dropped final would be.

Nor is a close without a code drawn, though Flux ends so: after CloseStream it is the sign that all was said, and no
client could tell a server that broke off with it from one that was done.
"""


def draw(rng: Random, duration_audio_s: float, kinds: Kinds = LISTEN_KINDS) -> tuple[Fault, ...]:
    """One schedule for audio of this length."""
    faults = [_harm(rng, duration_audio_s, kinds) for _ in range(rng.randint(1, MOST_FAULTS))]
    if rng.random() < 0.3:
        faults.append(_refusal(rng))
    return tuple(faults)


def _harm(rng: Random, duration_audio_s: float, kinds: Kinds) -> Fault:
    text = rng.choice(kinds)(rng)
    leg = rng.randrange(MOST_LEGS)
    if "message=" not in text and text != "no-metadata":
        text += f" at_audio_s={rng.uniform(0.0, duration_audio_s):.3f}"
    return parse_fault_text(f"{text} leg={leg} times=1")


def _refusal(rng: Random) -> Fault:
    status = rng.choice((429, 500, 502, 503, 504))
    wait = f" retry_after_s={rng.randint(1, 3)}" if status == 429 else ""
    return parse_fault_text(f"refuse status={status}{wait} times={rng.randint(1, 2)} leg={rng.randrange(MOST_LEGS)}")


def _direction(rng: Random) -> str:
    return rng.choice(("upstream", "downstream", "both"))
