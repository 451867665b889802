"""Runs one case against an endpoint: streams it, posts it, judges the session, scores both transcripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from harness.audio.decode import Audio, encode, read_audio, wav_bytes
from harness.audio.format import AudioFormat
from harness.cases import Case
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import PrerecordedOutcome, transcribe
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.conformance.findings import Severity, Verdict
from harness.conformance.judge import judge
from harness.conformance.settings import ClientClaim, JudgeSettings
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.query_options import flux_options, for_file, listen_options
from harness.recording.document import Recording
from harness.recording.entries import Header
from harness.results import (
    CaseResult,
    Check,
    Outcome,
)
from harness.scoring.normalize import Normalizer, normalizer
from harness.session_results import (
    Scored,
    causes_of,
    channel_texts,
    score_texts,
    summarise_post,
    summarise_stream,
    texts_of,
)
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.notes import Observer, StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.timeline import Provoked, timeline_of

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Answering:
    """Who answers a case.

    Attributes:
        endpoint: the server.
        replies: where its words come from.
        synthetic: whether they are made up; None when that is not known.
        provoked: the faults that it has had by now; none where it is not ours to ask.
    """

    endpoint: Endpoint
    replies: str
    synthetic: bool | None
    provoked: Callable[[], Sequence[Provoked]] = tuple


@dataclass(frozen=True)
class CaseRun:
    """A case's result, and what is too large for it; `answer` is the literal pre-recorded response, if one came."""

    result: CaseResult
    recording: Recording
    audio: bytes
    answer: bytes | None
    interrupted: bool


@dataclass(frozen=True)
class Prepared:
    """A case, ready to be sent.

    Attributes:
        case: which one.
        audio: its samples.
        file: what is posted.
        container: of that file.
        options: of the stream.
        to_send: what is streamed; it can be sent once.
        settings: how.
        normalise: what transcripts are scored under.
    """

    case: Case
    audio: Audio
    file: bytes
    container: str
    options: ListenOptions | FluxOptions
    to_send: AudioToSend
    settings: StreamSettings
    normalise: Normalizer


@dataclass(frozen=True)
class Exchanged:
    """What went to and fro.

    Attributes:
        streamed: the stream's.
        posted: the file's; None if the stream was interrupted, for nothing was posted then.
        provoked: the faults that the stream met.
    """

    streamed: StreamOutcome
    posted: PrerecordedOutcome | None
    provoked: Sequence[Provoked]

    @property
    def interrupted(self) -> bool:
        """Whether it was cancelled before it had ended."""
        return self.posted is None or self.posted.failure == INTERRUPTED


async def run_case(
    case: Case,
    answering: Answering,
    *,
    tool: str,
    observer: Observer | None = None,
    on_header: Callable[[Header], None] | None = None,
) -> CaseRun:
    """Carry out one case: `prepare`, `exchange`, `conclude`. Nothing else gets its turn while it is scored.

    Raises:
        BadInput: its audio cannot be read, or its options or normaliser are no such things.
    """
    prepared = prepare(case, read_audio(case.audio, segment=case.segment), case.audio.read_bytes())
    exchanged = await exchange(prepared, answering, tool=tool, observer=observer, on_header=on_header)
    return conclude(prepared, answering, exchanged)


def prepare(case: Case, audio: Audio, file: bytes) -> Prepared:
    """Make of a case what is sent.

    Args:
        case: which one.
        audio: its audio, decoded: the part of it that the case is of.
        file: the whole file, as it is.

    Raises:
        BadInput: its options or normaliser are no such things.
    """
    fmt = case.audio_format(audio.channels)
    options = flux_options(case.options, fmt) if case.flux else listen_options(case.options, fmt)
    normalise = normalizer(case.normalizer)
    sent = to_send(audio, fmt, case.audio.name)
    posted, container = (file, audio.container) if case.segment is None else (_as_wav(audio), "wav")
    return Prepared(case, audio, posted, container, options, sent, stream_settings(case), normalise)


async def exchange(
    prepared: Prepared,
    answering: Answering,
    *,
    tool: str,
    observer: Observer | None = None,
    on_header: Callable[[Header], None] | None = None,
) -> Exchanged:
    """Stream it, then post it; what was received stays when this is cancelled."""
    streamed = await stream(
        answering.endpoint,
        prepared.options,
        prepared.to_send,
        prepared.settings,
        tool=tool,
        observer=observer,
        on_header=on_header,
        replies=answering.replies,
        synthetic=answering.synthetic,
    )
    provoked = answering.provoked()  # before the file is posted: it meets faults of its own
    if streamed.interrupted:
        return Exchanged(streamed, None, provoked)
    options = for_file(prepared.options)
    posted = await _post(answering.endpoint, options, prepared.file, prepared.container)
    return Exchanged(streamed, posted, provoked)


def conclude(prepared: Prepared, answering: Answering, exchanged: Exchanged) -> CaseRun:
    """Judge, measure and score what came; of a long document this takes seconds."""
    case, normalise = prepared.case, prepared.normalise
    streamed, posted = exchanged.streamed, exchanged.posted
    verdict = judge_stream(streamed, prepared.settings)
    result = CaseResult(
        name=case.name,
        outcome=Outcome.PASS,
        audio=case.audio.name,
        reference=case.reference.text if case.reference else None,
        replies=answering.replies,
        synthetic=answering.synthetic,
        streamed=summarise_stream(
            streamed,
            # A session that was not completed is no measure of what was heard.
            score_texts(case.reference, texts_of(streamed.transcript), normalise)
            if streamed.failure is None
            else Scored(),
            normalise,
            channel_texts(case.reference),
        ),
        prerecorded=summarise_post(posted, case.reference, normalise) if posted is not None else None,
        verdict=verdict,
        causes=causes_of(case.reference, streamed, posted.response if posted is not None else None, normalise),
        timeline=timeline_of(streamed.recording, streamed.ledger, prepared.audio, verdict, exchanged.provoked),
    )
    body = posted.body if posted is not None and posted.response is not None else None
    return CaseRun(
        _judged(result, case, streamed.ledger_problems()),
        streamed.recording,
        streamed.audio,
        body,
        exchanged.interrupted,
    )


def stream_settings(case: Case) -> StreamSettings:
    """How a case wants to be streamed."""
    wanted = case.stream
    return StreamSettings(
        chunk_ms=case.chunk_ms,
        speed=case.speed,
        finalize=wanted.finalize,
        reconnect=ReconnectPolicy(attempts=wanted.reconnect),
    )


def _as_wav(audio: Audio) -> bytes:
    return wav_bytes(audio.samples, AudioFormat(sample_rate=audio.sample_rate, channels=audio.channels))


async def _post(endpoint: Endpoint, options: ListenOptions, data: bytes, container: str) -> PrerecordedOutcome:
    """Post the file; what was streamed before stays when this is cancelled."""
    try:
        return await transcribe(endpoint, options, data, container)
    except asyncio.CancelledError:
        return PrerecordedOutcome(None, b"", 0.0, INTERRUPTED)


def to_send(audio: Audio, fmt: AudioFormat, source: str) -> AudioToSend:
    """Decoded audio as raw bytes to stream; a header never reaches a stream that is declared raw."""
    data = encode(audio, fmt)

    async def blocks() -> AsyncIterator[bytes]:
        yield data

    return AudioToSend(blocks(), fmt, source)


def judge_stream(streamed: StreamOutcome, settings: StreamSettings) -> Verdict:
    """The verdict on our own session, with what we claim of it."""
    channels = streamed.transcript.channels
    claim = ClientClaim(
        chunk_ms=settings.chunk_ms,
        transcript=" ".join(filter(None, (streamed.transcript.text(channel) for channel in channels))),
        error=streamed.failure,
    )
    return judge(
        streamed.recording, claim, JudgeSettings(speed=settings.speed), lead_bytes=streamed.audio[:256] or None
    )


def _judged(result: CaseResult, case: Case, ledger_problems: list[str]) -> CaseResult:
    """The result with its checks made and its outcome decided."""
    checks = tuple(_checks(result, case))
    failures = [part.failure for part in (result.streamed, result.prerecorded) if part and part.failure]
    missed = [f"{c.name} is {_shown(c.found)}; allowed is {c.allowed:g}" for c in checks if not c.passed]
    verdict = result.verdict
    errors = [f.message for f in verdict.findings if f.severity is Severity.ERROR] if verdict else []
    errors += [f"ledger: {problem}" for problem in ledger_problems]
    outcome = Outcome.ERROR if failures else Outcome.FAIL if missed or errors else Outcome.PASS
    # What was missed by a case that could not be carried through only follows from that.
    reasons = failures or [*missed, *errors]
    return msgspec.structs.replace(result, outcome=outcome, checks=checks, reasons=tuple(reasons))


def _checks(result: CaseResult, case: Case) -> Iterator[Check]:
    limits, streamed, verdict = case.thresholds, result.streamed, result.verdict
    scores = {"streaming": streamed, "prerecorded": result.prerecorded}
    found: dict[str, float | None] = {
        "first_interim_wall_s": streamed.first_interim_wall_s if streamed else None,
        "drift_s": abs(streamed.pacing.drift_s) if streamed and streamed.pacing else None,
        "verdict_warnings": verdict.counts.warnings if verdict else None,
    }
    for side, part in scores.items():
        found[f"{side}_wer"] = part.score.words.rate if part and part.score else None
        found[f"{side}_cer"] = part.score.characters.rate if part and part.score else None
    for name, value in found.items():
        allowed = getattr(limits, name)
        if allowed is not None:
            yield Check(name=name, found=value, allowed=allowed, passed=value is not None and value <= allowed)


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"
