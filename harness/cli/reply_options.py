"""The options of `dgharness serve` that say what it answers with, and the replies that they come to."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from harness.cases import load_case
from harness.cli.answering import known_for
from harness.cli.engine import engine_option, listening
from harness.cli.options import as_one
from harness.cli.run_cases import case_files
from harness.errors import BadInput
from mock_server import loading
from mock_server.library import Known, Replies


@dataclass(frozen=True)
class RepliesNamed:
    """What a server is to answer with, as it was named.

    Attributes:
        spoken: a text, or @FILE, that answers any audio.
        recordings: recordings, responses, or folders of them.
        cases: case files, or folders of them.
        engine: the recogniser that answers everything instead.
        unknown_is_silence: whether silence answers what nothing else does.
    """

    spoken: str | None
    recordings: tuple[Path, ...]
    cases: tuple[Path, ...]
    engine: str | None
    unknown_is_silence: bool

    def open(self) -> AbstractContextManager[Replies]:
        """The replies, for as long as they are wanted.

        Raises:
            BadInput: nothing is named, something cannot be used, or two have the same name.
        """
        return nullcontext(self._loaded()) if self.engine is None else listening(self.engine)

    def _loaded(self) -> Replies:
        known = [*loading.load_known(self.recordings), *(known_for(load_case(path)) for path in case_files(self.cases))]
        if self.spoken is None and not known and not self.unknown_is_silence:
            raise BadInput(
                "nothing to answer with: name --say TEXT, --recording PATH, --case PATH, --engine NAME or "
                "--unknown-is-silence"
            )
        _check_names(known)
        if self.spoken is not None:
            return Replies(known, always=loading.say(self.spoken))
        only = known[0].source if len(known) == 1 and self.recordings else None
        return Replies(known, always=only, unknown_is_silence=self.unknown_is_silence)


def _check_names(known: list[Known]) -> None:
    for name, times in Counter(entry.source.name for entry in known).items():
        if times > 1:
            raise BadInput(f"{times} recordings or cases are named {name!r}; a name answers for one")


def _named(
    *,
    spoken: str | None,
    recordings: tuple[Path, ...],
    cases: tuple[Path, ...],
    engine: str | None,
    unknown_is_silence: bool,
) -> RepliesNamed:
    if engine is not None and (spoken or recordings or cases or unknown_is_silence):
        raise BadInput(
            "--engine answers everything by itself; wanted it without --say, --recording, --case and the like"
        )
    return RepliesNamed(spoken, recordings, cases, engine, unknown_is_silence)


reply_options: Final = as_one(
    "named",
    _named,
    click.option(
        "--say", "spoken", metavar="TEXT|@FILE", help="Answer any audio at all with this text, at a natural rate."
    ),
    click.option(
        "--recording",
        "recordings",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A recording (.jsonl), a pre-recorded response (.json), or a folder of them; may be repeated. "
        "The only one answers whatever is sent; of several the one whose audio it is.",
    ),
    click.option(
        "--case", "cases", multiple=True, type=click.Path(path_type=Path), help="A case file or folder; its replies."
    ),
    engine_option("Answer any audio at all with what this recogniser hears."),
    click.option("--unknown-is-silence", is_flag=True, help="Answer unknown audio with silence instead of a refusal."),
)
"""Adds the options; the command gets them as one `RepliesNamed` named `named`."""
