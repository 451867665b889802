"""Rules on what the server's Results say: they tile the audio, and never speak of audio that was not sent.

Source of I1 to I15: Deepgram's AsyncAPI description of `/v1/listen` (July 2026) with captures of live sessions, and the
documentation pages named in the rule table. Times are seconds of the connection's audio clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.conformance.evidence import Leg
from harness.conformance.rule import Hit
from harness.conformance.wording import excerpt, number, seconds
from harness.protocol.messages import Results, UtteranceEnd

_FLOAT32_SPACING = 2.0**-22
"""Twice the spacing of 32-bit floats, relative to the number: the server's times are such floats."""


def _tolerance_s(leg: Leg, *times_s: float) -> float:
    return leg.settings.tolerance_s + max(abs(time_s) for time_s in times_s) * _FLOAT32_SPACING


def _channel(results: Results) -> str:
    return f"channel {results.channel_index[0]}"


def finals_are_contiguous(leg: Leg) -> Iterator[Hit]:
    """I3: per channel the finals tile the audio: each starts where the one before it ended, the first at 0.

    A gap is audio that was never transcribed for good, an overlap is text twice. Source: captures; rust-sdk #99.
    """
    ends_s: dict[int, float] = {}
    for heard, results in leg.results:
        if not results.is_final:
            continue
        wanted_s = ends_s.get(results.channel_index[0], 0.0)
        if not abs(results.start - wanted_s) <= _tolerance_s(leg, results.start, wanted_s):
            kind = "a gap" if results.start > wanted_s else "an overlap"
            message = (
                f"A final of {_channel(results)} starts at {seconds(results.start)} where {seconds(wanted_s)} "
                f"was wanted, the end of the finals before it: {kind} of {seconds(abs(results.start - wanted_s))}."
            )
            yield Hit(message, heard.at, excerpt(results.transcript))
        ends_s[results.channel_index[0]] = results.end_audio_s


def interims_start_with_their_segment(leg: Leg) -> Iterator[Hit]:
    """I4: an interim starts where the open segment starts, that is, where the last final of its channel ended.

    An interim restates its segment from the beginning; it is no delta. Told once per segment. Source: captures.
    """
    starts_s: dict[int, float] = {}
    told: set[int] = set()
    for heard, results in leg.results:
        channel = results.channel_index[0]
        if results.is_final:
            starts_s[channel] = results.end_audio_s
            told.discard(channel)
            continue
        wanted_s = starts_s.get(channel, 0.0)
        if channel not in told and not abs(results.start - wanted_s) <= _tolerance_s(leg, results.start, wanted_s):
            told.add(channel)
            message = (
                f"An interim of {_channel(results)} starts at {seconds(results.start)} although its segment is open "
                f"since {seconds(wanted_s)}."
            )
            yield Hit(message, heard.at, excerpt(results.transcript))


def speech_final_is_final(leg: Leg) -> Iterator[Hit]:
    """I5: a message with `speech_final` has `is_final` too.

    A warning only: one sample in the documentation has it otherwise. Source: docs, «Endpointing».
    """
    for heard, results in leg.results:
        if results.speech_final and not results.is_final:
            yield Hit("A message has speech_final true but is_final false; it must be final too.", heard.at)


def results_follow_their_audio(leg: Leg) -> Iterator[Hit]:
    """I6: no Results reaches beyond the audio sent so far; one frame more is forgiven, of 250 ms at most.

    It exposes answers that were not made from this audio. A server's recording counts what had arrived, a client's
    what had left, which is never less: the bound holds on both clocks. Judged only where seconds follow from bytes.
    Source: the meaning of `start` and `duration` in Deepgram's AsyncAPI description.
    """
    frame_s = leg.typical_audio_s
    if frame_s is None:
        return
    slack_s = min(frame_s, leg.settings.chunk_max_audio_s)
    for heard, results in leg.results:
        bound_s = heard.audio_s + slack_s + _tolerance_s(leg, results.end_audio_s)
        if not results.end_audio_s <= bound_s:
            message = (
                f"Results reach to {seconds(results.end_audio_s)} when only {seconds(heard.audio_s)} of audio "
                f"had been sent."
            )
            yield Hit(message, heard.at, excerpt(results.transcript))


def finals_add_up(leg: Leg) -> Iterator[Hit]:
    """I8: per channel the durations of the finals add up to `Metadata.duration`, within 0.1 s.

    Source: the tiling of I3 carried to its end; captures.
    """
    if leg.metadata is None:
        return
    at, metadata = leg.metadata
    sums_s: dict[int, float] = {}
    for _, results in leg.results:
        if results.is_final:
            sums_s[results.channel_index[0]] = sums_s.get(results.channel_index[0], 0.0) + results.duration
    for channel, sum_s in sorted(sums_s.items()):
        if not abs(sum_s - metadata.duration) <= leg.settings.segment_slack_s + _tolerance_s(leg, sum_s):
            message = (
                f"The finals of channel {channel} cover {seconds(sum_s)} but Metadata says "
                f"{seconds(metadata.duration)} of audio."
            )
            yield Hit(message, at)


def words_lie_in_their_segment(leg: Leg) -> Iterator[Hit]:
    """I9: words are ordered by start, lie inside their segment within 0.1 s, and have a confidence from 0 to 1.

    Told once per message. Source: captures.
    """
    for heard, results in leg.results:
        problem = _words_problem(results, leg.settings.segment_slack_s)
        if problem is not None:
            yield Hit(problem, heard.at, excerpt(results.transcript))


def _words_problem(results: Results, slack_s: float) -> str | None:
    before_s = None
    for word in results.words:
        if before_s is not None and word.start < before_s:
            return f"The word {word.word!r} starts at {seconds(word.start)}, before the word in front of it."
        before_s = word.start
        if not (results.start - slack_s <= word.start <= word.end <= results.end_audio_s + slack_s):
            return (
                f"The word {word.word!r} lies at {number(word.start)} to {seconds(word.end)}, outside its segment "
                f"of {number(results.start)} to {seconds(results.end_audio_s)}."
            )
        if not 0 <= word.confidence <= 1:
            return f"The word {word.word!r} has confidence {number(word.confidence)}; wanted 0 to 1."
    return None


def empty_is_empty_throughout(leg: Leg) -> Iterator[Hit]:
    """I10: a transcript is empty exactly when its words are, and exactly then its confidence is 0.

    Source: captures of silence segments; pipecat #1261.
    """
    for heard, results in leg.results:
        for alternative in results.channel.alternatives[:1]:
            signs = {not alternative.transcript, not alternative.words, alternative.confidence == 0}
            if len(signs) > 1:
                message = (
                    f"A message has {len(alternative.transcript)} characters of transcript, {len(alternative.words)} "
                    f"words and confidence {number(alternative.confidence)}; all three are empty or none is."
                )
                yield Hit(message, heard.at, excerpt(alternative.transcript))


def interims_were_asked_for(leg: Leg) -> Iterator[Hit]:
    """I13: no interim unless `interim_results=true`. Source: docs, «Interim Results»."""
    if leg.asked.is_on("interim_results"):
        return
    for heard, results in leg.results:
        if not results.is_final:
            yield Hit(
                "An interim came though interim_results was not asked for.", heard.at, excerpt(results.transcript)
            )


def utterance_end_names_a_word(leg: Leg) -> Iterator[Hit]:
    """I15: `UtteranceEnd.last_word_end` is the end of a word heard before on that channel, or -1.

    The sentinel -1 says that the utterance was final already. Source: captures; client code that tests for -1.
    """
    ends_s: dict[int, set[float]] = {}
    for heard in leg.heard:
        message = heard.message
        if isinstance(message, Results):
            ends_s.setdefault(message.channel_index[0], set()).update(word.end for word in message.words)
        elif isinstance(message, UtteranceEnd) and not _names_a_word(leg, message, ends_s.get(message.channel[0], ())):
            yield Hit(
                f"UtteranceEnd says that the last word ended at {seconds(message.last_word_end)}; "
                f"no word of channel {message.channel[0]} did, and it is not -1.",
                heard.at,
            )


def _names_a_word(leg: Leg, message: UtteranceEnd, ends_s: Iterable[float]) -> bool:
    end_s = message.last_word_end
    tolerance_s = _tolerance_s(leg, end_s)
    return end_s == -1 or any(abs(end_s - other_s) <= tolerance_s for other_s in ends_s)
