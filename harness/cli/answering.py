"""Gives a case a server: its own mock with the replies the case asks for, or the one that `--url` names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from harness.audio.decode import Audio, read_audio
from harness.cases import Case, RepliesFrom
from harness.client.endpoint import Endpoint
from harness.errors import BadInput
from harness.runner import Answering
from harness.timeline import Provoked
from mock_server import loading
from mock_server.behaviour import PROCESSING_SPEED, ConnectionSettings
from mock_server.faults.base import Fault
from mock_server.faults.notation import parse_fault
from mock_server.faults.when import HANDSHAKE, Firing
from mock_server.library import Known, Replies
from mock_server.recogniser.source import RecognisedReplies
from mock_server.server import MockServer
from mock_server.settings import ServerSettings
from mock_server.sources import RecordedSource, SpokenSource
from mock_server.timeline import Phrase

MOCK_KEY = "dgharness"


@asynccontextmanager
async def answering(
    case: Case, elsewhere: Endpoint | None, seed: int | None, recognised: RecognisedReplies | None = None
) -> AsyncIterator[Answering]:
    """A server that answers one case, for as long as the case runs.

    Args:
        case: which one.
        elsewhere: the server at `--url`; None makes a mock.
        seed: of all chance in the mock; None is the case's own.
        recognised: a recogniser, which answers instead of what the case names.

    Raises:
        BadInput: the case wants the server at `--url` and there is none, its recording cannot be used, or it has
            faults that are none, or that a server at `--url` cannot be made to have.
    """
    faults = faults_of(case)
    if elsewhere is not None:
        if faults:
            raise BadInput(f"{case.path}: [[faults]] are the mock's own; wanted none with --url {elsewhere.host}")
        yield Answering(elsewhere, f"the server at {elsewhere.host}", None)
        return
    if recognised is not None:
        replies: Replies = recognised
        described, synthetic = recognised.source.describe(), False
    else:
        if case.replies.kind is RepliesFrom.SERVER:
            raise BadInput(
                f"{case.path}: replies come from a server; name it with --url, or a recogniser with --engine"
            )
        known, replies = await asyncio.to_thread(_replies_of, case)  # decodes; other cases are being streamed
        described, synthetic = known.source.describe(), known.source.synthetic
    # A case that is sent faster than the live service transcribes is not about how long that takes.
    max_speed = None if case.speed.factor > PROCESSING_SPEED else PROCESSING_SPEED
    behaviour = ConnectionSettings(max_speed=max_speed)
    settings = ServerSettings(seed=case.seed if seed is None else seed, faults=faults, connection=behaviour)
    async with MockServer(replies, settings) as server:
        endpoint = Endpoint(f"ws://127.0.0.1:{server.port}", MOCK_KEY)
        yield Answering(endpoint, described, synthetic, lambda: [_provoked(one) for one in server.reception.runs.fired])


def _provoked(firing: Firing) -> Provoked:
    text = f"fault {firing.kind}: {firing.what}"
    return Provoked(firing.leg, firing.wall_s, firing.audio_s, text, at_handshake=firing.what == HANDSHAKE)


def _replies_of(case: Case) -> tuple[Known, Replies]:
    known = known_for(case)
    # By its audio, as any client's stream is recognised; where that cannot be, it answers whatever comes.
    return known, Replies([known], always=None if known.is_told_by_its_audio else known.source)


def faults_of(case: Case) -> tuple[Fault, ...]:
    """What a case wants to go wrong.

    Raises:
        BadInput: a table of its `[[faults]]` is no fault; the sentence names the file and which one.
    """
    faults = []
    for number, table in enumerate(case.faults, start=1):
        try:
            faults.append(parse_fault(table))
        except BadInput as error:
            raise BadInput(f"{case.path}: [[faults]] {number}: {error}") from None
    return tuple(faults)


def known_for(case: Case) -> Known:
    """What answers a case, with the case's audio to recognise it by.

    Raises:
        BadInput: a file cannot be used.
    """
    audio = read_audio(case.audio, segment=case.segment)
    if case.replies.kind is RepliesFrom.RECORDING:
        return replace(_recorded(case), audio=audio)
    return Known(_scripted(case, audio), audio=audio)


def _scripted(case: Case, audio: Audio) -> SpokenSource:
    reference = case.reference
    assert reference is not None  # a case whose replies are scripted has one: it is checked when it is read
    phrases = [Phrase(p.text, p.start_audio_s, p.end_audio_s, p.channel) for p in reference.phrases]
    return SpokenSource(
        name=case.name,
        timeline=loading.timeline_of(reference.text, phrases, reference.channels, audio.duration_audio_s),
        streaming_error_rate=case.replies.streaming_error_rate,
        prerecorded_error_rate=case.replies.prerecorded_error_rate,
        seed=case.replies.seed,
    )


def _recorded(case: Case) -> Known:
    replies = case.replies
    session = _session(Path(replies.recording)) if replies.recording else None
    response = loading.from_response(Path(replies.prerecorded)) if replies.prerecorded else None
    if session is None or response is None:
        known = session or response
        assert known is not None  # checked when the case is read
        return known
    assert isinstance(session.source, RecordedSource)
    assert isinstance(response.source, RecordedSource)
    return replace(response, source=replace(session.source, response=response.source.response))


def _session(path: Path) -> Known:
    """A recorded session; one of Flux may also be the JSON of its frames that Deepgram's .NET SDK keeps."""
    if path.suffix != loading.RESPONSE_ENDING:
        return loading.from_recording(path)
    (known,) = loading.load_known([path])
    if not isinstance(known.source, RecordedSource) or known.source.recording is None:
        raise BadInput(f"{path}: is a pre-recorded response; wanted a recorded session, or the key prerecorded for it")
    return known
