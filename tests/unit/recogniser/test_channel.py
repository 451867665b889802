"""One channel of a live stream: finals, interims, endpoints, and that only the audio decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.protocol.options import ListenOptions
from mock_server.engines.base import RATE, Mono
from mock_server.recogniser.channel import ChannelListener, News, Segment, SpeechBegan, UtteranceOver

Say = Callable[..., Mono]
Listen = Callable[..., list[News]]


@pytest.fixture
def listen(engine: Any, new_vad: Any) -> Listen:
    """What is said of some audio, sent in pieces of so many samples, and of its end."""

    def run(audio: Mono, options: ListenOptions, pieces: Iterator[int] | None = None, *, close: bool = True) -> Any:
        channel, at = ChannelListener(engine, new_vad(), options), 0
        news: list[News] = []
        while at < len(audio):
            size = next(pieces) if pieces is not None else 1600
            news += channel.hear(audio[at : at + size])
            at += size
        if close:
            news += channel.finish(len(audio) / RATE, from_finalize=False)
        return news

    return run


def finals(news: list[News]) -> list[Segment]:
    return [item for item in news if isinstance(item, Segment) and item.is_final]


def text(segments: list[Segment]) -> list[str]:
    return [word.display for segment in segments for word in segment.words]


def test_a_pause_of_the_length_asked_for_ends_a_segment(say: Say, listen: Listen) -> None:
    audio = say(0.5, 1, 2, 0.8, 3, 4, 0.8)

    short = finals(listen(audio, ListenOptions(endpointing=300)))
    long = finals(listen(audio, ListenOptions(endpointing=1000)))

    assert [text([segment]) for segment in short] == [["one", "two,"], ["three", "four."], []]
    assert [segment.speech_final for segment in short] == [True, True, False]
    assert [text([segment]) for segment in long] == [["one", "two,", "three", "four."]]
    assert short[0].end_audio_s == pytest.approx(0.5 + 0.5 + 0.3, abs=0.064)


def test_without_endpointing_a_pause_ends_a_segment_but_no_speech(say: Say, listen: Listen) -> None:
    segments = finals(listen(say(1, 2, 0.8, 3, 0.8), ListenOptions(endpointing=False)))
    assert [segment.speech_final for segment in segments] == [False] * len(segments)
    assert text(segments) == ["one", "two,", "three"]


def test_interims_come_about_once_a_second_and_only_when_asked_for(say: Say, listen: Listen) -> None:
    audio = say(*range(9))  # 2.7 s

    with_interims = listen(audio, ListenOptions(interim_results=True))
    without = listen(audio, ListenOptions())

    interims = [item for item in with_interims if isinstance(item, Segment) and not item.is_final]
    assert [round(item.end_audio_s, 1) for item in interims] == [1.0, 2.0]
    assert text(interims[:1]) == ["Zero", "one", "two,", "three"]
    assert [item for item in without if isinstance(item, Segment) and not item.is_final] == []
    assert finals(with_interims) == finals(without)


def test_speech_without_a_pause_is_cut_where_it_is_quietest_and_no_word_is_lost(say: Say, listen: Listen) -> None:
    spoken = [number % 10 for number in range(60)]  # 18 s
    segments = finals(listen(say(*spoken), ListenOptions()))

    assert len(segments) >= 2
    assert not any(segment.speech_final for segment in segments[:-1])
    assert len(text(segments)) == len(spoken)


def test_silence_is_reported_in_segments_of_five_seconds(listen: Listen) -> None:
    segments = finals(listen(np.zeros(12 * RATE, np.float32), ListenOptions()))
    assert [round(segment.end_audio_s, 1) for segment in segments] == [5.0, 10.0, 12.0]
    assert text(segments) == []


def test_an_engine_is_never_asked_about_silence(engine: Any, listen: Listen) -> None:
    listen(np.zeros(12 * RATE, np.float32), ListenOptions(interim_results=True))
    assert engine.calls == []


def test_speech_that_ends_after_a_cut_for_length_is_still_said_to_end(say: Say, listen: Listen) -> None:
    segments = finals(listen(say(*[1] * 16, 0.1, 0.6), ListenOptions(endpointing=300)))
    assert text(segments).count("one") == 16
    assert any(segment.speech_final for segment in segments)


def test_an_utterance_ends_once_after_its_gap(say: Say, listen: Listen) -> None:
    news = listen(say(1, 2, 0.5, 3, 2.5, 4, 0.2), ListenOptions(endpointing=300, utterance_end_ms=1000))
    ends = [item for item in news if isinstance(item, UtteranceOver)]
    assert [round(end.last_word_end_audio_s, 1) for end in ends] == [1.3]
    before = news[: news.index(ends[0])]
    assert text(finals(before)) == ["one", "two,", "three"]


def test_speech_begins_once_for_each_utterance(say: Say, listen: Listen) -> None:
    news = listen(say(0.5, 1, 2, 0.5, 3, 0.5), ListenOptions(endpointing=300, vad_events=True))
    begins = [round(item.at_audio_s, 1) for item in news if isinstance(item, SpeechBegan)]
    assert begins == [0.5, 1.6]


def test_finalize_makes_final_what_is_open_and_says_so_even_of_nothing(engine: Any, new_vad: Any, say: Say) -> None:
    channel = ChannelListener(engine, new_vad(), ListenOptions())
    audio = say(1, 2)
    list(channel.hear(audio))

    (first,) = channel.finish(len(audio) / RATE, from_finalize=True)
    (second,) = channel.finish(len(audio) / RATE, from_finalize=True)

    assert isinstance(first, Segment)
    assert isinstance(second, Segment)
    assert (text([first]), first.from_finalize, first.speech_final) == (["one", "two,"], True, True)
    assert (text([second]), second.from_finalize, second.speech_final) == ([], True, False)
    assert second.start_audio_s == second.end_audio_s == first.end_audio_s


def test_an_engine_without_times_has_its_words_where_speech_was(toy: Any, new_vad: Any, say: Say) -> None:
    channel = ChannelListener(toy(times=False), new_vad(), ListenOptions(endpointing=300))
    audio = say(1.0, 1, 2, 0.5)
    (segment,) = [s for s in channel.hear(audio) if isinstance(s, Segment) and s.is_final]
    (one, two) = segment.words
    assert 1.0 - 0.05 <= one.start < one.end <= two.end <= 1.6
    assert one.start < two.start
    assert 0.9 < one.confidence <= 1.0


LAYOUT = st.lists(st.one_of(st.integers(0, 9), st.sampled_from([0.05, 0.25, 0.5, 1.2, 3.0])), max_size=40)


@given(LAYOUT, st.lists(st.integers(1, 40_000), min_size=1), st.sampled_from([10, 300, 900, False]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_only_the_audio_decides(
    say: Say, listen: Listen, layout: list[int | float], sizes: list[int], endpointing: Any
) -> None:
    """However the audio is cut: the same news, finals that tile it, every word once, times within their segment."""
    audio = say(*layout)
    options = ListenOptions(endpointing=endpointing, interim_results=True, utterance_end_ms=1000, vad_events=True)

    news = listen(audio, options)
    cut = listen(audio, options, iter(sizes * (len(audio) // sum(sizes) + 1)))

    assert cut == news
    segments = finals(news)
    edges = [(segment.start_audio_s, segment.end_audio_s) for segment in segments]
    assert [start for start, _ in edges[1:]] == [end for _, end in edges[:-1]]
    assert (edges[0][0], edges[-1][1]) == (0.0, len(audio) / RATE) if edges else not len(audio)
    assert len(text(segments)) == sum(isinstance(part, int) for part in layout)
    for segment in segments:
        assert all(segment.start_audio_s <= w.start <= w.end <= segment.end_audio_s + 1e-3 for w in segment.words)
