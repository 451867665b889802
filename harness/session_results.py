"""What came of a streaming session and of a posted file, as results: figures, scores, delays, causes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.cases import Reference
from harness.client.prerecorded import PrerecordedOutcome
from harness.protocol.codec import decode_server
from harness.protocol.flux_codec import decode_flux_server
from harness.protocol.messages import Results
from harness.protocol.prerecorded import PrerecordedResponse
from harness.recording.document import Recording
from harness.recording.entries import Direction, End, Text
from harness.results import (
    AlignedRun,
    Causes,
    Delay,
    Gap,
    Outage,
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
from harness.streamer.dialect import FLUX_PATH, Dialect, FluxDialect, ListenDialect
from harness.streamer.notes import StreamOutcome
from harness.transcript import Transcript


@dataclass(frozen=True)
class Scored:
    """One side of a case against the reference; nothing of it where there is no reference."""

    score: Score | None = None
    alignment: tuple[AlignedRun, ...] = ()


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
        transcript=texts_of(streamed.transcript),
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
    return ((entry.wall_s, message) for entry, message in results_said(recording))


def results_said(recording: Recording) -> Iterator[tuple[Text, Results]]:
    """Each Results with its frame; of Flux, what its turns are to a client that reads them as Results."""
    flux = recording.header.path == FLUX_PATH
    dialect: Dialect = FluxDialect() if flux else ListenDialect()
    for entry in recording.texts(Direction.DOWNSTREAM):
        message = dialect.understood((decode_flux_server if flux else decode_server)(entry.text).message)
        if isinstance(message, Results):
            yield entry, message


def _since(start_s: float, ends_s: list[float]) -> float | None:
    return round(ends_s[0] - start_s, 6) if ends_s else None


def texts_of(transcript: Transcript) -> tuple[str, ...]:
    """The final text of each channel."""
    return tuple(transcript.text(channel) for channel in transcript.channels)


def _posted_texts(response: PrerecordedResponse | None) -> tuple[str, ...]:
    if response is None:
        return ()
    return tuple(response.transcript(channel) for channel in range(len(response.results.channels)))


def summarise_post(posted: PrerecordedOutcome, reference: Reference | None, normalise: Normalizer) -> Prerecorded:
    """A pre-recorded answer as a result, scored where there is a reference."""
    texts = _posted_texts(posted.response)
    metadata = posted.response.metadata if posted.response else None
    scored = score_texts(reference, texts, normalise) if posted.response is not None else Scored()
    return Prerecorded(
        transcript=texts,
        request_id=metadata.request_id if metadata else None,
        audio_s=metadata.duration if metadata else 0.0,
        wall_s=round(posted.wall_s, 6),
        score=scored.score,
        alignment=scored.alignment,
        failure=posted.failure,
    )


def score_texts(reference: Reference | None, texts: tuple[str, ...], normalise: Normalizer) -> Scored:
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


def channel_texts(reference: Reference | None) -> tuple[str, ...]:
    """What was said, channel by channel where the reference knows its channels."""
    if reference is None:
        return ()
    if reference.channels == 1 or not reference.phrases:
        return (reference.text,)
    return tuple(reference.channel_text(channel) for channel in range(reference.channels))


def causes_of(
    reference: Reference | None, streamed: StreamOutcome, response: PrerecordedResponse | None, normalise: Normalizer
) -> Causes | None:
    """Of a session that was not completed too: what it did not come to is lost to its user."""
    if reference is None or response is None:
        return None
    transcript, channels = streamed.transcript, reference.channels
    # A session that broke off may not have heard from every channel; what was posted tells that they were apart.
    heard = channels if streamed.failure is not None else len(transcript.channels)
    apart = channels > 1 and len(response.results.channels) == heard == channels
    said = [reference.channel_text(channel) for channel in range(channels)] if apart else [reference.text]
    results = ((entry.leg, message) for entry, message in results_said(streamed.recording))
    return Causes.of(session_causes(said, transcript, response, streamed.ledger, results, normalise))
