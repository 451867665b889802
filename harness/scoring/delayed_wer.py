"""Word error rate as a function of delay: what a viewer had read t seconds after each word was spoken.

For each word of the final transcript the screen is looked at once: t after the audio of the word's end was sent. What
stands in its place then (`harness.scoring.reading`), joined over all words, is the text at delay t. It is scored like
any other text, against the final transcript, which says how late the final words are, and against the reference, which
says what a reader gains by waiting. The row without a delay is the final transcript itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.scoring.alignment import align_words
from harness.scoring.error_rate import ErrorRate
from harness.scoring.normalize import Normalizer
from harness.scoring.reading import Reading
from harness.scoring.sending import Sending

DELAYS_WALL_S: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)

_EPSILON_S: Final = 1e-9


@dataclass(frozen=True, slots=True)
class DelayedRead:
    """The text at one delay.

    Attributes:
        delay_wall_s: the delay; None is the end of the session.
        final: its words against those of the final transcript.
        reference: against the reference's; None without one.
    """

    delay_wall_s: float | None
    final: ErrorRate
    reference: ErrorRate | None


def delayed_reads(
    readings: Sequence[Reading], sending: Sending, normalize: Normalizer, references: Sequence[str] = ()
) -> tuple[DelayedRead, ...]:
    """The text at each delay of `DELAYS_WALL_S`, and at the end.

    Args:
        readings: of every channel.
        sending: of the same session.
        normalize: applied to every text before it is scored.
        references: one for each channel, or one for all of them together; none without a reference.

    Returns:
        Nothing when audio was not sent in real time, or when there is no word whose sending is known: a word without
        a time of its own is read when the next one before it is.
    """
    if sending.why_not_real_time is not None:
        return ()
    sent = [_sent(reading, sending) for reading in readings]
    if not any(sent_s is not None for channel in sent for sent_s in channel):
        return ()
    return tuple(_read(readings, sent, delay_s, normalize, references) for delay_s in (*DELAYS_WALL_S, None))


def _sent(reading: Reading, sending: Sending) -> list[float | None]:
    """When the end of each word was sent; where that is not known, when the end of the word before it was."""
    times: list[float | None] = []
    for word in reading.display.words:
        end_audio_s = word.token.end_audio_s
        sent_s = None if end_audio_s is None else sending.sent_s(end_audio_s)
        times.append(sent_s if sent_s is not None else times[-1] if times else sending.first_s)
    return times


def _read(
    readings: Sequence[Reading],
    sent: Sequence[Sequence[float | None]],
    delay_s: float | None,
    normalize: Normalizer,
    references: Sequence[str],
) -> DelayedRead:
    finals = [reading.display.text for reading in readings]
    pairs = zip(readings, sent, strict=True)
    texts = finals if delay_s is None else [_text(reading, times, delay_s) for reading, times in pairs]
    if references and len(references) != len(texts):
        said, heard = [" ".join(references)], [" ".join(texts)]
    else:
        said, heard = list(references), texts
    return DelayedRead(
        delay_s,
        _score(finals, texts, normalize),
        _score(said, heard, normalize) if references else None,
    )


def _text(reading: Reading, times: Sequence[float | None], delay_s: float) -> str:
    at = ((word, sent_s + delay_s + _EPSILON_S) for word, sent_s in enumerate(times) if sent_s is not None)
    return " ".join(filter(None, (reading.text_at(word, at_s) for word, at_s in at)))


def _score(said: Sequence[str], heard: Sequence[str], normalize: Normalizer) -> ErrorRate:
    scored = align_words([normalize(text) for text in said], [normalize(text) for text in heard])
    return sum((counts for _, counts in scored), ErrorRate.zero())
