"""The client in virtual time, and a container's header, which every connection needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocol.messages import Results
from harness.recording.entries import Binary
from harness.streamer.settings import StreamSettings
from tests.unit.streamer.talk import AT_ONCE, finish

MakeClient = Callable[..., Any]
MakeFinal = Callable[..., Results]


HEADER = b"RIFF-and-so-on"


def test_every_connection_sees_the_header_in_one_frame_with_its_first_audio(
    client: MakeClient, final: MakeFinal
) -> None:
    one = client(StreamSettings(chunk_ms=100, reconnect=AT_ONCE), header=HEADER)
    one.begin()
    one.feed(1.0)
    one.end()
    one.open()
    one.run_for(0.55)
    one.hear(final(0.0, 0.5, ("one", 0.1, 0.4)))
    one.cut()
    one.run_for(0.0)
    one.open()
    one.run_for(2.0)
    begins = [data.startswith(HEADER) for _, data in one.frames]
    assert [at for at, begin in enumerate(begins) if begin] == [0, 6]
    first, again = (one.frames[at][1].removeprefix(HEADER) for at in (0, 6))
    assert (len(first), len(again)) == (200, 200)
    assert int.from_bytes(again[:2], "little") == 0  # 0.5 s of overlap before what is final
    one.hear(final(0.5, 1.0, ("two", 0.6, 0.9)))
    finish(one)
    outcome = one.outcome()
    assert outcome.transcript.text() == "one two"
    # The header is sent and recorded, and is no audio.
    assert outcome.audio == b"".join(data for _, data in one.frames)
    audio = outcome.recording.audio
    assert (audio.container, audio.encoding, audio.size) == ("wav", None, len(outcome.audio))
    assert audio.duration_audio_s == pytest.approx(1.6)
    assert outcome.pacing.audio_s == pytest.approx(1.6)
    assert [e.audio_s for e in one.upstream() if isinstance(e, Binary)][:2] == [0.1, 0.2]
