"""The journal of a connection, entry by entry."""

from __future__ import annotations

from harness.audio.format import AudioFormat
from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.options import ListenOptions
from harness.recording.document import lines, parse
from harness.recording.entries import Audio, Close, Direction, End, Lost, Note, Opened, Refused, Side
from mock_server.journal import Journal
from mock_server.sources import SpokenSource
from mock_server.timeline import spoken


def _journal() -> Journal:
    return Journal("/v1/listen", "model=nova-3", "2026-11-20T09:14:33.207Z", "dgharness test", 100.0)


def test_times_count_from_the_connect() -> None:
    journal = _journal()
    journal.opened({"dg-request-id": "x"}, 100.25)
    journal.note("something", 101.5, 0.1234567)
    opened, note = journal.recording().entries
    assert isinstance(opened, Opened)
    assert isinstance(note, Note)
    assert (opened.wall_s, note.wall_s, note.audio_s) == (0.25, 1.5, 0.123457)


def test_the_header_says_who_answered_as_soon_as_that_is_known() -> None:
    journal = _journal()
    assert journal.recording().header.replies == "nothing: no recording was chosen"
    assert journal.recording().header.synthetic is None
    source = SpokenSource("text", spoken("hello"))
    journal.replies_from(source)
    header = journal.recording().header
    assert (header.side, header.replies, header.synthetic) == (Side.SERVER, source.describe(), True)


def test_the_first_bytes_are_kept_and_no_more() -> None:
    journal = _journal()
    for piece in (b"RI", b"FF....", b"WAVEfmt and much more"):
        journal.binary(piece, 100.0, 0.0)
    assert journal.lead_bytes == b"RIFF....WAVEfmt "


def test_closes_say_who_closed_and_a_missing_one_is_a_loss() -> None:
    journal = _journal()
    journal.closed_by_server(1000, "", 101.0, 1.0)
    journal.closed_by_client(1001, "bye", 102.0, 1.0)
    journal.closed_by_client(1006, "", 103.0, 1.0)
    ours, theirs, lost = journal.recording().entries
    assert isinstance(ours, Close)
    assert isinstance(theirs, Close)
    assert isinstance(lost, Lost)
    assert (ours.direction, ours.code) == (Direction.DOWNSTREAM, 1000)
    assert (theirs.direction, theirs.code, theirs.reason) == (Direction.UPSTREAM, 1001, "bye")
    assert lost.why == "the client's side of the connection ended without a close frame"


def test_a_refusal_is_the_whole_session() -> None:
    journal = _journal()
    journal.refused(401, {"dg-error": "Invalid credentials."}, "{}", 100.1)
    refused, end = journal.recording().entries
    assert isinstance(refused, Refused)
    assert isinstance(end, End)
    assert (refused.status, end.partial, end.why) == (401, True, "refused with 401")
    assert journal.finished
    assert journal.recording().partial


def test_what_was_kept_reads_back_as_a_recording() -> None:
    journal = _journal()
    journal.opened({}, 100.0)
    decoder = StreamDecoder(AudioFormat())
    decoder.feed(bytes(32_000))
    journal.binary(bytes(32_000), 101.0, decoder.audio_s)
    journal.text(Direction.UPSTREAM, '{"type":"CloseStream"}', 101.0, 1.0)
    options = ListenOptions(encoding="linear16", sample_rate=16_000)
    journal.finish("0" * 64, 32_000, decoder, options, 101.5)
    recording = journal.recording("kept")
    assert parse((text.encode() for text in lines(recording)), "kept.jsonl") == recording
    (audio,) = recording.of(Audio)
    assert (audio.encoding, audio.sample_rate, audio.channels, audio.container) == ("linear16", 16_000, 1, "raw")
    assert (audio.size, audio.duration_audio_s) == (32_000, 1.0)
