"""Sessions in which the client cuts its audio wrongly."""

from __future__ import annotations

from typing import Any

from harness.conformance.settings import ClientClaim
from harness.recording.entries import Binary, Direction
from tests.unit.conformance.breaking.table import Breaks, Make

UP = Direction.UPSTREAM
breaks = Breaks()


CONTAINER = "model=nova-3"


@breaks("C-CHUNK-SIZE")
def _half_second_frames(talk: Make) -> Any:
    return talk().opened().audio(3, 16_000).finish().judged()


@breaks("C-CHUNK-ADVISED")
def _tenth_second_frames(talk: Make) -> Any:
    return talk().opened().audio(3, 3_200).finish().judged()


@breaks("C-CHUNK-CONSISTENT")
def _uneven_frames(talk: Make) -> Any:
    session = talk().opened().audio(1)
    for size in (1_280, 960, 700, 640):
        session.frame(size).wait(size / 32_000)
    return session.audio(1).finish().judged()


@breaks("C-SPLIT-SAMPLE")
def _odd_frames(talk: Make) -> Any:
    return talk().opened().audio(1, 641).finish().judged()


@breaks("C-CHUNK-CLAIM")
def _twice_as_long_as_claimed(talk: Make) -> Any:
    return talk().opened().audio(1, 1_280).finish().judged(claim=ClientClaim(chunk_ms=20))


@breaks("C-EMPTY-FRAME")
def _empty_frame_in_the_middle(talk: Make) -> Any:
    return talk().opened().audio(1).frame(0).audio(1).tells("CloseStream").wait(0.1).metadata(1.0).close().judged()


@breaks("C-AUDIO-AFTER-CLOSE")
def _overtaken_audio(talk: Make) -> Any:
    session = talk().opened().audio(1).tells("CloseStream").audio(0.1).wait(0.1)
    return session.metadata(1.0).close().judged()


@breaks("C-CONTROL-BINARY")
def _keep_alive_as_audio(talk: Make) -> Any:
    session = talk().opened().audio(1)
    session.entries.append(Binary(leg=0, direction=UP, wall_s=session.wall_s, audio_s=1.0, size=20))
    return session.audio(1).finish().judged()


@breaks("C-HEADER-IN-RAW")
def _wav_as_raw(talk: Make) -> Any:
    return talk().opened().audio(1).finish().judged(lead_bytes=b"RIFF\x24\x08\x00\x00WAVEfmt ")


@breaks("C-UNDECODED")
def _raw_undeclared(talk: Make) -> Any:
    return talk(query=CONTAINER).opened().audio(1).finish(0.0).judged()
