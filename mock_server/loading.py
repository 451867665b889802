"""Turns files into sources: recordings, pre-recorded responses, references. The one file of the mock that reads them.

`NAME.jsonl` is a recorded session and `NAME.json` a pre-recorded response; two that share a name in a folder are of the
same audio and make one source. The audio is looked for beside them, as the recording says. A `NAME.json` that is named
by itself may also be a list of Flux frames (`harness.recording.flux_frames`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from harness.audio.decode import Audio, decode, decode_raw
from harness.audio.format import AudioFormat, Encoding
from harness.errors import BadInput
from harness.protocol.codec import decode_prerecorded
from harness.protocol.prerecorded import PrerecordedResponse
from harness.recording import store
from harness.recording.document import Recording
from harness.recording.flux_frames import from_flux_frames, looks_like_flux_frames
from mock_server.library import Known
from mock_server.sources import RecordedSource, SpokenSource
from mock_server.timeline import Phrase, Timeline, from_phrases, spoken

RECORDING_ENDING: Final = ".jsonl"
RESPONSE_ENDING: Final = ".json"
MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024


class _Reference(msgspec.Struct, frozen=True):
    text: str
    channels: int = 1
    phrases: tuple[_Phrase, ...] = ()


class _Phrase(msgspec.Struct, frozen=True):
    text: str
    start_audio_s: float
    end_audio_s: float
    channel: int = 0


def load_known(paths: Iterable[Path]) -> list[Known]:
    """Every source in some files and folders; a folder gives the recordings and responses in it.

    Raises:
        BadInput: a path is missing, a file that was named is neither, one in a folder is broken, or two share a name.
    """
    known: list[Known] = []
    for path in paths:
        if path.is_dir():
            known += _folder(path)
        elif path.suffix == RECORDING_ENDING:
            known.append(from_recording(path))
        elif path.suffix == RESPONSE_ENDING:
            known.append(_from_json(path))
        elif path.exists():
            raise BadInput(f"{path}: neither a recording ({RECORDING_ENDING}) nor a response ({RESPONSE_ENDING})")
        else:
            raise BadInput(f"{path}: no such file or folder")
    name, times = Counter(entry.source.name for entry in known).most_common(1)[0] if known else ("", 1)
    if times > 1:
        raise BadInput(f"{name}: {times} recordings have this name; wanted names that tell them apart")
    return known


def from_recording(path: Path) -> Known:
    """A recorded session and, as far as it was kept, its audio.

    Raises:
        BadInput: the file is no recording, or the audio beside it was changed.
    """
    recording = store.load(path)
    audio = recording.audio
    source = RecordedSource(recording.name, recording)
    try:
        source.session, source.flux_session  # noqa: B018 - reading them checks them
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return Known(
        source=source,
        file_sha256=audio.sha256 if audio is not None else None,
        audio=_audio_of(path, recording),
    )


def from_response(path: Path) -> Known:
    """A pre-recorded response; the audio is known by the sha256 that the response reports.

    Raises:
        BadInput: the file is no response of `POST /v1/listen`.
    """
    response = _response(path)
    return Known(source=RecordedSource(path.stem, response=response), file_sha256=response.metadata.sha256)


def from_reference(path: Path, *, audio: Audio | None = None) -> Known:
    """A script made from a reference: JSON with measured phrases, or plain text spoken at a natural rate.

    Raises:
        BadInput: the file is missing or no reference.
    """
    data = _read(path)
    if path.suffix != ".json":
        return Known(SpokenSource(path.stem, _spoken(data, path)), audio=audio)
    try:
        reference = msgspec.json.decode(data, type=_Reference)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{path}: no reference: {error}") from None
    phrases = [Phrase(p.text, p.start_audio_s, p.end_audio_s, p.channel) for p in reference.phrases]
    duration_audio_s = audio.duration_audio_s if audio is not None else None
    try:
        timeline = timeline_of(reference.text, phrases, reference.channels, duration_audio_s)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return Known(SpokenSource(path.stem, timeline), audio=audio)


def timeline_of(text: str, phrases: Iterable[Phrase], channels: int, duration_audio_s: float | None) -> Timeline:
    """The timeline of a reference: by its phrases where they were measured, else at a natural rate."""
    measured = list(phrases)
    if not measured:
        return replace(spoken(text), duration_audio_s=duration_audio_s)
    return from_phrases(measured, channels, duration_audio_s)


def say(text_or_file: str) -> SpokenSource:
    """What `--say` asks for: a text, or `@FILE` for the text in a file.

    Raises:
        BadInput: the file is missing or not text, or there is nothing to say.
    """
    if text_or_file.startswith("@"):
        path = Path(text_or_file[1:])
        return SpokenSource(path.stem, _spoken(_read(path), path))
    if not text_or_file.strip():
        raise BadInput("--say: the text is empty; wanted words, or @FILE")
    return SpokenSource("say", spoken(text_or_file))


def _from_json(path: Path) -> Known:
    """A pre-recorded response or a list of Flux frames, whichever it is."""
    data = _read(path)
    if not looks_like_flux_frames(data):
        return from_response(path)
    source = RecordedSource(path.stem, from_flux_frames(data, str(path)))
    source.flux_session  # noqa: B018 - reading it checks it
    return Known(source)


def _folder(folder: Path) -> list[Known]:
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.suffix in (RECORDING_ENDING, RESPONSE_ENDING):
            by_name[path.stem].append(path)
    if not by_name:
        raise BadInput(f"{folder}: no recordings ({RECORDING_ENDING}) and no responses ({RESPONSE_ENDING}) in it")
    return [_joined(paths) for paths in by_name.values()]


def _joined(paths: list[Path]) -> Known:
    """One source for a session and a response that share a name."""
    session = next((from_recording(path) for path in paths if path.suffix == RECORDING_ENDING), None)
    response_path = next((path for path in paths if path.suffix == RESPONSE_ENDING), None)
    if session is None:
        assert response_path is not None
        return from_response(response_path)
    if response_path is None or not isinstance(session.source, RecordedSource):
        return session
    response = _response(response_path)
    source = replace(session.source, response=response)
    return replace(session, source=source, file_sha256=response.metadata.sha256)


def _audio_of(path: Path, recording: Recording) -> Audio | None:
    data, described = store.load_audio(path, recording), recording.audio
    if data is None or described is None:
        return None
    if described.encoding is None:
        return decode(data, str(path))
    if described.encoding not in set(Encoding) or described.sample_rate is None:
        return None  # such audio is known by its bytes alone
    try:
        raw = AudioFormat(Encoding(described.encoding), described.sample_rate, described.channels or 1)
        return decode_raw(data, raw)
    except BadInput as error:
        raise BadInput(f"{path}: its audio cannot be read: {error}") from None


def _response(path: Path) -> PrerecordedResponse:
    try:
        return decode_prerecorded(_read(path))
    except msgspec.MsgspecError as error:
        raise BadInput(f"{path}: no response of POST /v1/listen: {error}") from None


def _spoken(data: bytes, path: Path) -> Timeline:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
    if not text.strip():
        raise BadInput(f"{path}: the file is empty; wanted the words to say")
    return spoken(text)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_RESPONSE_BYTES:
            raise BadInput(f"{path}: larger than {MAX_RESPONSE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
