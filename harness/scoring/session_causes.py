"""The causes of a whole session's extra errors: what it heard, channel by channel, against the pre-recorded answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.ledger import Ledger
from harness.protocol.messages import Results
from harness.protocol.prerecorded import PrerecordedResponse
from harness.scoring.causes import Attributed, attribute
from harness.scoring.evidence import session_evidence
from harness.scoring.normalize import Normalizer
from harness.scoring.word_times import Hearing
from harness.transcript import Transcript


def session_causes(
    said: Sequence[str],
    transcript: Transcript,
    response: PrerecordedResponse,
    ledger: Ledger,
    results: Iterable[tuple[int, Results]],
    normalise: Normalizer,
) -> tuple[Attributed, ...]:
    """One result for each text of `said`.

    Args:
        said: the reference of each channel; or one text for all channels, whose transcripts are then joined. Of joined
            channels the texts alone are looked at, because a place in the joined text has no place in the audio.
        transcript: of the streaming session, on the source's clock.
        response: the pre-recorded answer.
        ledger: of the session.
        results: all Results as they came, with their connection and on its clock.
        normalise: what texts are scored under.
    """
    posted = [_posted(response, channel) for channel in range(len(response.results.channels))]
    streamed_channels = max((*transcript.channels, -1)) + 1
    if len(posted) != len(said) or streamed_channels > len(said):
        text, whole = " ".join(said), " ".join(hearing.text for hearing in posted)
        streamed = " ".join(transcript.text(channel) for channel in transcript.channels)
        return (attribute(text, Hearing(streamed), Hearing(whole), normalise, None),)
    messages = list(results)
    found: list[Attributed] = []
    for channel, text in enumerate(said):
        heard = Hearing(transcript.text(channel), transcript.words(channel))
        finals = _said_final(transcript.finals(channel), messages, channel)
        received_audio_s = transcript.metadata.duration if transcript.metadata else None
        evidence = session_evidence(ledger, finals, messages, channel, received_audio_s)
        found.append(replace(attribute(text, heard, posted[channel], normalise, evidence), channel=channel))
    return tuple(found)


def _said_final(finals: Sequence[Results], messages: Sequence[tuple[int, Results]], channel: int) -> Sequence[Results]:
    """The finals that a message said were final: a turn of Flux that never ended is one to the transcript alone."""
    return finals[: sum(message.is_final for _, message in messages if message.channel_index[0] == channel)]


def _posted(response: PrerecordedResponse, channel: int) -> Hearing:
    alternatives = response.results.channels[channel].alternatives
    return Hearing(response.transcript(channel), alternatives[0].words if alternatives else ())
