"""Laws of the Flux mock: whatever a client does and however it cuts its audio, the turns it hears are well-formed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.flux_options import FluxOptions
from harness.recording.flux_frames import from_flux_frames
from mock_server.connection import Action
from mock_server.faults.steps import SendText
from mock_server.flux.replay import FluxReplay
from mock_server.flux.script import FluxScript
from mock_server.flux.settings import FluxSettings
from mock_server.flux.synthesis import SynthesisedTurns
from mock_server.flux.thresholds import Thresholds
from mock_server.flux.turns import Saying
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.sources import RecordedSource, Source, SpokenSource
from mock_server.timeline import spoken

BYTES_PER_SECOND = 32_000
TOLERANCE_AUDIO_S = 1e-3
FRAMES = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "flux-preamble" / "frames.json"

texts = st.lists(
    st.sampled_from(["we", "the", "people,", "union.", "and", "why?", "liberty;", "yes.", "America"]), max_size=30
).map(" ".join)
thresholds = st.builds(
    Thresholds,
    eot=st.sampled_from([0.5, 0.6, 0.7, 0.9, 0.99, 1.0]),
    eager=st.sampled_from([None, 0.3, 0.4, 0.5]),
    timeout_ms=st.sampled_from([500, 1000, 5000]),
)
cuts = st.lists(st.integers(1, 4000), min_size=1, max_size=40)
"""Lengths of frames in milliseconds."""


@dataclass(frozen=True)
class Do:
    """One thing a client does: so many milliseconds of audio, or a text."""

    audio_ms: int = 0
    text: str = ""


def configure(**chosen: Any) -> Do:
    return Do(text=json.dumps({"type": "Configure", "thresholds": chosen}))


deeds = st.lists(
    st.one_of(
        st.integers(1, 3000).map(lambda ms: Do(audio_ms=ms)),
        st.integers(1, 200).map(lambda ms: Do(audio_ms=ms)),
        st.just(Do(text='{"type":"ForceEndTurn"}')),
        st.sampled_from([0.5, 0.7, 0.9, 1.0]).map(lambda eot: configure(eot_threshold=eot)),
        st.sampled_from([0.3, 0.5]).map(lambda eager: configure(eager_eot_threshold=eager)),
        st.sampled_from([500, 60_000]).map(lambda ms: configure(eot_timeout_ms=ms)),
    ),
    max_size=40,
)


def said(script: FluxScript, chosen: Thresholds, frames_ms: list[int], until_ms: int) -> list[Saying]:
    """What is said of so much audio, cut into these frames over and over."""
    replay = FluxReplay(script, chosen, lag_scale=0.0)
    sayings, cursor_ms, number = list[Saying](), 0, 0
    while cursor_ms < until_ms:
        cursor_ms = min(until_ms, cursor_ms + frames_ms[number % len(frames_ms)])
        number += 1
        sayings += [one for one in replay.receive_audio(cursor_ms / 1000, 0.0) if isinstance(one, Saying)]
    return sayings


def conversation(source: Source, query: FluxOptions, done: list[Do], lag_scale: float) -> Iterator[tuple[str, float]]:
    """Every text of a session in virtual time, with the seconds of audio sent when it was said."""
    journal = Journal("/v2/listen", query.to_query(), "2026-11-20T09:14:33.207Z", "laws", 0.0)
    connection = FluxConnection(
        query,
        Replies(always=source),
        "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091",
        journal,
        FluxSettings(lag_scale=lag_scale, max_speed=None),
        0.0,
    )

    def told(actions: list[Action]) -> Iterator[tuple[str, float]]:
        return ((action.text, connection.audio_s) for action in actions if isinstance(action, SendText))

    now_s = 0.0
    for deed in [*done, Do(text='{"type":"CloseStream"}')]:
        until_s = now_s + deed.audio_ms / 1000
        while (wakeup_s := connection.next_wakeup_s) is not None and wakeup_s <= until_s:
            now_s = max(now_s, wakeup_s)
            yield from told(connection.wake(now_s))
        now_s = until_s
        if deed.text:
            yield from told(connection.receive_text(deed.text, now_s))
        else:
            yield from told(connection.receive_binary(bytes(deed.audio_ms * BYTES_PER_SECOND // 1000), now_s))
    assert connection.closed


def check_turns(told: list[tuple[str, float]]) -> None:
    """The invariants of a Flux session."""
    messages = [json.loads(text) for text, _ in told]
    assert [message["sequence_id"] for message in messages] == list(range(len(messages)))
    assert messages[0]["type"] == "Connected"
    infos = [message for message in messages if message["type"] == "TurnInfo"]
    for before, after in pairwise(infos):
        ended = before["event"] == "EndOfTurn"
        assert after["turn_index"] == before["turn_index"] + ended
        begins_at_audio_s = before["audio_window_end"] if ended else before["audio_window_start"]
        assert after["audio_window_start"] == begins_at_audio_s
        assert after["audio_window_end"] >= before["audio_window_end"]
    for (_, audio_s), message in zip(told, messages, strict=True):
        # The last step is said at the close though its audio is not complete.
        assert message.get("audio_window_end", 0.0) <= audio_s + 0.08 + TOLERANCE_AUDIO_S
    for index in {message["turn_index"] for message in infos}:
        check_turn([message for message in infos if message["turn_index"] == index])


def check_turn(turn: list[dict[str, Any]]) -> None:
    eager: str | None = None
    started = False
    for message in turn:
        event, transcript = message["event"], message["transcript"]
        assert transcript == " ".join(word["word"] for word in message["words"])
        assert ("trigger" in message) <= (event == "EndOfTurn")
        assert transcript or event == "Update"
        match event:
            case "StartOfTurn":
                assert not started
                started = True
            case "EagerEndOfTurn":
                assert started
                assert eager is None
                eager = transcript
            case "TurnResumed":
                assert eager is not None
                eager = None
            case "EndOfTurn":
                assert started
                assert message is turn[-1]
                assert eager in (None, transcript)


@given(texts, thresholds, cuts)
def test_how_the_audio_is_cut_makes_no_difference(text: str, chosen: Thresholds, frames_ms: list[int]) -> None:
    script = SynthesisedTurns("law", spoken(text))

    assert said(script, chosen, frames_ms, 12_000) == said(script, chosen, [80], 12_000)


@given(texts, thresholds, deeds, st.sampled_from([0.0, 1.0, 20.0]))
def test_a_synthesised_session_is_well_formed_whatever_the_client_does(
    text: str, chosen: Thresholds, done: list[Do], lag_scale: float
) -> None:
    query = FluxOptions(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=16_000,
        eot_threshold=chosen.eot,
        eager_eot_threshold=chosen.eager,
        eot_timeout_ms=chosen.timeout_ms,
    )

    check_turns(list(conversation(SpokenSource("law", spoken(text)), query, done, lag_scale)))


@pytest.mark.skipif(not FRAMES.is_file(), reason="the folder shared/ does not lie beside the checkout")
@given(deeds, thresholds)
def test_the_real_session_stays_well_formed_whatever_the_client_does(done: list[Do], chosen: Thresholds) -> None:
    query = FluxOptions(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=16_000,
        eot_threshold=chosen.eot,
        eager_eot_threshold=chosen.eager,
        eot_timeout_ms=chosen.timeout_ms,
    )

    check_turns(
        list(conversation(RecordedSource("real", from_flux_frames(FRAMES.read_bytes(), "real")), query, done, 1.0))
    )


@given(texts, thresholds)
def test_without_an_eager_threshold_nothing_is_eager(text: str, chosen: Thresholds) -> None:
    plain = Thresholds(chosen.eot, None, chosen.timeout_ms)
    events = {saying.message.event for saying in said(SynthesisedTurns("law", spoken(text)), plain, [80], 12_000)}

    assert not events & {"EagerEndOfTurn", "TurnResumed"}


@given(texts, thresholds)
def test_every_word_is_said_in_exactly_one_turn(text: str, chosen: Thresholds) -> None:
    ending = Thresholds(min(chosen.eot, 0.9), chosen.eager, chosen.timeout_ms)
    sayings = said(SynthesisedTurns("law", spoken(text)), ending, [80], 30_000)
    ended = [saying.message.transcript for saying in sayings if saying.message.event == "EndOfTurn"]

    assert " ".join(ended).split() == text.split()
