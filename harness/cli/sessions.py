"""What `dgharness serve` does with each session that is over: a verdict, and its journal on disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from harness.cli.output import complain, mutter, say, style_for
from harness.conformance.findings import Verdict
from harness.conformance.judge import judge
from harness.errors import BadInput
from harness.recording.document import Recording, lines
from mock_server.journal import Journal
from reports.render_text import render_verdict_text


class Sessions:
    """Judges each session's journal when it is over (`MockServer`'s `on_session`).

    Args:
        record_dir: where journals are written; None keeps none.
        as_json: verdicts as lines of JSON on stdout instead of text on stderr.
        quiet: no verdicts.

    Raises:
        BadInput: the folder cannot be made.
    """

    def __init__(self, record_dir: Path | None, *, as_json: bool, quiet: bool) -> None:
        self._record_dir, self._as_json, self._quiet = record_dir, as_json, quiet
        self._count = 0
        try:
            if record_dir is not None:
                record_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{record_dir}: cannot be made a folder ({error.strerror})") from None

    def __call__(self, journal: Journal) -> None:
        """Take one journal."""
        self._count += 1
        recording = journal.recording(f"session {self._count}")
        path = self._written(recording)
        if self._quiet:
            return
        verdict = judge(recording, lead_bytes=journal.lead_bytes or None)
        if self._as_json:
            say(_json_line(self._count, recording, path, verdict))
        else:
            mutter(render_verdict_text(verdict, **style_for(sys.stderr)))

    def _written(self, recording: Recording) -> Path | None:
        if self._record_dir is None:
            return None
        path = self._record_dir / f"{recording.request_id or self._count}.jsonl"
        try:
            path.write_text("".join(lines(recording)), encoding="utf-8")
        except OSError as error:
            complain(f"{path}: cannot be written ({error.strerror})")  # and the server goes on: its clients need it
            return None
        return path


def _json_line(number: int, recording: Recording, path: Path | None, verdict: Verdict) -> str:
    return json.dumps(
        {
            "event": "session",
            "number": number,
            "request_id": recording.request_id,
            "recording": str(path) if path is not None else None,
            "verdict": msgspec.to_builtins(verdict),
        }
    )
