"""Laws of replay: the audio clock alone decides what is said, and no cut loses or doubles a word.

Scripts are of both kinds: synthesised from timelines, and read off recordings with words that overhang their segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocol.codec import decode_server, encode, with_request_id
from harness.protocol.listen_options import ListenOptions
from harness.protocol.messages import (
    Alternative,
    Channel,
    Metadata,
    ModelInfo,
    Results,
    ResultsMetadata,
    SpeechStarted,
    UtteranceEnd,
    Word,
)
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Binary, Direction, Header, Side, Text
from harness.transcript import assemble
from mock_server.replay import ReplayEngine
from mock_server.script import TOLERANCE_AUDIO_S, Script, Trigger, continued, from_recording
from mock_server.synthesis import synthesise
from mock_server.timeline import Timeline

MANY = settings(max_examples=200)
REQUEST_ID = "0198f0aa-77c1-7d02-9a4e-3b5d6e7f8091"
EVERYTHING = ListenOptions(interim_results=True, vad_events=True, utterance_end_ms=1000, punctuate=True)
MODEL = ModelInfo(name="general-nova-3", version="2025-07-31.0", arch="nova-3")
UUID = "5c0d3a5e-1111-4222-8333-9a9b9c9d9e9f"


@st.composite
def spoken_words(draw: st.DrawFn, max_words: int = 14) -> tuple[Word, ...]:
    """Words with pauses of all kinds between them, none of them overlapping."""
    at_ms, words = 0, []
    for index in range(draw(st.integers(0, max_words))):
        at_ms += draw(st.sampled_from([0, 0, 50, 150, 250, 700, 1500, 6000, 12_000]))
        end_ms = at_ms + draw(st.integers(20, 900))
        token = draw(st.sampled_from(["I", "see", "tomorrow.", "well,", "—", "Wednesday?"]))
        word = f"w{index}" if token == "—" else token.lower().strip(".,?")
        words.append(Word(word=word, start=at_ms / 1000, end=end_ms / 1000, confidence=0.99, punctuated_word=token))
        at_ms = end_ms
    return tuple(words)


OPTIONS = st.builds(
    ListenOptions,
    interim_results=st.booleans(),
    vad_events=st.booleans(),
    punctuate=st.booleans(),
    endpointing=st.sampled_from([None, False, 10, 300, 1500]),
    utterance_end_ms=st.sampled_from([None, 1000, 2000]),
)
TIMELINES = st.lists(spoken_words(), min_size=1, max_size=3).map(lambda channels: Timeline(tuple(channels)))


@st.composite
def synthesised(draw: st.DrawFn) -> tuple[Script, ListenOptions]:
    options = draw(OPTIONS)
    return synthesise(draw(TIMELINES), options, Random(draw(st.integers(0, 99))), "synthesised"), options


@st.composite
def recorded(draw: st.DrawFn) -> tuple[Script, ListenOptions]:
    """The script of a session as a live service might have led it: flags, lags, and words that overhang."""
    options = draw(OPTIONS)
    entries: list[AnyEntry] = []
    end_ms = wall_ms = 0
    for number in range(draw(st.integers(1, 6))):
        start_ms, end_ms = end_ms, end_ms + draw(st.integers(200, 5500))
        for frame_ms in range(start_ms // 20 * 20 + 20, end_ms + 20, 20):
            wall_ms = max(wall_ms, frame_ms)
            entries.append(
                Binary(leg=0, direction=Direction.UPSTREAM, wall_s=wall_ms / 1000, audio_s=frame_ms / 1000, size=640)
            )
        words = draw(_segment_words(start_ms, end_ms, number))
        asked = draw(st.booleans())
        if asked:
            entries.append(_text(Direction.UPSTREAM, '{"type":"Finalize"}', wall_ms, entries))
        if draw(st.booleans()) and end_ms - start_ms > 1000:
            heard = tuple(word for word in words if word.end * 1000 <= start_ms + 1000)
            interim = _results(start_ms, start_ms + 1000, heard, is_final=False, from_finalize=False)
            entries.append(_text(Direction.DOWNSTREAM, interim, wall_ms, entries))
        wall_ms += draw(st.sampled_from([0, 90, 400, 1700]))
        final = _results(start_ms, end_ms, words, is_final=True, from_finalize=asked and draw(st.booleans()))
        entries.append(_text(Direction.DOWNSTREAM, final, wall_ms, entries))
    header = Header(side=Side.CLIENT, path="/v1/listen", query="", created="", tool="test", replies="api.deepgram.com")
    return from_recording(Recording(header, tuple(entries), "recorded")), options


@st.composite
def _segment_words(draw: st.DrawFn, start_ms: int, end_ms: int, number: int) -> tuple[Word, ...]:
    starts = sorted(draw(st.lists(st.integers(start_ms - 80, end_ms), max_size=4, unique=True)))
    ends = [min(following, at + 400) for at, following in pairwise([*starts, end_ms + 80])]
    return tuple(
        Word(word=f"s{number}w{i}", start=max(0, at) / 1000, end=max(0, end) / 1000, confidence=0.9)
        for i, (at, end) in enumerate(zip(starts, ends, strict=True))
    )


def _results(start_ms: int, end_ms: int, words: tuple[Word, ...], *, is_final: bool, from_finalize: bool) -> str:
    heard = Alternative(transcript=" ".join(word.word for word in words), confidence=0.9 if words else 0.0, words=words)
    return encode(
        Results(
            channel_index=(0, 1),
            start=start_ms / 1000,
            duration=(end_ms - start_ms) / 1000,
            is_final=is_final,
            channel=Channel(alternatives=(heard,)),
            metadata=ResultsMetadata(request_id="recorded", model_info=MODEL, model_uuid=UUID),
            from_finalize=from_finalize,
        )
    )


def _text(direction: Direction, text: str, wall_ms: int, entries: Sequence[AnyEntry]) -> Text:
    frames = [entry for entry in entries if isinstance(entry, Binary)]
    return Text(leg=0, direction=direction, wall_s=wall_ms / 1000, audio_s=frames[-1].audio_s, text=text)


SCRIPTS = st.one_of(synthesised(), recorded())
CUTS = st.lists(st.floats(0.001, 40.0), max_size=25)
SOME_CUTS = st.lists(st.floats(0.0, 30.0), max_size=6)


def _results_of(texts: Sequence[str]) -> list[Results]:
    return [message for text in texts if isinstance(message := decode_server(text).message, Results)]


def _settled(script: Script, channel: int) -> list[str]:
    return [settled.word.word for settled in script.settled_words[channel]]


def _heard(finals: Sequence[Results], channel: int) -> list[str]:
    return [word.word for final in finals if final.channel_index[0] == channel for word in final.words]


def _assert_tiled(finals: Sequence[Results], channels: int, end_audio_s: float) -> None:
    for channel in range(channels):
        at_audio_s = 0.0
        for final in finals:
            if final.channel_index[0] == channel:
                assert final.start == pytest.approx(at_audio_s, abs=TOLERANCE_AUDIO_S)
                assert final.duration >= 0
                at_audio_s = final.end_audio_s
        assert at_audio_s == pytest.approx(end_audio_s, abs=2 * TOLERANCE_AUDIO_S)


@MANY
@given(SCRIPTS, CUTS)
def test_the_cut_into_frames_never_shows(made: tuple[Script, ListenOptions], cuts: list[float]) -> None:
    script, options = made
    coarse = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
    fine = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
    said_coarse: list[str] = []
    said_fine: list[str] = []
    at_audio_s = 0.0
    for cut in sorted(cuts):
        said_coarse += coarse.receive_audio(cut, 0.0)
        while at_audio_s < cut:
            at_audio_s = min(cut, at_audio_s + 0.02)
            said_fine += fine.receive_audio(at_audio_s, 0.0)
        assert said_coarse == said_fine
    assert said_coarse + coarse.close_stream() == said_fine + fine.close_stream()


@MANY
@given(SCRIPTS, CUTS)
def test_nothing_is_said_before_its_audio(made: tuple[Script, ListenOptions], cuts: list[float]) -> None:
    script, options = made
    engine = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
    for cut in sorted(cuts):
        for results in _results_of(engine.receive_audio(cut, 0.0)):
            assert results.end_audio_s <= cut + TOLERANCE_AUDIO_S


@MANY
@given(SCRIPTS)
def test_what_nothing_cuts_is_said_literally_but_for_its_ids_and_flags(made: tuple[Script, ListenOptions]) -> None:
    script, options = made
    engine = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
    cues = script.asked_for(options).cues
    end_audio_s = max((cue.due_audio_s for cue in cues), default=0.0)
    said = engine.receive_audio(end_audio_s, 0.0) + engine.close_stream()
    wanted = [
        with_request_id(c.text, REQUEST_ID).replace('"from_finalize":true', '"from_finalize":false') for c in cues
    ]
    scripted = [text for text in said if text in wanted]
    assert scripted == wanted
    assert all(not results.words for results in _results_of([text for text in said if text not in wanted]))


@MANY
@given(SCRIPTS, SOME_CUTS, st.floats(0.0, 45.0), st.sampled_from([0.02, 0.25, 60.0]))
def test_cuts_neither_lose_nor_double_a_word(
    made: tuple[Script, ListenOptions], finalized: list[float], end_audio_s: float, frame_s: float
) -> None:
    script, options = made
    engine = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
    channels = len(script.timeline.channels)
    said: list[str] = []
    owed = sorted(cut for cut in finalized if cut <= end_audio_s)
    at_audio_s = 0.0
    while at_audio_s < end_audio_s or owed:
        stop = owed[0] if owed else end_audio_s
        at_audio_s = min(stop, at_audio_s + frame_s)
        said += engine.receive_audio(at_audio_s, 0.0)
        if owed and at_audio_s >= owed[0]:
            owed.pop(0)
            flagged = engine.finalize()
            assert [m.channel_index[0] for m in _results_of(flagged) if m.from_finalize] == list(range(channels))
            said += flagged
    said += engine.close_stream()
    results = _results_of(said)
    finals = [message for message in results if message.is_final]
    _assert_tiled(finals, channels, end_audio_s)
    for channel in range(channels):
        settled, heard = _settled(script, channel), _heard(finals, channel)
        assert heard == settled[: len(heard)]
        before_the_end = [
            w for w in script.settled_words[channel] if w.at_audio_s < end_audio_s - 2 * TOLERANCE_AUDIO_S
        ]
        assert len(before_the_end) <= len(heard) <= len(before_the_end) + 1
    if not options.wants_interims:
        assert finals == results
    if not finalized or min(finalized) > end_audio_s:
        assert not any(message.from_finalize for message in results)
    for message in results:
        alternative = message.channel.alternatives[0]
        assert len({not alternative.transcript, not alternative.words, alternative.confidence == 0}) == 1
        assert message.metadata.request_id == REQUEST_ID
        for word in message.words:
            assert message.start - 0.1 <= word.start <= word.end <= message.end_audio_s + 0.1
    _assert_interims_restate_their_segment(results)
    _assert_utterance_ends_name_a_word(said)


def _assert_utterance_ends_name_a_word(said: Sequence[str]) -> None:
    ends: dict[int, set[float]] = {}
    for text in said:
        message = decode_server(text).message
        if isinstance(message, Results):
            ends.setdefault(message.channel_index[0], set()).update(word.end for word in message.words)
        elif isinstance(message, UtteranceEnd):
            assert message.last_word_end in ends[message.channel[0]]


def _assert_interims_restate_their_segment(results: Sequence[Results]) -> None:
    starts: dict[int, float] = {}
    for message in results:
        channel = message.channel_index[0]
        if message.is_final:
            starts[channel] = message.end_audio_s
        else:
            assert message.start == pytest.approx(starts.get(channel, 0.0), abs=TOLERANCE_AUDIO_S)


@MANY
@given(SCRIPTS, st.floats(0.5, 30.0))
def test_lags_are_honoured_and_the_order_is_kept(made: tuple[Script, ListenOptions], end_audio_s: float) -> None:
    script, options = made
    engine = ReplayEngine(script, options, REQUEST_ID)
    cues = [c for c in script.asked_for(options).cues if c.trigger is Trigger.AUDIO]
    said: list[tuple[float, str]] = []
    now_s = 0.0
    while now_s < end_audio_s:
        now_s = round(now_s + 0.05, 6)
        said += [(now_s, text) for text in engine.receive_audio(now_s, now_s)]
        wakeup_s = engine.next_wakeup_s
        assert wakeup_s is None or wakeup_s > now_s
    due = {with_request_id(cue.text, REQUEST_ID): cue.due_audio_s + cue.lag_wall_s for cue in reversed(cues)}
    ours = [(at, text) for at, text in said if text in due]
    assert all(at >= due[text] - TOLERANCE_AUDIO_S for at, text in ours)
    wanted = [with_request_id(cue.text, REQUEST_ID) for cue in script.asked_for(options).cues]
    order = [wanted.index(text) for _, text in ours if wanted.count(text) == 1]
    assert order == sorted(order)


@MANY
@given(TIMELINES, st.integers(0, 99), st.sampled_from([None, False, 300]), SOME_CUTS)
def test_the_assembled_text_is_the_same_with_interims_on_and_off(
    timeline: Timeline, seed: int, endpointing: int | bool | None, finalized: list[float]
) -> None:
    texts = []
    for interims in (True, False):
        options = ListenOptions(interim_results=interims, punctuate=True, endpointing=endpointing)
        script = synthesise(timeline, options, Random(seed), "both")
        engine = ReplayEngine(script, options, REQUEST_ID, lag_scale=0)
        said: list[str] = []
        for cut in [*sorted(finalized), 200.0]:
            said += engine.receive_audio(cut, 0.0)
            said += engine.finalize() if cut < 200.0 else engine.close_stream()
        transcript = assemble(decode_server(text).message for text in said)
        texts.append([transcript.text(channel) for channel in range(len(timeline.channels))])
        joined = [" ".join(u.transcript for u in transcript.utterances if u.channel == c) for c in transcript.channels]
        assert joined == texts[-1]
    assert texts[0] == texts[1] == [" ".join(w.display for w in words) for words in timeline.channels]


@MANY
@given(TIMELINES, OPTIONS, st.integers(0, 99))
def test_a_synthesised_script_says_only_what_was_asked_for(
    timeline: Timeline, options: ListenOptions, seed: int
) -> None:
    script = synthesise(timeline, options, Random(seed), "made")
    assert script == synthesise(timeline, options, Random(seed), "made")
    messages = [cue.message for cue in script.asked_for(options).cues]
    ends: dict[int, set[float]] = {}
    for message in messages:
        match message:
            case Results():
                assert message.is_final or options.wants_interims
                assert not message.speech_final or (message.is_final and options.endpointing is not False)
                assert options.punctuate or not any(isinstance(word.punctuated_word, str) for word in message.words)
                ends.setdefault(message.channel_index[0], set()).update(word.end for word in message.words)
            case SpeechStarted():
                assert options.vad_events
            case UtteranceEnd():
                assert options.utterance_end_ms is not None
                assert message.last_word_end in ends[message.channel[0]]
    assert not any(isinstance(message, Metadata) for message in messages)


@MANY
@given(SCRIPTS, st.floats(0.0, 20.0), SOME_CUTS, st.floats(0.0, 30.0))
def test_a_continued_script_neither_loses_nor_doubles_a_word(
    made: tuple[Script, ListenOptions], from_audio_s: float, finalized: list[float], end_audio_s: float
) -> None:
    script, options = made
    engine = ReplayEngine(continued(script, from_audio_s), options, REQUEST_ID, lag_scale=0)
    said: list[str] = []
    for cut in sorted(cut for cut in finalized if cut <= end_audio_s):
        said += engine.receive_audio(cut, 0.0) + engine.finalize()
    said += engine.receive_audio(end_audio_s, 0.0) + engine.close_stream()
    finals = [message for message in _results_of(said) if message.is_final]
    _assert_tiled(finals, len(script.timeline.channels), end_audio_s)
    for channel, settled in enumerate(script.settled_words):
        heard = _heard(finals, channel)
        slack_s = 0.1  # words overhang their segments by less
        inside = (from_audio_s + slack_s, from_audio_s + end_audio_s - slack_s)
        surely = [w.word.word for w in settled if inside[0] <= w.at_audio_s < inside[1]]
        every = _settled(script, channel)
        begins = [i for i in range(len(every) - len(heard) + 1) if every[i : i + len(heard)] == heard]
        assert begins, "what was heard is one stretch of what was said"
        assert any(_contains(heard, surely, start) for start in range(len(heard) - len(surely) + 1))


def _contains(heard: list[str], stretch: list[str], start: int) -> bool:
    return heard[start : start + len(stretch)] == stretch
