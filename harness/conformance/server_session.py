"""Rules on how the server leads a session: identity, order of messages, what was asked for, the end."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.evidence import Leg
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, plural, seconds
from harness.protocol.closing import NORMAL
from harness.protocol.messages import (
    Error,
    Finalize,
    MalformedMessage,
    Metadata,
    Results,
    SpeechStarted,
    UnknownMessage,
    UtteranceEnd,
)
from harness.recording.entries import Binary, Close, Direction


def messages_parse(leg: Leg) -> Iterator[Hit]:
    """I1: every message parses and has a `type`. Source: Deepgram's AsyncAPI description of `/v1/listen`."""
    for heard in leg.heard:
        match heard.message:
            case MalformedMessage(type=None, problem=problem):
                yield Hit(f"A message cannot be read: {excerpt(problem)}.", heard.at, excerpt(heard.entry.text))
            case MalformedMessage(type=kind, problem=problem):
                yield Hit(f"A {kind} is misshapen: {excerpt(problem)}.", heard.at, excerpt(heard.entry.text))
            case UnknownMessage(type=None):
                yield Hit("A message has no string type.", heard.at, excerpt(heard.entry.text))


def request_id_is_one(leg: Leg) -> Iterator[Hit]:
    """I2: one `request_id` in all Results and Metadata, the same as `dg-request-id` of the upgrade.

    Each other id is told once. Source: captures; rust-sdk, which parses the header as a UUID.
    """
    wanted = leg.opened[1].headers.get("dg-request-id") if leg.opened else None
    told: set[str] = set()
    for heard in leg.heard:
        match heard.message:
            case Results(metadata=metadata):
                found = metadata.request_id
            case Metadata(request_id=found):
                pass
            case _:
                continue
        wanted = found if wanted is None else wanted
        if found != wanted and found not in told:
            told.add(found)
            yield Hit(f"A message has request_id {excerpt(found)}; this connection's is {excerpt(wanted)}.", heard.at)


def upgrade_names_the_request(leg: Leg) -> Iterator[Hit]:
    """S-REQUEST-ID: the 101 answer carries `dg-request-id`; the Rust SDK refuses a connection without it.

    Source: capture in deepgram-js-sdk #301; rust-sdk.
    """
    if leg.opened and "dg-request-id" not in leg.opened[1].headers:
        found = ", ".join(sorted(leg.opened[1].headers)) or "no headers"
        yield Hit("The upgrade was answered without a dg-request-id header.", leg.opened[0], excerpt(found))


def server_sends_text_only(leg: Leg) -> Iterator[Hit]:
    """S-BINARY: the server never sends a binary frame on listen. Source: spec-mock-go-sdk."""
    for at, entry in leg.of(Binary):
        if entry.direction is Direction.DOWNSTREAM:
            yield Hit(f"The server sent a binary frame of {plural(entry.size, 'byte')}; listen answers in text.", at)


def nothing_before_the_client(leg: Leg) -> Iterator[Hit]:
    """S-GREETING: on v1 nothing is sent after the upgrade until the client has sent something.

    Flux says `Connected` at once, v1 does not; a client tested against a greeting waits for it for ever in production.
    An Error is exempt: it announces the close of a client that stayed silent.
    Source: hyperwhisper #100, #101.
    """
    first = min((at for at, _ in leg.upstream), default=None)
    for heard in leg.heard[:1]:
        if (first is None or heard.at < first) and not isinstance(heard.message, Error):
            kind = getattr(heard.message, "type", None) or type(heard.message).__name__
            yield Hit(
                f"The server sent {kind} before the client had sent anything; /v1/listen has no greeting.",
                heard.at,
                excerpt(heard.entry.text),
            )


def metadata_is_last(leg: Leg) -> Iterator[Hit]:
    """I7: Metadata comes once, and no message after it. Source: docs, «Close Stream»; captures."""
    if leg.metadata is None:
        return
    at, _ = leg.metadata
    later = [heard for heard in leg.heard if heard.at > at]
    if later:
        kinds = ", ".join(dict.fromkeys(type(heard.message).__name__ for heard in later))
        yield Hit(f"{plural(len(later), 'message')} ({kinds}) came after Metadata, which is the last.", later[0].at)


def events_were_asked_for(leg: Leg) -> Iterator[Hit]:
    """I11: SpeechStarted only with `vad_events`, UtteranceEnd only with `utterance_end_ms`.

    Told once for each. Source: docs, «Speech Started» and «Utterance End».
    """
    unasked: dict[type, str] = {}
    if not leg.asked.is_on("vad_events"):
        unasked[SpeechStarted] = "vad_events=true"
    if leg.asked.get("utterance_end_ms") is None:
        unasked[UtteranceEnd] = "utterance_end_ms"
    for heard in leg.heard:
        option = unasked.pop(type(heard.message), None)
        if option is not None:
            yield Hit(f"{type(heard.message).__name__} came though {option} was not asked for.", heard.at)


def from_finalize_follows_finalize(leg: Leg) -> Iterator[Hit]:
    """I12: `from_finalize` is true only after a Finalize. Source: docs, «Finalize»."""
    asked_at = min((told.at for told in leg.told if isinstance(told.message, Finalize)), default=None)
    for heard, results in leg.results:
        if results.from_finalize and (asked_at is None or heard.at < asked_at):
            yield Hit("A message has from_finalize true though no Finalize was sent before it.", heard.at)


def metadata_before_normal_close(leg: Leg) -> Iterator[Hit]:
    """I14: a close with 1000 in answer to CloseStream comes after Metadata.

    Not judged with `callback`, where nothing is answered on the socket. Source: docs, «Close Stream».
    """
    if leg.asked_to_close is None or leg.end is None or leg.asked.get("callback"):
        return
    at, end = leg.end
    answered = isinstance(end, Close) and end.direction is Direction.DOWNSTREAM and end.code == NORMAL
    if answered and at > leg.asked_to_close and (leg.metadata is None or leg.metadata[0] > at):
        yield Hit("The server closed with 1000 after CloseStream without sending Metadata.", at)


def metadata_counts_the_audio(leg: Leg) -> Iterator[Hit]:
    """S-DURATION: `Metadata.duration` is the seconds of audio received, within one frame and 0.1 s.

    Pauses do not count, wall time never does. A duration of 0 is left to C-UNDECODED. Source: Python SDK #427; docs,
    «Close Stream».
    """
    if leg.metadata is None or leg.typical_audio_s is None:
        return
    at, metadata = leg.metadata
    end = at if leg.asked_to_close is None else leg.asked_to_close
    sent_s = sum(frame.audio_s for frame in leg.frames if frame.at < end)
    slack_s = leg.settings.segment_slack_s + leg.typical_audio_s
    if metadata.duration != 0 and not abs(metadata.duration - sent_s) <= slack_s:
        yield Hit(f"Metadata says {seconds(metadata.duration)} of audio; {seconds(sent_s)} had been sent.", at)
