"""Audio that the tests make themselves: speech-like bursts of noise, and containers written in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import av
import numpy as np
import pytest

from harness.audio.decode import Audio
from harness.audio.pcm import Samples

MakeSpeech = Callable[..., Audio]
WriteContainer = Callable[..., bytes]


@cache
def _speech(seed: int, duration_audio_s: float = 4.0, sample_rate: int = 16_000, channels: int = 1) -> Audio:
    """Syllables of filtered noise, some four a second, with pauses: spectrum and rhythm of speech, 16-bit values."""
    draw = np.random.default_rng(seed)
    frames = round(duration_audio_s * sample_rate)
    hiss = draw.normal(size=(frames, channels))
    voice = np.zeros_like(hiss)
    for delay in range(8):
        voice[delay:] += hiss[: frames - delay] * 0.7**delay
    # Four marks a second, each a syllable's loudness; the level glides from one to the next.
    marks = draw.choice([0.0, 0.3, 0.7, 1.0], size=round(4 * duration_audio_s) + 2)
    level = np.interp(np.arange(frames) * 4 / sample_rate, np.arange(len(marks)), marks)
    samples = np.clip(0.08 * voice * level[:, np.newaxis], -0.99, 0.99)
    return Audio((np.rint(samples * 32768) / 32768).astype(np.float32), sample_rate)


def _container(audio: Audio, container_format: str, codec: str, bit_rate: int | None = None) -> bytes:
    buffer = io.BytesIO()
    layout = "mono" if audio.channels == 1 else "stereo"
    with av.open(buffer, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=audio.sample_rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.samples.T), format="fltp", layout=layout)
        whole.sample_rate = audio.sample_rate
        context = stream.codec_context
        cutter = av.AudioResampler(context.format, layout, audio.sample_rate, frame_size=context.frame_size)
        for frame in [*cutter.resample(whole), *cutter.resample(None), None]:
            container.mux(stream.encode(frame))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def speech() -> MakeSpeech:
    """speech(seed, duration_audio_s=4, sample_rate=16000, channels=1) -> Audio, the same for the same seed."""
    return _speech


@pytest.fixture(scope="session")
def write_container() -> WriteContainer:
    """write_container(audio, format, codec, bit_rate=None) -> bytes, by FFmpeg."""
    return _container


@pytest.fixture
def ramp() -> Samples:
    """All 65,536 values of 16 bit, of shape (65536, 1)."""
    return (np.arange(-32768, 32768, dtype=np.float32) / np.float32(32768)).reshape(-1, 1)
