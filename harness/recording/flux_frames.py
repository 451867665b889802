"""The JSON layout in which Deepgram's .NET SDK keeps a Flux session: the frames that the server sent, literally.

One object, `{"url": "wss://…/v2/listen?…", "frames": ["{\\"type\\":\\"Connected\\",…}", …]}`. It has no arrival times
and nothing that the client sent. Each `TurnInfo` is taken to have come when its own audio was sent in real time, which
is what `audio_window_end` says; every other message came with the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from harness.errors import BadInput
from harness.recording.document import Recording
from harness.recording.entries import AnyEntry, Direction, End, Header, Opened, Side, Text
from harness.recording.foreign import fitting, read_json
from harness.recording.scrub import clean_query

MAX_FRAMES_BYTES: Final = 64 * 1024 * 1024
TOOL: Final = "a list of Flux frames"
WANTED: Final = "an object with the url of a Flux session and its frames"


class _Session(msgspec.Struct):
    url: str
    frames: list[str]


class _Frame(msgspec.Struct):
    """What of a frame says where in the audio it belongs."""

    type: str
    request_id: str = ""
    audio_window_end: float = 0.0


def from_flux_frames(data: bytes, name: str) -> Recording:
    """Read a session as the .NET SDK's fixtures have it; `name` is what to call it in errors and in the recording.

    Raises:
        BadInput: the file is too large, no such object, or a frame is no message; the sentence names the file and the
            frame, counted from 0.
    """
    if len(data) > MAX_FRAMES_BYTES:
        raise BadInput(f"{name}: {len(data)} bytes; at most {MAX_FRAMES_BYTES} are read")
    session: _Session = read_json(data, _Session, name, WANTED)
    try:
        url = urlsplit(session.url)
    except ValueError as error:
        raise BadInput(f"{name}: url: {error}; wanted {WANTED}") from None
    texts = list(_texts(session.frames, name))
    request_id = _frame(session.frames[0], f"{name}, frame 0").request_id if session.frames else ""
    opened = Opened(leg=0, wall_s=0.0, headers={"dg-request-id": request_id} if request_id else {})
    end = End(wall_s=max((text.wall_s for text in texts), default=0.0))
    entries: tuple[AnyEntry, ...] = (opened, *texts, end)
    header = Header(
        side=Side.CLIENT,
        path="/v2/listen",
        query=clean_query(url.query),
        created="",
        tool=TOOL,
        replies=url.hostname or "an unknown host",
        synthetic=False,
    )
    return Recording(header, entries, name.rsplit("/", 1)[-1].removesuffix(".json"))


def looks_like_flux_frames(data: bytes) -> bool:
    """Whether a JSON file is such a session rather than a pre-recorded response."""
    try:
        return bool(msgspec.json.decode(data, type=_Session).frames)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _texts(frames: list[str], name: str) -> Iterator[Text]:
    at_audio_s = 0.0
    for number, text in enumerate(frames):
        where = f"{name}, frame {number}"
        at_audio_s = max(at_audio_s, round(_frame(text, where).audio_window_end, 6))
        entry = Text(leg=0, direction=Direction.DOWNSTREAM, wall_s=at_audio_s, audio_s=at_audio_s, text=text)
        yield fitting(entry, where)


def _frame(text: str, where: str) -> _Frame:
    frame: _Frame = read_json(text.encode(errors="replace"), _Frame, where, "a message with its type")
    return frame
