"""Two ways in which the live service's UtteranceEnd differs from what is documented, for those who ask for them.

It may come late, when the next turn has begun (captures: 8.8 s after interims from 9.6 s on), and its `last_word_end`
may be -1, «finalised already», which a dozen clients look for (protocol reference, 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as replace_struct

from harness.protocol.codec import encode
from harness.protocol.messages import Results, UtteranceEnd
from mock_server.behaviour import ConnectionSettings
from mock_server.script import Cue, Script

SENTINEL: Final = -1.0


def as_chosen(script: Script, settings: ConnectionSettings) -> Script:
    """A script whose UtteranceEnds come as the settings have it."""
    if settings.utterance_end_sentinel:
        script = replace(script, cues=with_sentinel(script.cues))
    if settings.utterance_end_late_audio_s:
        script = replace(script, cues=delayed(script.cues, settings.utterance_end_late_audio_s))
    return script


def with_sentinel(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Every UtteranceEnd of an utterance that a `speech_final` has ended says -1."""
    ended: dict[int, bool] = {}
    changed: list[Cue] = []
    for cue in cues:
        message = cue.message
        if isinstance(message, Results) and message.words:
            ended[message.channel_index[0]] = message.speech_final
        if isinstance(message, UtteranceEnd) and ended.get(message.channel[0]):
            message = replace_struct(message, last_word_end=SENTINEL)
            changed.append(replace(cue, message=message, text=encode(message)))
        else:
            changed.append(cue)
    return tuple(changed)


def delayed(cues: Iterable[Cue], by_audio_s: float) -> tuple[Cue, ...]:
    """Every UtteranceEnd so much later, behind whatever else is due by then; all else keeps its order."""
    changed: list[Cue] = []
    held: list[Cue] = []
    for cue in cues:
        if isinstance(cue.message, UtteranceEnd):
            held.append(replace(cue, due_audio_s=cue.due_audio_s + by_audio_s))
            continue
        while held and held[0].due_audio_s < cue.due_audio_s:
            changed.append(held.pop(0))
        changed.append(cue)
    return (*changed, *held)
