"""Looks written by hand, and the real session beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.protocol.flux_messages import FluxWord, TurnInfo
from harness.protocol.flux_options import FluxOptions, parse_flux_query
from harness.recording.document import Recording
from harness.recording.flux_frames import from_flux_frames
from mock_server import loading
from mock_server.flux.replay import FluxReplay, Queued
from mock_server.flux.script import FluxScript, Look
from mock_server.flux.settings import FluxSettings
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Saying
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.sources import Source
from tests.unit.mock_server_flux.talk import QUERY, REQUEST_ID, Talk, TalkTo

REAL_AUDIO_S = 22.02
"""The file's 19.22 s and the 2.8 s of silence that were sent after it."""


@dataclass(frozen=True)
class Written:
    """A script that is just its looks."""

    written: tuple[Look, ...]
    name: str = "written"

    def looks(self, from_audio_s: float = 0.0) -> Iterator[Look]:
        return (look for look in self.written if look.at_audio_s > from_audio_s)


@pytest.fixture(scope="session")
def look() -> Callable[..., Look]:
    """A look whose words of a quarter of a second each end where they are said to."""

    def make(at_audio_s: float, text: str = "", confidence: float = 0.05, *, words_end: float | None = None) -> Look:
        tokens = text.split()
        end = at_audio_s if words_end is None else words_end
        starts = [end - 0.25 * (len(tokens) - index) for index in range(len(tokens))]
        words = tuple(
            FluxWord(word=token, confidence=0.9, start=round(start, 4), end=round(start + 0.25, 4))
            for token, start in zip(tokens, starts, strict=True)
        )
        return Look(at_audio_s, words, confidence)

    return make


@pytest.fixture(scope="session")
def frames(shared: Path) -> list[str]:
    """The frames of the real session, in order."""
    session = json.loads((shared / "recordings" / "flux-preamble" / "frames.json").read_text())
    listed: list[str] = session["frames"]
    return listed


@pytest.fixture(scope="session")
def real(shared: Path) -> Recording:
    """The real session."""
    return from_flux_frames((shared / "recordings" / "flux-preamble" / "frames.json").read_bytes(), "frames.json")


@pytest.fixture(scope="session")
def heard() -> Callable[..., list[TurnInfo]]:
    """What is said while so much audio comes in frames of one length, with no lag."""

    def run(
        script: FluxScript, until_audio_s: float, thresholds: Thresholds | None = None, *, frame_audio_s: float = 0.08
    ) -> list[TurnInfo]:
        replay = FluxReplay(script, thresholds or Thresholds(), lag_scale=0.0)
        said: list[Queued] = []
        for number in range(1, round(until_audio_s / frame_audio_s) + 1):
            said += replay.receive_audio(number * frame_audio_s, 0.0)
        return [queued.message for queued in said if isinstance(queued, Saying)]

    return run


@pytest.fixture(scope="session")
def written() -> type[Written]:
    """A script of looks."""
    return Written


@pytest.fixture
def talk_to() -> TalkTo:
    """Connect to a server that hears this text, or this source, in whatever is sent."""

    def connect(
        said: str | Source | Replies = "Hello there, how are you today? I am fine.",
        query: str = QUERY,
        settings: FluxSettings | None = None,
        legs: Legs | None = None,
    ) -> Talk:
        options = parse_flux_query(query)
        assert isinstance(options, FluxOptions), options
        source = loading.say(said) if isinstance(said, str) else said
        replies = source if isinstance(source, Replies) else Replies(always=source)
        journal = Journal("/v2/listen", query, "2026-11-20T09:14:33.207Z", "dgharness test", 0.0)
        chosen = settings or FluxSettings()
        return Talk(FluxConnection(options, replies, REQUEST_ID, journal, chosen, 0.0, legs=legs, client="client"))

    return connect
