"""How to stream."""

from __future__ import annotations

from dataclasses import dataclass

from harness.audio.pacing import Speed
from harness.protocol.session import Timers
from harness.streamer.backoff import NEVER, ReconnectPolicy


@dataclass(frozen=True)
class StreamSettings:
    """How to stream.

    Attributes:
        chunk_ms: milliseconds of audio in each frame, 20 to 250.
        speed: audio seconds per wall second.
        buffer_audio_s: how much audio is kept: what is not sent yet, and what was sent and is not final yet; to Flux
            at least 3 s, so that a pause can go by.
        connect_timeout_s: longest wait for the upgrade.
        timers: KeepAlive, answer and drain timers of each connection.
        finalize: send Finalize after the last audio and before CloseStream.
        reconnect: when to come back after a connection was lost; `NEVER` for one connection, come what may.
        catch_up: how much faster than `speed` a backlog is sent, at least 1. Deepgram works at about 1.25 times real
            time: faster sending only moves the queue to the server (docs, «Recovering From Connection Errors»).
        overlap_audio_s: how much of what is final already is sent again to a new connection, so that it does not begin
            in the middle of a word; words heard twice are taken out.
        live: the source cannot wait. Then what the buffer cannot hold is dropped, oldest first, and reported.
    """

    chunk_ms: float = 20
    speed: Speed = Speed()
    buffer_audio_s: float = 30.0
    connect_timeout_s: float = 10.0
    timers: Timers = Timers()
    finalize: bool = False
    reconnect: ReconnectPolicy = NEVER
    catch_up: float = 1.25
    overlap_audio_s: float = 0.5
    live: bool = False
