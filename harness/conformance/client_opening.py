"""Rules on how a client begins and keeps going: retries, first audio, waiting where nothing will come."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from itertools import groupby, pairwise

from harness.conformance.evidence import Leg, Session
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, plural, seconds
from harness.protocol.closing import Outcome, classify_status
from harness.recording.entries import Opened, Refused

_LONGEST_TURN_AUDIO_S = 0.5
"""Longer frames may meet one interim each by chance: Deepgram sends about one a second."""
_PACE_SLACK = 0.05
_FEW_FRAMES = 5
_FIRST_ANSWER_AUDIO_S = 1.0
"""Deepgram's first interim comes after about a second of audio; a client that waits for it sooner waits for ever."""
_LEAST_IN_TURN = 0.9


def refusals_end_the_attempts(session: Session) -> Iterator[Hit]:
    """C-RETRY: a refusal that will come again is not asked for again, and no other one at once.

    Three equal refusals that are final (400, 401, 402, 403, 404, 405), or three refusals of any kind less than 0.5 s
    apart. Source: livekit/agents #3519, #1520, #618; deepgram-python-sdk #726; deepgram-js-sdk #353.
    """
    attempts = sorted(
        (place for leg in session.legs for place in leg.places if isinstance(place.entry, Opened | Refused)),
        key=lambda place: place.at,
    )
    wanted = session.settings.refusals
    for status, run in groupby(attempts, key=lambda place: getattr(place.entry, "status", 0)):
        tries = [(place.at, place.entry) for place in run if isinstance(place.entry, Refused)]
        if len(tries) < wanted:
            continue
        hot = sum(b.wall_s - a.wall_s < session.settings.hot_retry_wall_s for (_, a), (_, b) in pairwise(tries))
        if classify_status(status) is Outcome.FATAL:
            message = f"The same upgrade was tried {len(tries)} times though HTTP {status} will not change."
            yield Hit(message, tries[-1][0], excerpt(tries[-1][1].headers.get("dg-error", "")))
        elif hot + 1 >= wanted:
            gap = seconds(session.settings.hot_retry_wall_s)
            message = f"HTTP {status} was answered by another try within {gap}, {plural(hot, 'time')}; wanted backoff."
            yield Hit(message, tries[-1][0])


def audio_comes_in_time(leg: Leg) -> Iterator[Hit]:
    """C-FIRST-AUDIO: audio begins within 10 s of the upgrade; KeepAlive does not stand in for it.

    A client that sends nothing at all is left to C-GREETING. Source: docs, «Audio Keep Alive»;
    deepgram-dotnet-sdk #131, #133.
    """
    if leg.opened is None or (leg.asked_to_close is not None and not leg.frames):
        return
    at, opened = leg.opened
    limit_s = leg.settings.first_audio_wall_s
    if leg.frames:
        waited_s = leg.frames[0].wall_s - opened.wall_s
        if waited_s > limit_s:
            message = f"The first audio came {seconds(waited_s)} after the upgrade; wanted within {seconds(limit_s)}."
            yield Hit(message, leg.frames[0].at)
    elif leg.told and leg.last_wall_s is not None and leg.last_wall_s - opened.wall_s > limit_s:
        waited_s = leg.last_wall_s - opened.wall_s
        message = (
            f"No audio came in {seconds(waited_s)}, only {plural(len(leg.told), 'text frame')}; audio is wanted within "
            f"{seconds(limit_s)}."
        )
        yield Hit(message, at)


def no_greeting_is_waited_for(leg: Leg) -> Iterator[Hit]:
    """C-GREETING: a client does not wait for a first message: `/v1/listen` says nothing before audio.

    Found when a leg lasted 2 s or more and the client never sent anything. Source: hyperwhisper #100, #101.
    """
    if leg.opened is None or leg.end is None or leg.binaries or leg.told:
        return
    waited_s = leg.end[1].wall_s - leg.opened[1].wall_s
    if waited_s >= leg.settings.greeting_wall_s:
        yield Hit(
            f"The client sent nothing in {seconds(waited_s)} until the connection ended; it may wait for a greeting, "
            f"and /v1/listen has none.",
            leg.end[0],
        )


def sending_does_not_wait_for_replies(leg: Leg) -> Iterator[Hit]:
    """C-REPLY-LOOP: audio does not wait for an answer to the audio before it.

    Answers come about once a second and none is owed to a frame. Two marks: frames and messages in strict turn, off the
    pace of the audio; or audio that stops after a few frames, before any answer could be due. Source: hyperwhisper
    #101; docs, «Interim Results».
    """
    looping = _alternation(leg)
    if looping:
        yield looping
        return
    frames = leg.frames
    if (
        not 0 < len(frames) <= _FEW_FRAMES
        or not 0 < leg.sent_audio_s < _FIRST_ANSWER_AUDIO_S
        or leg.asked_to_close is not None
    ):
        return
    heard = [message for message in leg.heard if leg.end is None or message.at < leg.end[0]]
    waited_s = (leg.last_wall_s or 0.0) - frames[-1].wall_s
    if not heard and waited_s >= leg.settings.reply_wait_wall_s:
        yield Hit(
            f"The client waits for a reply after each send: after {plural(len(frames), 'frame')} "
            f"({seconds(leg.sent_audio_s)} of audio) it sent no more for {seconds(waited_s)}, while no answer was due.",
            frames[-1].at,
        )


def _alternation(leg: Leg) -> Hit | None:
    frames = [frame for frame in leg.frames if leg.asked_to_close is None or frame.at < leg.asked_to_close]
    audio_s = sum(frame.audio_s for frame in frames)
    if len(frames) < leg.settings.reply_loop_frames or not 0 < audio_s / len(frames) <= _LONGEST_TURN_AUDIO_S:
        return None
    replies = [heard.at for heard in leg.heard]
    in_turn = sum(bisect(replies, b.at) - bisect(replies, a.at) == 1 for a, b in pairwise(frames))
    wall_s = frames[-1].wall_s - frames[0].wall_s
    wanted_s = (audio_s - frames[-1].audio_s) / leg.settings.speed_factor
    on_pace = wanted_s > 0 and abs(wall_s - wanted_s) <= _PACE_SLACK * wanted_s
    if on_pace or in_turn < _LEAST_IN_TURN * (len(frames) - 1):
        return None
    return Hit(
        f"The client waits for a reply after each send: {in_turn:,} of {plural(len(frames) - 1, 'frame')} were "
        f"followed by just one message before the next, and {seconds(audio_s)} of audio took {seconds(wall_s)}.",
        frames[0].at,
    )
