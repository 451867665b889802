"""What the `deepgram_server` fixture hands out: a mock Deepgram in a thread, its sessions, and verdicts on them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from traceback import format_exception
from typing import Any, Final, Literal, TypeAlias

from harness.audio.pacing import Speed
from harness.conformance.findings import Blame, Severity, Verdict
from harness.conformance.judge import judge
from harness.conformance.settings import ClientClaim, JudgeSettings
from harness.errors import BadInput
from harness.recording.document import Recording
from mock_server import loading
from mock_server.faults.base import Fault
from mock_server.faults.notation import parse_fault, parse_fault_text
from mock_server.faults.when import Firing
from mock_server.journal import Journal
from mock_server.library import Replies
from mock_server.server import BackgroundServer, MockServer
from mock_server.settings import ServerSettings
from reports.render_text import render_verdict_text

DEFAULT_TEXT: Final = "Hello from your local Deepgram."
"""What it says to any audio when no marker names anything else."""

SETTLE_TIMEOUT_S: Final = 2.0
"""How long a judge or a report waits for sessions that a client is just leaving."""

STOP_TIMEOUT_S: Final = 0.5
"""How long a stop does: what a client leaves open after that is cut."""

AnyPath: TypeAlias = str | Path


class DeepgramServer:
    """A mock Deepgram for one test. Its arguments are those of the marker.

    Args:
        folder: what relative paths are relative to: the folder of the test's file.
        recording: recordings (`.jsonl`), pre-recorded responses (`.json`) or folders of them. A single one answers
            whatever is sent; of several, the one that fits the audio.
        say: answer any audio with this text.
        script: answer any audio with a reference text (`.json` with measured phrases, or plain text).
        lag_scale: factor on the delay of answers; 0 answers as soon as the audio is there.
        api_key: the only key let in; None lets in any.
        any_model: accept model names that Deepgram does not publish.
        idle_timeout_s: silence of the client before the close with NET-0001; None for that of `settings`: 10 s, on
            `/v2/listen` 60 s.
        output_timeout_s: nothing to say for so long before the close with NET-0000; None for that of `settings`, 30 s.
        file_urls: for `{"url": …}`: URL, or URL prefix that ends in `/`, to the file or folder that stands for it.
        faults: what goes wrong, each a line such as `reset at_audio_s=3 leg=0`, or a table (docs/reference/faults.md).
        seed: of all chance in it.
        settings: everything else; what is given above goes before it.
        verdict: `show` puts verdicts into the report of a failed test, `enforce` also fails a test whose client broke a
            rule, `off` does neither.
        speed: audio seconds per wall second that verdicts expect, or `max` to leave pacing unjudged; None is real time.

    Raises:
        BadInput: a path is missing or unusable, or a value out of range.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recording: AnyPath | Iterable[AnyPath] | None = None,
        say: str | None = None,
        script: AnyPath | None = None,
        lag_scale: float = 0.0,
        api_key: str | None = None,
        any_model: bool | None = None,
        idle_timeout_s: float | None = None,
        output_timeout_s: float | None = None,
        file_urls: Mapping[str, AnyPath] | None = None,
        faults: Iterable[str | Mapping[str, Any]] = (),
        seed: int | None = None,
        settings: ServerSettings | None = None,
        verdict: Literal["show", "enforce", "off"] = "show",
        speed: float | Literal["max"] | None = None,
    ) -> None:
        base = settings or ServerSettings()
        timers = base.connection.timers
        timers = replace(
            timers,
            idle_after_s=timers.idle_after_s if idle_timeout_s is None else idle_timeout_s,
            output_after_s=timers.output_after_s if output_timeout_s is None else output_timeout_s,
        )
        flux = base.flux
        if idle_timeout_s is not None:
            flux = replace(flux, timers=replace(flux.timers, idle_after_s=idle_timeout_s))
        chosen = replace(
            base,
            connection=replace(base.connection, timers=timers, lag_scale=lag_scale),
            flux=flux,
            api_keys=base.api_keys if api_key is None else frozenset({api_key}),
            any_model=base.any_model if any_model is None else any_model,
            seed=base.seed if seed is None else seed,
            faults=(*base.faults, *map(_fault, faults)),
            file_urls={**base.file_urls, **{url: folder / path for url, path in (file_urls or {}).items()}},
        )
        self._verdict = verdict
        self._speed = None if speed is None else Speed.parse(str(speed))
        self._changed = threading.Condition()
        self._server = MockServer(
            _replies(folder, recording, say, script), chosen, on_session=lambda _: self._note_change()
        )
        self._background = BackgroundServer(self._server)
        self._address = ""

    # --- where it is ------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """`host:port`."""
        return self._address

    @property
    def port(self) -> int:
        """The port."""
        return int(self._address.rpartition(":")[2])

    @property
    def http_url(self) -> str:
        """Base URL for `POST /v1/listen`."""
        return f"http{self._secure}://{self._address}"

    @property
    def ws_url(self) -> str:
        """Base URL for streaming."""
        return f"ws{self._secure}://{self._address}"

    @property
    def url(self) -> str:
        """The same as `http_url`: most SDKs derive both from it."""
        return self.http_url

    @property
    def fired(self) -> list[Firing]:
        """Every firing of a fault so far."""
        return self._server.reception.runs.fired

    # --- what happened ----------------------------------------------------------------------------------------------

    @property
    def sessions(self) -> list[Recording]:
        """The streaming sessions that are over, refused ones too, oldest first, as the server saw them."""
        return [recording for recording, _ in self._finished()]

    @property
    def errors(self) -> list[Exception]:
        """Exceptions inside the server itself; any fails the test."""
        return list(self._server.errors)

    def wait_for_sessions(self, count: int = 1, timeout_s: float = 5.0) -> list[Recording]:
        """The sessions, once at least `count` are over.

        Raises:
            TimeoutError: they are not within `timeout_s` seconds.
        """
        with self._changed:
            if self._changed.wait_for(lambda: len(self._finished()) >= count, timeout_s):
                return self.sessions
        raise TimeoutError(f"{count} sessions were wanted within {timeout_s:g} s; {self._tally()}")

    def judge(
        self,
        session: int = -1,
        *,
        chunk_ms: float | None = None,
        transcript: str | None = None,
        error: str | None = None,
        speed: float | Literal["max"] | None = None,
    ) -> Verdict:
        """What the judge says of a session; waits a moment for sessions that the client is just leaving.

        Args:
            session: which one, as an index into `sessions`; the latest by default.
            chunk_ms: how long your client believes one of its frames to play.
            transcript: the final text that your client reports.
            error: what your client ended with, such as the last line of its traceback.
            speed: as in the marker, for this session.

        Raises:
            LookupError: there is no such session.
            BadInput: the speed is no number above 0.
        """
        self._settle()
        finished = self._finished()
        try:
            recording, journal = finished[session]
        except IndexError:
            raise LookupError(f"session {session} was to be judged; {self._tally()}") from None
        claim = ClientClaim(chunk_ms=chunk_ms, transcript=transcript, error=error)
        wanted = self._speed if speed is None else Speed.parse(str(speed))
        return judge(recording, claim, JudgeSettings(speed=wanted), lead_bytes=journal.lead_bytes or None)

    # --- for the plugin ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to accept connections.

        Raises:
            BadInput: the address cannot be listened on, or a certificate cannot be read.
        """
        server = self._background.__enter__()
        self._address = f"{server.settings.host}:{server.port}"

    def stop(self) -> None:
        """Cut what is open, and wait until it is gone."""
        self._settle(STOP_TIMEOUT_S)
        self._background.__exit__(None, None, None)

    def complaint(self) -> str | None:
        """Why the test must fail although it passed: the server broke, or the client did and that is enforced."""
        if self._server.errors:
            found = len(self._server.errors)
            return f"deepgram_server: {found} exception{'s' if found > 1 else ''} inside the server"
        if self._verdict == "enforce":
            bad = [verdict.recording for verdict in self._verdicts() if _blames_the_client(verdict)]
            if bad:
                return f"deepgram_server: the client broke rules in {', '.join(bad)}"
        return None

    def report_sections(self) -> list[tuple[str, str]]:
        """Title and text of what a failed test's report should show."""
        self._settle()
        sections = [
            ("deepgram_server: exception inside the server", "".join(format_exception(error)).rstrip())
            for error in self._server.errors
        ]
        if self._verdict != "off":
            sections += [
                (f"deepgram_server: {verdict.recording}", render_verdict_text(verdict).rstrip())
                for verdict in self._verdicts()
            ]
        return sections

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _secure(self) -> str:
        return "" if self._server.settings.certfile is None else "s"

    def _verdicts(self) -> list[Verdict]:
        return [self.judge(index) for index in range(len(self._finished()))]

    def _finished(self) -> list[tuple[Recording, Journal]]:
        journals = [journal for journal in list(self._server.sessions) if journal.finished]
        return [(journal.recording(f"session {number}"), journal) for number, journal in enumerate(journals, start=1)]

    def _settle(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        with self._changed:
            self._changed.wait_for(lambda: all(journal.finished for journal in list(self._server.sessions)), timeout_s)

    def _note_change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _tally(self) -> str:
        finished, begun = len(self._finished()), len(self._server.sessions)
        return f"{finished} are over, {begun - finished} still run"


def _replies(
    folder: Path, recording: AnyPath | Iterable[AnyPath] | None, say: str | None, script: AnyPath | None
) -> Replies:
    if script is not None:
        return Replies(always=loading.from_reference(folder / script).source)
    if recording is not None:
        paths = [recording] if isinstance(recording, str | Path) else list(recording)
        known = loading.load_known(folder / path for path in paths)
        return Replies(known, always=known[0].source if len(known) == 1 else None)
    if say is not None and not say.strip():
        raise BadInput("say is empty; wanted words, or @FILE")
    return Replies(always=loading.say(DEFAULT_TEXT if say is None else say))


def _fault(given: str | Mapping[str, Any]) -> Fault:
    return parse_fault_text(given) if isinstance(given, str) else parse_fault(given)


def _blames_the_client(verdict: Verdict) -> bool:
    return any(finding.severity is Severity.ERROR for finding in verdict.of(Blame.CLIENT))
