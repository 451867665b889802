"""Cases: what to stream, with which options, what was really said, where replies come from, and what is good enough.

A case is a TOML file; docs/reference/cases.md describes it. It is read strictly: a key that is not known is an error,
so that a typing mistake never becomes a default.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from harness.audio.chunking import chunk_size
from harness.audio.format import AudioFormat, Encoding
from harness.audio.pacing import Speed
from harness.audio.segment import Segment
from harness.errors import BadInput
from harness.protocol.flux_options import declared_flux_options
from harness.protocol.listen_options import read_pairs
from harness.protocol.parameters import Endpoint
from harness.protocol.refusal import Refusal
from harness.scoring.normalize import normalizer

_DECLARED_BY_STREAM: Final = ("encoding", "sample_rate", "channels")

CHUNK_MS: Final = 20.0
FLUX_CHUNK_MS: Final = 80.0
"""What Deepgram's docs strongly recommend for Flux."""


Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""0.1 is 10 %."""

NotNegative: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]


class RepliesFrom(StrEnum):
    """What answers a case."""

    SCRIPT = "script"
    """A script synthesised from the reference, with seeded word errors."""
    RECORDING = "recording"
    """A recorded session, and a recorded pre-recorded response where there is one."""
    SERVER = "server"
    """Whatever the server at `--url` has: a live service, or a mock that was started elsewhere."""


class StreamingEndpoint(StrEnum):
    """What a case is streamed to."""

    LISTEN = "/v1/listen"
    FLUX = "/v2/listen"


class Replies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[replies]`.

    Attributes:
        kind: the key `from`.
        recording: path of the recording, for `recording`.
        prerecorded: path of a pre-recorded response in JSON, for `recording`.
        streaming_error_rate: share of words that streaming gets wrong, for `script`.
        prerecorded_error_rate: the same for pre-recorded.
        seed: of those errors.
    """

    kind: RepliesFrom = msgspec.field(name="from", default=RepliesFrom.SCRIPT)
    recording: str | None = None
    prerecorded: str | None = None
    streaming_error_rate: Share = 0.0
    prerecorded_error_rate: Share = 0.0
    seed: int = 0


class Stream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[stream]`: how the audio is sent. Its format is what the query string declares.

    Attributes:
        endpoint: what it is sent to; Flux hears one channel, in turns.
        chunk_ms: audio of one binary frame, 20 to 250 ms; None is 20, to Flux 80.
        speed: seconds of audio for each wall second, or `max`.
        encoding: raw encoding, converted to.
        sample_rate: in Hz, resampled to.
        channels: mixed to; None is the file's with `multichannel`, else one.
        finalize: whether Finalize is sent before CloseStream; to Flux, ForceEndTurn.
        reconnect: attempts in a row after a connection was lost; 0 is one connection, come what may.
    """

    endpoint: StreamingEndpoint = StreamingEndpoint.LISTEN
    chunk_ms: float | None = None
    speed: str | int | float = "1"
    encoding: str = "linear16"
    sample_rate: int = 16_000
    channels: int | None = None
    finalize: bool = False
    reconnect: Annotated[int, msgspec.Meta(ge=0)] = 0


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[thresholds]`: most that is allowed. WER, CER as shares (0.1 is 10 %), drift in seconds."""

    streaming_wer: NotNegative | None = None
    prerecorded_wer: NotNegative | None = None
    streaming_cer: NotNegative | None = None
    prerecorded_cer: NotNegative | None = None
    first_interim_wall_s: NotNegative | None = None
    drift_s: NotNegative | None = None
    verdict_warnings: Annotated[int, msgspec.Meta(ge=0)] | None = None


class _CaseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    audio: str
    name: str | None = None
    about: str = ""
    reference: str | None = None
    reference_file: str | None = None
    normalizer: str = "basic"
    options: dict[str, str | int | float | bool | list[str]] = {}
    stream: Stream = Stream()
    replies: Replies = Replies()
    thresholds: Thresholds = Thresholds()
    faults: list[dict[str, Any]] = []
    seed: int = 0


class Phrase(msgspec.Struct, frozen=True):
    """One phrase of a reference: its words, its span in seconds of audio, its channel."""

    text: str
    start_audio_s: float
    end_audio_s: float
    channel: int = 0


class Reference(msgspec.Struct, frozen=True):
    """What was really said; `phrases` are empty when only the text is known."""

    text: str
    channels: int = 1
    phrases: tuple[Phrase, ...] = ()

    def channel_text(self, channel: int) -> str:
        """What was said on one channel; all of it when the phrases are not known."""
        if not self.phrases:
            return self.text
        return " ".join(phrase.text for phrase in self.phrases if phrase.channel == channel)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its paths resolved and its values checked.

    Attributes:
        name: what reports call it.
        about: one line on what it shows.
        path: the case file.
        audio: path of the audio file.
        reference: what was said, or None.
        normalizer: name of the normaliser that both sides are scored under.
        options: further parameters of the query string, values as on the wire.
        stream: how it is sent.
        replies: where replies come from, paths resolved.
        thresholds: what is good enough.
        faults: the tables `[[faults]]` as they stand; whoever makes them happen checks what is in them.
        seed: of all chance in the case's server and its faults, unless the run has one.
        segment: the part of the audio that is meant; None is all of it.
    """

    name: str
    about: str
    path: Path
    audio: Path
    reference: Reference | None
    normalizer: str
    options: tuple[tuple[str, str], ...]
    stream: Stream
    replies: Replies
    thresholds: Thresholds
    faults: tuple[dict[str, Any], ...] = ()
    seed: int = 0
    segment: Segment | None = None

    @property
    def speed(self) -> Speed:
        """The speed to send at."""
        return Speed.parse(str(self.stream.speed))

    @property
    def flux(self) -> bool:
        """Whether it is streamed to Flux."""
        return self.stream.endpoint is StreamingEndpoint.FLUX

    @property
    def chunk_ms(self) -> float:
        """Milliseconds of audio in a frame."""
        usual_ms = FLUX_CHUNK_MS if self.flux else CHUNK_MS
        return usual_ms if self.stream.chunk_ms is None else self.stream.chunk_ms

    def at_speed(self, speed: str) -> Case:
        """The same case sent at another speed."""
        return msgspec.structs.replace(self, stream=msgspec.structs.replace(self.stream, speed=speed))

    def audio_format(self, channels_in_file: int) -> AudioFormat:
        """The raw format to send: the file's channels when `multichannel` asks for each, else mono, unless told."""
        multichannel = dict(self.options).get("multichannel") == "true"
        channels = self.stream.channels
        if channels is None:
            channels = channels_in_file if multichannel else 1
        return AudioFormat(Encoding(self.stream.encoding), self.stream.sample_rate, channels)


def load_case(path: Path) -> Case:
    """Read one case file.

    Raises:
        BadInput: it is missing, not TOML, or a key or value in it is wrong; the sentence names file and field.
    """
    return parse_case(_read(path), path, lambda relative: _read(path.parent / relative))


def parse_case(text: str, path: Path, read: Callable[[str], str]) -> Case:
    """Make a case of a file's text; `read` gives the text of a file named in it."""
    file = _checked(text, path)
    if file.reference is not None and file.reference_file is not None:
        raise BadInput(f"{path}: reference and reference_file are both given; wanted one of them")
    reference = _reference(file, path, read)
    if file.replies.kind is RepliesFrom.SCRIPT and reference is None:
        raise BadInput(f"{path}: replies come from a script, which needs reference or reference_file")
    if file.replies.kind is RepliesFrom.RECORDING and not (file.replies.recording or file.replies.prerecorded):
        raise BadInput(f"{path}: replies come from a recording, but neither recording nor prerecorded names one")
    case = Case(
        name=file.name or path.stem,
        about=file.about,
        path=path,
        audio=path.parent / file.audio,
        reference=reference,
        normalizer=file.normalizer,
        options=tuple(_wire_options(file.options)),
        stream=file.stream,
        replies=_resolved(file.replies, path.parent),
        thresholds=file.thresholds,
        faults=tuple(file.faults),
        seed=file.seed,
    )
    _check(case)
    return case


def _check(case: Case) -> None:
    try:
        chunk_size(case.audio_format(1), case.chunk_ms)
        case.speed  # noqa: B018 - reading it checks it
    except (BadInput, ValueError) as error:
        raise BadInput(f"{case.path}: [stream] {error}") from None
    try:
        normalizer(case.normalizer)
    except BadInput as error:
        raise BadInput(f"{case.path}: normalizer: {error}") from None
    declared = [name for name, _ in case.options if name in _DECLARED_BY_STREAM]
    if declared:
        raise BadInput(f"{case.path}: [options] {declared[0]} is declared by [stream]; wanted it there")
    if case.flux and case.stream.channels not in (None, 1):
        raise BadInput(f"{case.path}: [stream] channels is {case.stream.channels}; wanted 1: Flux hears one channel")
    options = (
        declared_flux_options(case.options, case.audio_format(1))
        if case.flux
        else read_pairs(case.options, Endpoint.STREAMING, strict=True)
    )
    if isinstance(options, Refusal):
        raise BadInput(f"{case.path}: [options] {options.message}")


def _checked(text: str, path: Path) -> _CaseFile:
    try:
        return msgspec.convert(tomllib.loads(text), _CaseFile)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadInput(f"{path}: {error}") from None


def _reference(file: _CaseFile, path: Path, read: Callable[[str], str]) -> Reference | None:
    if file.reference is not None:
        return Reference(file.reference)
    if file.reference_file is None:
        return None
    text = read(file.reference_file)
    if not file.reference_file.endswith(".json"):
        return Reference(text.strip())
    where = path.parent / file.reference_file
    try:
        reference = msgspec.json.decode(text, type=Reference)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{where}: no reference: {error}") from None
    for phrase in reference.phrases:
        if not 0 <= phrase.channel < reference.channels:
            wanted = f"wanted 0 to {reference.channels - 1}"
            raise BadInput(f"{where}: the phrase {phrase.text!r} is on channel {phrase.channel}; {wanted}")
        if not 0 <= phrase.start_audio_s <= phrase.end_audio_s:
            span = f"from {phrase.start_audio_s:g} to {phrase.end_audio_s:g} s"
            raise BadInput(
                f"{where}: the phrase {phrase.text!r} lasts {span}; wanted an end after a start of 0 or more"
            )
    return reference


def _resolved(replies: Replies, folder: Path) -> Replies:
    return msgspec.structs.replace(
        replies,
        recording=str(folder / replies.recording) if replies.recording else None,
        prerecorded=str(folder / replies.prerecorded) if replies.prerecorded else None,
    )


def _wire_options(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        for item in value if isinstance(value, list) else [value]:
            yield name, json.dumps(item) if isinstance(item, bool) else str(item)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
