"""Compressed and container audio through FFmpeg (PyAV): opening safely, frames to samples."""

from __future__ import annotations

from typing import IO

import av
import av.container

from harness.audio.pcm import Samples, scaled

# Audio may come from strangers. FFmpeg also "plays" playlists that name other files and URLs (HLS, concat, SDP): those
# demuxers are shut out, and no protocol can be opened from within a file.
_SAFE = {
    "format_whitelist": "wav,w64,ogg,matroska,flac,mp3,mov,aac,amr,aiff,au,caf",
    "protocol_whitelist": "none",
}
_PLAIN_NAME = {"matroska,webm": "webm", "mov,mp4,m4a,3gp,3g2,mj2": "mp4"}


def open_container(file: IO[bytes]) -> av.container.InputContainer:
    """Open audio held in `file`, read from its present position.

    Raises:
        av.FFmpegError: this is no audio container, or too little of one.
    """
    return av.open(file, mode="r", options=dict(_SAFE))


def container_name(container: av.container.InputContainer) -> str:
    """FFmpeg's name of the container, with "webm" and "mp4" for its two families."""
    name = container.format.name
    return _PLAIN_NAME.get(name, name)


def frame_samples(frame: av.AudioFrame) -> Samples:
    """A decoded frame as float32 of shape (frames, channels)."""
    samples = scaled(frame.to_ndarray())
    return samples.T if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels)
