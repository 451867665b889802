"""Synthesised scripts: their rhythm, and what each option of the query string changes."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from harness.protocol.messages import ModelInfo, Results, SpeechStarted, UtteranceEnd, Word
from harness.protocol.options import ListenOptions, parse_query
from mock_server.replay import ReplayEngine
from mock_server.script import UNKNOWN_MODEL_UUID, Script
from mock_server.synthesis import LAG_WALL_S, MODEL, MODEL_UUID, synthesise
from mock_server.timeline import Phrase, Timeline, from_phrases, spoken

STORY = (
    "Once upon a time, there was a miller. He had three sons, a mill, a donkey and a cat. The sons had to grind, "
    "the donkey had to carry the flour and the cat had to catch the mice. When the miller died, they shared it out."
)


def _script(options: ListenOptions, timeline: Timeline | None = None, seed: int = 1) -> Script:
    return synthesise(timeline or spoken(STORY), options, Random(seed), "story")


def _said(script: Script, channel: int = 0) -> list[Results]:
    said = [cue.message for cue in script.cues if isinstance(cue.message, Results)]
    return [results for results in said if results.channel_index[0] == channel]


def _asking_for(name: str) -> ListenOptions:
    options = parse_query(f"model=nova-3&{name}=true")
    assert isinstance(options, ListenOptions)
    return options


def _finals(script: Script, channel: int = 0) -> list[Results]:
    return [results for results in _said(script, channel) if results.is_final]


def test_interims_come_about_each_second_and_restate_their_segment() -> None:
    script = _script(ListenOptions(interim_results=True))
    grouped: dict[float, list[Results]] = {}
    for results in _said(script):
        grouped.setdefault(results.start, []).append(results)
    assert sum(map(len, grouped.values())) > 2 * len(grouped)
    for segment in grouped.values():
        assert [results.is_final for results in segment] == [False] * (len(segment) - 1) + [True]
        assert [results.duration for results in segment[:-1]] == [float(i + 1) for i in range(len(segment) - 1)]
        assert segment[-1].duration <= len(segment) + 0.05


def test_interims_may_take_back_what_they_said() -> None:
    said = _said(_script(ListenOptions(interim_results=True)))
    pairs = [(a, b) for a, b in pairwise(said) if a.start == b.start and not a.is_final]
    revised = [(a, b) for a, b in pairs if b.transcript.split()[: len(a.words)] != a.transcript.split()]
    assert 0 < len(revised) < len(pairs)


def test_finals_tile_the_audio_and_have_every_word_once() -> None:
    timeline = spoken(STORY)
    finals = _finals(_script(ListenOptions(punctuate=True), timeline))
    assert finals[0].start == 0.0
    assert all(b.start == pytest.approx(a.end_audio_s, abs=1e-6) for a, b in pairwise(finals))
    assert " ".join(final.transcript for final in finals) == STORY
    assert all(final.duration <= 10 for final in finals)


@pytest.mark.parametrize(
    ("endpointing", "ends"), [(None, [0.9, 2.0]), (10, [0.9, 2.0]), (300, [1.0, 2.1]), (700, [2.5])]
)
def test_a_pause_of_endpointing_ends_the_utterance_so_long_after_its_last_word(
    endpointing: int | None, ends: list[float]
) -> None:
    words = [Phrase("one", 0.2, 0.7), Phrase("two", 1.2, 1.8)]
    script = _script(ListenOptions(endpointing=endpointing), from_phrases(words, 1, None))
    assert [f.end_audio_s for f in _finals(script)] == pytest.approx(ends)
    assert all(f.speech_final for f in _finals(script))


def test_without_endpointing_segments_end_but_speech_never_does() -> None:
    finals = _finals(_script(ListenOptions(endpointing=False)))
    assert len(finals) > 3
    assert not any(final.speech_final for final in finals)


def test_silence_before_speech_is_reported_in_whole_segments() -> None:
    script = _script(ListenOptions(), from_phrases([Phrase("at last", 12.0, 13.0)], 1, None))
    assert [(f.start, f.duration, f.transcript) for f in _finals(script)] == [
        (0.0, 5.0, ""),
        (5.0, 5.0, ""),
        (10.0, 3.2, "at last"),
    ]


def test_speech_started_comes_once_for_each_utterance_shortly_after_its_onset() -> None:
    words = [Phrase("one two", 0.5, 1.5), Phrase("three", 4.0, 4.5)]
    script = _script(ListenOptions(vad_events=True), from_phrases(words, 1, None))
    started = [
        (cue.message.timestamp, cue.due_audio_s) for cue in script.cues if isinstance(cue.message, SpeechStarted)
    ]
    assert started == [(0.46, 0.66), (3.96, 4.16)]


@pytest.mark.parametrize(("gap_ms", "due"), [(1000, [2.5, 5.5]), (2000, [3.5, 6.5]), (3000, [7.5])])
def test_utterance_end_names_the_last_word_once_the_gap_is_long_enough(gap_ms: int, due: list[float]) -> None:
    words = [Phrase("one two", 0.5, 1.5), Phrase("three", 4.0, 4.5)]
    options = ListenOptions(interim_results=True, utterance_end_ms=gap_ms)
    script = _script(options, from_phrases(words, 1, None))
    ends = [
        (cue.message.last_word_end, cue.due_audio_s) for cue in script.cues if isinstance(cue.message, UtteranceEnd)
    ]
    assert ends == [(1.5 if at < 4 else 4.5, at) for at in due]


@pytest.mark.parametrize("interims", [True, False])
def test_utterance_end_follows_a_message_that_has_its_word_even_when_endpointing_is_slower(interims: bool) -> None:
    options = ListenOptions(interim_results=interims, utterance_end_ms=1000, endpointing=4000)
    script = _script(options, from_phrases([Phrase("one", 0.5, 1.2)], 1, None)).asked_for(options)
    kinds = [type(cue.message) for cue in script.cues]
    at = kinds.index(UtteranceEnd)
    before = [cue.message for cue in script.cues[:at] if isinstance(cue.message, Results)]
    assert any(word.end == 1.2 for results in before for word in results.words)
    assert script.cues[at].due_audio_s == pytest.approx(2.2 if interims else 5.2)


@pytest.mark.parametrize("asked", ["punctuate", "smart_format", "dictation", "detect_entities"])
def test_punctuation_comes_only_when_it_is_asked_for(asked: str) -> None:
    bare = " ".join(final.transcript for final in _finals(_script(ListenOptions())))
    assert bare == STORY.lower().replace(",", "").replace(".", "")
    assert " ".join(f.transcript for f in _finals(_script(_asking_for(asked)))) == STORY


def test_the_channels_progress_independently_each_with_its_own_tiling() -> None:
    words = [Phrase("left side", 0.5, 1.5), Phrase("right side", 3.0, 4.0, channel=1), Phrase("left again", 5.0, 6.0)]
    script = _script(ListenOptions(multichannel=True), from_phrases(words, 2, None))
    assert [(f.channel_index, f.transcript) for f in _finals(script)] == [((0, 2), "left side"), ((0, 2), "left again")]
    assert [(f.channel_index, f.transcript) for f in _finals(script, 1)] == [((1, 2), "right side")]
    assert [cue.due_audio_s for cue in script.cues] == sorted(cue.due_audio_s for cue in script.cues)


def test_voices_mixed_into_one_channel_never_leave_their_segment() -> None:
    overlapping = [Phrase("a long unbroken sentence", 0.0, 3.0), Phrase("yes", 0.5, 1.0, channel=1)]
    overlapping += [Phrase("and on", 3.0, 4.5), Phrase("no", 4.4, 4.8, channel=1), Phrase("it goes", 4.5, 7.0)]
    mixed = from_phrases(overlapping, 2, None).spread(1)
    finals = _finals(_script(ListenOptions(), mixed))
    assert sum(len(final.words) for final in finals) == 10
    for final in finals:
        assert all(final.start <= w.start <= w.end <= final.end_audio_s for w in final.words)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    options = ListenOptions(interim_results=True, vad_events=True)
    assert _script(options, seed=4) == _script(options, seed=4)
    texts = [[(cue.text, cue.lag_wall_s) for cue in _script(options, seed=seed).cues] for seed in (4, 5)]
    assert texts[0] != texts[1]


def test_every_lag_is_plausible_and_every_cue_waits_for_its_audio() -> None:
    for cue in _script(ListenOptions(interim_results=True)).cues:
        assert LAG_WALL_S[0] <= cue.lag_wall_s <= LAG_WALL_S[1]
        if isinstance(cue.message, Results):
            assert cue.due_audio_s == pytest.approx(cue.message.end_audio_s, abs=1e-3)


def test_made_up_words_claim_no_real_model_and_a_real_model_keeps_its_id() -> None:
    made_up = _script(ListenOptions())
    assert (made_up.model, made_up.model_uuid, made_up.synthetic) == (MODEL, MODEL_UUID, True)
    real = ModelInfo(name="general-nova-3", version="1", arch="nova-3")
    words = spoken("hello").channels
    heard = _script(ListenOptions(), Timeline(words, None, real, "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"))
    assert (heard.model, heard.model_uuid) == (real, "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f")
    assert heard.synthetic is False
    assert all(f.metadata.model_uuid == heard.model_uuid and f.metadata.model_info == real for f in _finals(heard))
    assert _script(ListenOptions(), Timeline(words, None, real)).model_uuid == UNKNOWN_MODEL_UUID


def test_speakers_and_languages_of_the_words_stay_when_they_are_asked_for() -> None:
    word = Word(word="oui", start=0.1, end=1.6, confidence=0.9, punctuated_word="Oui.", speaker=2, language="fr")
    asked = ListenOptions(interim_results=True, diarize=True, language="multi")
    said = _said(_script(asked, Timeline(((word,),))))
    assert len(said) == 2
    assert all((w.speaker, w.language) == (2, "fr") for results in said for w in results.words)


def test_a_token_of_punctuation_alone_is_never_shown_as_nothing() -> None:
    said = _said(_script(ListenOptions(interim_results=True, punctuate=True), spoken("well " * 6 + "... " * 20)))
    assert all(results.words for results in said if not results.is_final)
    assert all(word.display for results in said for word in results.words)


def test_an_endless_stream_after_the_script_is_silence() -> None:
    script = _script(ListenOptions(), spoken("hello"))
    engine = ReplayEngine(script, ListenOptions(), "id", lag_scale=0)
    hour = [text for minute in range(60) for text in engine.receive_audio((minute + 1) * 60.0, 0.0)]
    assert len(hour) == 1 + 719
    assert sum('"transcript":""' in text for text in hour) == 719
