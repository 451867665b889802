"""Runs one case against an endpoint: streams it, posts it, judges the session, scores both transcripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace

import msgspec

from harness.audio.decode import Audio, encode, read_audio
from harness.audio.format import AudioFormat
from harness.cases import Case, Reference
from harness.client.endpoint import Endpoint
from harness.client.prerecorded import PrerecordedOutcome, transcribe
from harness.client.streaming import stream
from harness.client.streams import AudioToSend
from harness.conformance.findings import Severity, Verdict
from harness.conformance.judge import judge
from harness.conformance.settings import ClientClaim, JudgeSettings
from harness.errors import BadInput
from harness.protocol.codec import decode_server
from harness.protocol.flux_codec import decode_flux_server
from harness.protocol.flux_options import FluxOptions, declared_flux_options
from harness.protocol.listen_options import ListenOptions, read_pairs
from harness.protocol.messages import Results
from harness.protocol.parameters import Endpoint as PathEndpoint
from harness.protocol.prerecorded import PrerecordedResponse
from harness.protocol.refusal import Refusal
from harness.recording.document import Recording
from harness.recording.entries import Direction, End, Header, Text
from harness.results import (
    AlignedRun,
    CaseResult,
    Causes,
    Check,
    Delay,
    Gap,
    Outage,
    Outcome,
    Pacing,
    Prerecorded,
    Score,
    Stability,
    Streamed,
)
from harness.scoring.delay import Stream, delays
from harness.scoring.delayed_wer import delayed_reads
from harness.scoring.normalize import Normalizer, normalizer
from harness.scoring.sending import Pieces, pieces_of
from harness.scoring.session_causes import session_causes
from harness.scoring.stability import stability
from harness.scoring.wer import CorpusScore, score
from harness.streamer.backoff import ReconnectPolicy
from harness.streamer.dialect import FLUX_PATH, Dialect, FluxDialect, ListenDialect
from harness.streamer.notes import Observer, StreamOutcome
from harness.streamer.settings import StreamSettings
from harness.timeline import timeline_of
from harness.transcript import Transcript

DEFAULT_MODEL = "nova-3"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Answering:
    """Who answers a case: the server, where its words come from, and whether they are made up (None: not known)."""

    endpoint: Endpoint
    replies: str
    synthetic: bool | None


@dataclass(frozen=True)
class CaseRun:
    """A case's result, and what is too large for it; `answer` is the literal pre-recorded response, if one came."""

    result: CaseResult
    recording: Recording
    audio: bytes
    answer: bytes | None
    interrupted: bool


@dataclass(frozen=True)
class Scored:
    """One side of a case against the reference; nothing of it where there is no reference."""

    score: Score | None = None
    alignment: tuple[AlignedRun, ...] = ()


async def run_case(
    case: Case,
    answering: Answering,
    *,
    tool: str,
    observer: Observer | None = None,
    on_header: Callable[[Header], None] | None = None,
) -> CaseRun:
    """Carry out one case.

    Raises:
        BadInput: its audio cannot be read, or its options or normaliser are no such things.
    """
    audio = read_audio(case.audio)
    fmt = case.audio_format(audio.channels)
    options = flux_options(case.options, fmt) if case.flux else listen_options(case.options, fmt)
    normalise = normalizer(case.normalizer)
    settings = stream_settings(case)
    streamed = await stream(
        answering.endpoint,
        options,
        to_send(audio, fmt, case.audio.name),
        settings,
        tool=tool,
        observer=observer,
        on_header=on_header,
        replies=answering.replies,
        synthetic=answering.synthetic,
    )
    posted = None
    if not streamed.interrupted:
        posted = await _post(answering.endpoint, for_file(options), case.audio.read_bytes(), audio.container)
    verdict = judge_stream(streamed, settings)
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
            _score(case.reference, _texts(streamed.transcript), normalise) if streamed.failure is None else Scored(),
            normalise,
            _channel_texts(case.reference),
        ),
        prerecorded=_summarise_post(posted, case.reference, normalise) if posted is not None else None,
        verdict=verdict,
        causes=_causes(case.reference, streamed, posted.response if posted is not None else None, normalise),
        timeline=timeline_of(streamed.recording, streamed.ledger, audio, verdict),
    )
    interrupted = posted is None or posted.failure == INTERRUPTED
    body = posted.body if posted is not None and posted.response is not None else None
    return CaseRun(
        _judged(result, case, streamed.ledger_problems()), streamed.recording, streamed.audio, body, interrupted
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


async def _post(endpoint: Endpoint, options: ListenOptions, data: bytes, container: str) -> PrerecordedOutcome:
    """Post the file; what was streamed before stays when this is cancelled."""
    try:
        return await transcribe(endpoint, options, data, container)
    except asyncio.CancelledError:
        return PrerecordedOutcome(None, b"", 0.0, INTERRUPTED)


def listen_options(pairs: tuple[tuple[str, str], ...], fmt: AudioFormat) -> ListenOptions:
    """A query string's pairs as options that declare `fmt`; nova-3 and interims unless the pairs say otherwise.

    Raises:
        BadInput: a value is none that its parameter can have.
    """
    options = read_options(pairs, PathEndpoint.STREAMING)
    return replace(
        options,
        model=options.model or DEFAULT_MODEL,
        interim_results=True if options.interim_results is None else options.interim_results,
        encoding=str(fmt.encoding),
        sample_rate=fmt.sample_rate,
        channels=fmt.channels,
    )


def flux_options(pairs: tuple[tuple[str, str], ...], fmt: AudioFormat) -> FluxOptions:
    """A query string's pairs as options of `/v2/listen` that declare `fmt`; flux-general-en unless they name a model.

    Raises:
        BadInput: Deepgram would refuse them.
    """
    options = declared_flux_options(pairs, fmt)
    if isinstance(options, Refusal):
        raise BadInput(f"options: Deepgram would refuse this: {options.message}")
    return options


def read_options(pairs: tuple[tuple[str, str], ...], endpoint: PathEndpoint) -> ListenOptions:
    """A query string's pairs as options.

    Raises:
        BadInput: a value is none that its parameter can have; the sentence names the pair, which the wire's may not.
    """
    options = read_pairs(pairs, endpoint, strict=True)
    if not isinstance(options, Refusal):
        return options
    alone = (pair for pair in pairs if isinstance(read_pairs([pair], endpoint, strict=True), Refusal))
    where = next((f"option {name}={value}" for name, value in alone), "options")
    raise BadInput(f"{where}: Deepgram would refuse this: {options.message}")


def for_file(options: ListenOptions | FluxOptions) -> ListenOptions:
    """The same wishes for the pre-recorded endpoint, which reads the format off the file's own header.

    No Flux model takes a file: nova-3 is what a Flux stream is compared with.
    """
    if isinstance(options, FluxOptions):
        return options.for_prerecorded(DEFAULT_MODEL)
    return replace(options.for_endpoint(PathEndpoint.PRERECORDED), encoding=None, sample_rate=None, channels=None)


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


def measure(
    recording: Recording, normalise: Normalizer, references: tuple[str, ...] = (), pieces: Pieces | None = None
) -> tuple[Delay, Stability]:
    """How late a session's words came, and how much of them was taken back; see docs/reference/delay.md.

    Args:
        recording: of either side.
        normalise: for the text that a viewer had read.
        references: what was said, one for each channel or one for all; none where it is not known.
        pieces: where each leg lies in the source, where the sender's ledger is at hand.
    """
    laid_out = Stream.of(recording, pieces)
    read = delayed_reads(laid_out.readings, laid_out.sending, normalise, references)
    counted = stability([reading.display for reading in laid_out.readings])
    return Delay.of(delays(laid_out), read, normalise.label), Stability.of(counted)


def summarise_stream(
    streamed: StreamOutcome,
    scored: Scored = Scored(),
    normalise: Normalizer | None = None,
    references: tuple[str, ...] = (),
) -> Streamed:
    """A streaming session as a result; without a normaliser, what was read after a while is scored under `basic`."""
    recording, pacing = streamed.recording, streamed.pacing
    pieces = pieces_of(streamed.ledger.sent, streamed.ledger.sample_rate)
    delay, stable = measure(recording, normalise or normalizer("basic"), references, pieces)
    results = list(_results(recording))
    frames = list(recording.audio_frames())
    first_audio_s = frames[0].wall_s if frames else 0.0
    last_sent_wall_s = frames[-1].wall_s if frames else 0.0
    messages = [entry.wall_s for entry in recording.texts(Direction.DOWNSTREAM)]
    with_text = [(wall_s, message) for wall_s, message in results if message.transcript]
    finals = [wall_s for wall_s, message in with_text if message.is_final]
    return Streamed(
        transcript=_texts(streamed.transcript),
        request_id=recording.request_id,
        audio_s=recording.audio.duration_audio_s if recording.audio else 0.0,
        wall_s=next((end.wall_s for end in recording.of(End)), 0.0),
        interims=sum(not message.is_final for _, message in results),
        finals=sum(message.is_final for _, message in results),
        first_interim_wall_s=_since(first_audio_s, [wall_s for wall_s, _ in with_text][:1]),
        first_final_wall_s=_since(first_audio_s, finals[:1]),
        # To Flux nothing need be left to say: the last turn can end before the last audio.
        last_message_wall_s=_since(
            last_sent_wall_s, [wall_s for wall_s in messages if wall_s >= last_sent_wall_s][-1:]
        ),
        pacing=Pacing(
            sends=pacing.sends,
            drift_s=pacing.drift_s,
            lateness_p50_s=pacing.lateness_p50_s,
            lateness_p99_s=pacing.lateness_p99_s,
            max_lateness_s=pacing.max_lateness_s,
        )
        if pacing
        else None,
        score=scored.score,
        alignment=scored.alignment,
        failure=streamed.failure,
        connections=streamed.connections,
        outages=tuple(Outage(lost_wall_s=one.lost_wall_s, took_s=one.took_s) for one in streamed.reconnections),
        dropped=tuple(
            Gap(start_audio_s=round(gap.start_audio_s, 6), end_audio_s=round(gap.end_audio_s, 6))
            for gap in streamed.dropped
        ),
        delay=delay,
        stability=stable,
    )


def _results(recording: Recording) -> Iterator[tuple[float, Results]]:
    """When each Results came; of Flux, what its turns are to a client that reads them as Results."""
    return ((entry.wall_s, message) for entry, message in _said(recording))


def _said(recording: Recording) -> Iterator[tuple[Text, Results]]:
    flux = recording.header.path == FLUX_PATH
    dialect: Dialect = FluxDialect() if flux else ListenDialect()
    for entry in recording.texts(Direction.DOWNSTREAM):
        message = dialect.understood((decode_flux_server if flux else decode_server)(entry.text).message)
        if isinstance(message, Results):
            yield entry, message


def _since(start_s: float, ends_s: list[float]) -> float | None:
    return round(ends_s[0] - start_s, 6) if ends_s else None


def _texts(transcript: Transcript) -> tuple[str, ...]:
    return tuple(transcript.text(channel) for channel in transcript.channels)


def _posted_texts(response: PrerecordedResponse | None) -> tuple[str, ...]:
    if response is None:
        return ()
    return tuple(response.transcript(channel) for channel in range(len(response.results.channels)))


def _summarise_post(posted: PrerecordedOutcome, reference: Reference | None, normalise: Normalizer) -> Prerecorded:
    texts = _posted_texts(posted.response)
    metadata = posted.response.metadata if posted.response else None
    scored = _score(reference, texts, normalise) if posted.response is not None else Scored()
    return Prerecorded(
        transcript=texts,
        request_id=metadata.request_id if metadata else None,
        audio_s=metadata.duration if metadata else 0.0,
        wall_s=round(posted.wall_s, 6),
        score=scored.score,
        alignment=scored.alignment,
        failure=posted.failure,
    )


def _score(reference: Reference | None, texts: tuple[str, ...], normalise: Normalizer) -> Scored:
    """Channel against channel where the reference knows its channels and as many came, else all against all."""
    if reference is None:
        return Scored()
    if len(texts) == reference.channels and reference.channels > 1:
        pairs = [(reference.channel_text(channel), text) for channel, text in enumerate(texts)]
    else:
        pairs = [(reference.text, " ".join(texts))]
    parts = [score(said, heard, normalise) for said, heard in pairs]
    return Scored(
        Score.of(sum((part.corpus for part in parts), CorpusScore.zero(normalise))),
        tuple(run for part in parts for run in AlignedRun.all_of(part.alignment)),
    )


def _channel_texts(reference: Reference | None) -> tuple[str, ...]:
    """What was said, channel by channel where the reference knows its channels."""
    if reference is None:
        return ()
    if reference.channels == 1 or not reference.phrases:
        return (reference.text,)
    return tuple(reference.channel_text(channel) for channel in range(reference.channels))


def _causes(
    reference: Reference | None, streamed: StreamOutcome, response: PrerecordedResponse | None, normalise: Normalizer
) -> Causes | None:
    """Of a session that was not completed too: what it did not come to is lost to its user."""
    if reference is None or response is None:
        return None
    transcript, channels = streamed.transcript, reference.channels
    apart = channels > 1 and len(response.results.channels) == len(transcript.channels) == channels
    said = [reference.channel_text(channel) for channel in range(channels)] if apart else [reference.text]
    results = ((entry.leg, message) for entry, message in _said(streamed.recording))
    return Causes.of(session_causes(said, transcript, response, streamed.ledger, results, normalise))


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
