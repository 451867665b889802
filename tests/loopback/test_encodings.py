"""Every encoding and container, streamed and posted: how many seconds are counted, or how it is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from random import Random
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import av
import numpy as np
import pytest
from websockets.sync.client import connect

from mock_server import loading
from mock_server.behaviour import ConnectionSettings
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings

TONE = (np.sin(np.arange(48_000) * 0.05) * 8000).astype(np.int16).reshape(1, -1)
SECONDS = 10.0
NOTHING = 0.0
REFUSED = None


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    settings = ServerSettings(connection=ConnectionSettings(lag_scale=0.0))
    with BackgroundServer(MockServer(Replies(always=loading.say("hello")), settings)) as server:
        yield server.port


def _encoded(context: av.AudioCodecContext, rate: int) -> Iterator[av.Packet[av.AudioStream]]:
    """A second of a tone."""
    frame = av.AudioFrame.from_ndarray(TONE[:, :rate], format="s16", layout="mono")
    frame.sample_rate = rate
    cutter = av.AudioResampler(context.format, "mono", rate, frame_size=context.frame_size)
    for piece in [*cutter.resample(frame), *cutter.resample(None), None]:
        yield from context.encode(piece)


def container(name: str, codec: str, rate: int) -> list[bytes]:
    file = io.BytesIO()
    with av.open(file, "w", format=name) as opened:
        stream = opened.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        stream.codec_context.open()
        for packet in _encoded(stream.codec_context, rate):
            packet.stream = stream
            opened.mux(packet)
    data = file.getvalue()
    return [data[begin : begin + 1000] for begin in range(0, len(data), 1000)]


def packets(codec: str, rate: int) -> list[bytes]:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = rate, "mono", "s16"
    context.open()
    return [bytes(packet) for packet in _encoded(context, rate)]


def amr_wb() -> list[bytes]:
    """Fifty frames of 12.65 kbit/s; no encoder is at hand, and any bits are sound."""
    return [b"\x14" + Random(n).randbytes(32) for n in range(50)]


RATE = "&sample_rate="
ROWS = [
    pytest.param("encoding=linear16" + RATE + "16000", [bytes(32_000)], 1.0, 1.0, id="linear16"),
    pytest.param("encoding=linear16" + RATE + "16000", [bytes(3), bytes(31_997)], 1.0, 1.0, id="odd-split"),
    pytest.param("encoding=linear32" + RATE + "16000", [bytes(64_000)], 1.0, REFUSED, id="linear32"),
    pytest.param("encoding=mulaw" + RATE + "8000", [bytes(8_000)], 1.0, 1.0, id="mulaw"),
    pytest.param("encoding=alaw" + RATE + "8000", [bytes(8_000)], 1.0, REFUSED, id="alaw"),
    pytest.param("encoding=amr-nb" + RATE + "8000", packets("libopencore_amrnb", 8000), 1.0, 1.0, id="amr-nb"),
    pytest.param("encoding=amr-wb" + RATE + "16000", amr_wb(), 1.0, 1.0, id="amr-wb"),
    pytest.param("encoding=g729" + RATE + "8000", [Random(1).randbytes(1000)], 1.0, 1.0, id="g729"),
    pytest.param("encoding=opus" + RATE + "48000", packets("libopus", 48_000), 1.0, REFUSED, id="opus"),
    pytest.param("encoding=speex" + RATE + "8000", [b"\x08" + bytes(4) + b"\x0f"] * 50, 1.0, REFUSED, id="speex"),
    pytest.param("encoding=flac" + RATE + "16000", container("flac", "flac", 16_000), 1.0, 1.0, id="flac-declared"),
    pytest.param("encoding=ogg-opus", container("ogg", "libopus", 48_000), 1.0, REFUSED, id="ogg-opus"),
    pytest.param("", container("wav", "pcm_s16le", 16_000), 1.0, 1.0, id="wav"),
    pytest.param("", container("ogg", "libopus", 48_000), 1.0, 1.0, id="ogg"),
    pytest.param("", container("webm", "libopus", 48_000), 1.0, 1.0, id="webm"),
    pytest.param("", container("flac", "flac", 16_000), 1.0, 1.0, id="flac"),
    pytest.param("", container("mp3", "libmp3lame", 16_000), 1.0, 1.0, id="mp3"),
    pytest.param("", container("mp4", "aac", 16_000), 1.0, 1.0, id="mp4"),
    pytest.param("", container("adts", "aac", 16_000), 1.0, 1.0, id="aac"),
    pytest.param("", [bytes(32_000)], NOTHING, REFUSED, id="raw-undeclared"),
    pytest.param("", container("webm", "libopus", 48_000)[2:], NOTHING, REFUSED, id="first-part-lost"),
    pytest.param("encoding=amr-nb" + RATE + "8000", [b"\x7c" * 500], NOTHING, REFUSED, id="no-amr"),
]


@pytest.mark.parametrize(("query", "frames", "streamed_s", "posted_s"), ROWS)
def test_seconds_are_those_of_the_audio(
    port: int, query: str, frames: list[bytes], streamed_s: float, posted_s: float | None
) -> None:
    target, key = f"127.0.0.1:{port}/v1/listen?model=nova-3&{query}", {"Authorization": "Token any"}
    with connect(f"ws://{target}", additional_headers=key, proxy=None) as line:
        for frame in frames:
            line.send(frame)
        line.send('{"type":"CloseStream"}')
        said = [json.loads(text) for text in line]
    metadata = said[-1]
    assert metadata["type"] == "Metadata"
    assert metadata["duration"] == pytest.approx(streamed_s, abs=0.15)
    assert metadata["channels"] == (1 if streamed_s else 0)
    request = Request(f"http://{target}", b"".join(frames), key)
    if posted_s is None:
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=SECONDS)
        assert refused.value.code == 400
        refused.value.close()
        return
    with urlopen(request, timeout=SECONDS) as answer:
        assert json.load(answer)["metadata"]["duration"] == pytest.approx(posted_s, abs=0.15)
