"""What a server can answer with, and how the right one is found: by name, by the file's hash, or by the audio itself.

A posted file is known by the sha256 of its bytes, else by that of its decoded samples, because some clients write the
WAV header anew. A stream must be answered before it has ended, so it is known by its leading audio, whatever its
chunks, header or encoding; and it is followed after that, because a stream may leave the recording it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from harness.audio.decode import Audio
from harness.audio.fingerprint import LEAD_AUDIO_S, RATE, Fingerprint, fingerprint, pcm_sha256
from harness.audio.follower import Follower
from harness.audio.identity import LeadMatcher, Matched, Unmatched
from harness.audio.pcm import Samples
from harness.audio.stream_decoder import StreamDecoder
from harness.protocol.options import ListenOptions
from mock_server.sources import FileSource, Source, silence
from mock_server.transcriber import StreamSource

RECORDING_EXTRA: Final = "recording"
"""`extra=recording:NAME` names the recording to answer with; a `tag` that is a recording's name does so too."""


@dataclass(frozen=True)
class Known:
    """A source and what is known of the audio that it answers.

    Attributes:
        source: what to answer.
        file_sha256: hash of the file that was transcribed, when known.
        audio: its samples, when they are at hand.
    """

    source: Source
    file_sha256: str | None = None
    audio: Audio | None = None

    @cached_property
    def pcm_sha256(self) -> str | None:
        """Identity of the samples."""
        return pcm_sha256(self.audio) if self.audio is not None else None

    @cached_property
    def fingerprint(self) -> Fingerprint | None:
        """The whole audio, ready to be compared with a stream."""
        return fingerprint(self.audio, None) if self.audio is not None else None

    @cached_property
    def lead(self) -> Fingerprint | None:
        """The beginning of it, which is all that a stream's beginning is compared with."""
        whole = self.fingerprint
        return Fingerprint(whole.samples[: int(LEAD_AUDIO_S * RATE)], whole.onset) if whole is not None else None

    @property
    def is_told_by_its_audio(self) -> bool:
        """Whether a stream of this very audio is recognised: silence is not, nor is next to nothing in silence."""
        if self.audio is None or self.fingerprint is None or self.lead is None or not len(self.lead.samples):
            return False
        begin_audio_s = max(0.0, self.fingerprint.onset / RATE - 1)
        begin, end = (round(at * self.audio.sample_rate) for at in (begin_audio_s, begin_audio_s + 2 * LEAD_AUDIO_S))
        matcher = LeadMatcher({self.source.name: self.lead})
        matcher.feed(self.audio.samples[begin:end], self.audio.sample_rate)
        return isinstance(matcher.finish(), Matched)

    def prepare(self) -> None:
        """Do the costly part now, milliseconds for each, lest the first stream to connect hold up all others."""
        if self.lead is not None:
            self.lead.emphasised  # noqa: B018 - reading it makes it


@dataclass(frozen=True)
class Unidentified:
    """Nothing answers this; `sentence` names what was looked for and the nearest candidates."""

    sentence: str


class Replies:
    """Everything a server answers with.

    Args:
        known: sources with the audio they answer.
        always: answers whatever is sent, known or not (`--say`, or the only recording).
        unknown_is_silence: answer audio that nothing matches with silence instead of a refusal.
    """

    def __init__(
        self, known: Iterable[Known] = (), *, always: Source | None = None, unknown_is_silence: bool = False
    ) -> None:
        self._known = {entry.source.name: entry for entry in known}
        for entry in self._known.values():
            entry.prepare()
        self._always = always
        self._fallback = silence() if unknown_is_silence else None

    @property
    def goes_by_recordings(self) -> bool:
        """Whether a client that comes back is looked for in what it was answered from; a recogniser hears it anew."""
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `extra=recording:NAME` can say."""
        return tuple(self._known)

    def check_named(self, options: ListenOptions) -> str | None:
        """A sentence when the query names a recording that is not here, else None."""
        wanted = options.extra_fields.get(RECORDING_EXTRA)
        if wanted is None or wanted in self._known:
            return None
        return f"no recording is named {wanted!r}; {self._nearest_names(wanted)}"

    def identify(self, options: ListenOptions) -> Identification:
        """Begin to find out what answers a stream."""
        named = self._named(options)
        if named is not None:
            return Identification(chosen=named.source, recording=named.fingerprint)
        if self._always is not None:
            known = self._known.get(self._always.name)
            return Identification(chosen=self._always, recording=known.fingerprint if known else None)
        return Identification(known=tuple(self._known.values()), fallback=self._fallback)

    def for_file(
        self, data: bytes, sha256: str, audio: Audio | None, options: ListenOptions
    ) -> FileSource | Unidentified:
        """What answers a posted file; `audio` is its decoded samples, None when they cannot be decoded."""
        named = self._named(options)
        if named is not None:
            return named.source
        if self._always is not None:
            return self._always
        wanted_pcm = pcm_sha256(audio) if audio is not None else None
        for entry in self._known.values():
            if sha256 == entry.file_sha256 or (wanted_pcm is not None and wanted_pcm == entry.pcm_sha256):
                return entry.source
        if self._fallback is not None:
            return self._fallback
        return self._no_such_file(sha256, audio)

    def _named(self, options: ListenOptions) -> Known | None:
        names = [options.extra_fields.get(RECORDING_EXTRA), *(options.tag or ())]
        return next((self._known[name] for name in names if name is not None and name in self._known), None)

    def _nearest_names(self, wanted: str) -> str:
        nearest = get_close_matches(wanted, self._known, n=3, cutoff=0.0)
        return f"nearest: {', '.join(nearest)}" if nearest else "this server has no recordings"

    def _no_such_file(self, sha256: str, audio: Audio | None) -> Unidentified:
        looked_for = f"no recording answers the posted file (sha256 {sha256[:12]}…"
        if audio is None:
            return Unidentified(f"{looked_for}, which cannot be decoded); {_list_of(self._known)}")
        duration_audio_s = audio.duration_audio_s
        by_length = sorted(
            (entry for entry in self._known.values() if entry.audio is not None),
            key=lambda entry: abs(entry.audio.duration_audio_s - duration_audio_s) if entry.audio else 0.0,
        )
        nearest = [f"{e.source.name} ({e.audio.duration_audio_s:.2f} s)" for e in by_length[:3] if e.audio]
        tail = f"nearest in length: {', '.join(nearest)}" if nearest else _list_of(self._known)
        return Unidentified(f"{looked_for}, {duration_audio_s:.2f} s); {tail}")


class Identification:
    """Finds out, while a stream comes in, which source answers it; and watches whether it stays with its recording."""

    def __init__(
        self,
        *,
        chosen: StreamSource | None = None,
        known: Sequence[Known] = (),
        recording: Fingerprint | None = None,
        fallback: Source | None = None,
    ) -> None:
        self.source = chosen
        self.recording = recording
        self._known = {entry.source.name: entry for entry in known}
        self._fallback = fallback
        self._follower = Follower(recording) if recording is not None else None
        prints = {name: entry.lead for name, entry in self._known.items() if entry.lead is not None}
        self._matcher = LeadMatcher(prints)
        self._next_frame = 0

    @property
    def departed_at_audio_s(self) -> float | None:
        """Where the stream left its recording, as far as that was noticed."""
        return self._follower.departed_at_audio_s if self._follower is not None else None

    def settle(self, source: StreamSource | None, recording: Fingerprint | None, from_audio_s: float) -> None:
        """It was found out otherwise: the stream goes on in this recording, from this position on."""
        self.source, self.recording = source, recording
        self._follower = Follower(recording, -from_audio_s) if recording is not None else None

    def listen(self, decoder: StreamDecoder, *, last_chance: bool) -> StreamSource | Unidentified | None:
        """Take in the audio decoded since the last call.

        Args:
            decoder: of the stream.
            last_chance: no more will come, so it must be decided now.

        Returns:
            The source, once, when it has become clear; why there is none; or None when there is nothing new.
        """
        if self.source is not None:
            self._follow(decoder, to_the_end=last_chance)
            return None
        if not decoder.audio_s:
            return None  # nothing was heard that a recording could be about
        outcome = self._matcher.feed(self._new_samples(decoder), decoder.sample_rate)
        if last_chance and not isinstance(outcome, Matched | Unmatched):
            outcome = self._matcher.finish()
        if isinstance(outcome, Matched):
            return self._choose(outcome, decoder)
        return self._nothing(outcome, decoder) if isinstance(outcome, Unmatched) else None

    def _choose(self, matched: Matched, decoder: StreamDecoder) -> Source:
        known = self._known[matched.keys[0]]
        assert known.fingerprint is not None  # the matcher knows it by nothing else
        self.source, self.recording = known.source, known.fingerprint
        heard_audio_s = self._next_frame / decoder.sample_rate
        self._follower = Follower(known.fingerprint, matched.offset_audio_s, matched.gain, heard_audio_s)
        return known.source

    def _follow(self, decoder: StreamDecoder, *, to_the_end: bool) -> None:
        if self._follower is None or not decoder.sample_rate:
            return
        self._follower.feed(self._new_samples(decoder), decoder.sample_rate)
        if to_the_end:
            self._follower.finish()

    def _new_samples(self, decoder: StreamDecoder) -> Samples:
        samples = decoder.samples_since(self._next_frame)
        self._next_frame = max(self._next_frame, decoder.first_frame) + len(samples)
        return samples

    def _nothing(self, unmatched: Unmatched, decoder: StreamDecoder) -> Source | Unidentified:
        nearest = [f"{name} (similarity {similarity:.2f})" for name, similarity in unmatched.nearest[:3]]
        tail = f"nearest: {', '.join(nearest)}" if nearest else _list_of(self._known)
        if self._fallback is None:
            return Unidentified(f"no recording begins like the first {decoder.audio_s:.2f} s of this stream; {tail}")
        self.source = self._fallback
        return self._fallback


def _list_of(names: Iterable[str]) -> str:
    listed = list(names)
    if not listed:
        return "this server has no recordings"
    more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
    return f"here are {', '.join(listed[:5])}{more}"
