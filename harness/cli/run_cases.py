"""`dgharness run`: the main job. Streams each case, posts it, judges the session, scores both transcripts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from harness.audio.decode import read_audio
from harness.audio.pacing import Speed
from harness.cases import Case, load_case
from harness.cli.answering import answering
from harness.cli.keeper import Keeper
from harness.cli.progress import Watcher
from harness.cli.shared import (
    TOOL,
    interruptible,
    json_option,
    key_option,
    log_options,
    set_up_logging,
    write_text,
)
from harness.client.endpoint import Endpoint
from harness.clock import SystemClock, rfc3339
from harness.errors import BadInput
from harness.recording.entries import AnyEntry
from harness.results import CaseResult, Outcome, RunResult, to_json
from harness.runner import run_case, total
from harness.transcript import Transcript
from reports.render_markdown import render_run_markdown
from reports.render_text import render_run_text


@click.command("run")
@click.argument("paths", metavar="CASE.toml|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--url", help="Run against this server instead of a mock made for each case.")
@key_option
@click.option("--speed", help="Overrides the cases' speed: 1, 4, or max.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all chance in the mock.")
@click.option("--record", "record_dir", type=click.Path(path_type=Path), help="Write each recording into this folder.")
@click.option("--json-file", type=click.Path(path_type=Path), help="Write the results here as JSON.")
@click.option("--markdown-file", type=click.Path(path_type=Path), help="Write a report here as Markdown.")
@click.option("--watch", is_flag=True, help="Print every interim and final as it comes.")
@json_option
@log_options
def command(
    paths: tuple[Path, ...],
    url: str | None,
    key: str,
    speed: str | None,
    seed: int,
    record_dir: Path | None,
    json_file: Path | None,
    markdown_file: Path | None,
    watch: bool,
    as_json: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Run cases: stream each one's audio, have it transcribed by the pre-recorded endpoint, judge and score.

    Each case gets a mock server of its own on a free port, unless --url names one.

    \b
    dgharness run fixtures/cases/booking.toml --watch
    dgharness run fixtures/cases --speed max --json-file results.json
    """
    set_up_logging(log_level, as_json=log_json)
    cases = [load_case(path) for path in case_files(paths)]
    override = None if speed is None else str(Speed.parse(speed))
    runner = _Runner(Endpoint(url, key) if url else None, seed, override, record_dir, watch=watch)
    results = asyncio.run(interruptible(runner.run(cases)))
    run = _summary(results, url, seed, interrupted=runner.interrupted)
    if json_file is not None:
        write_text(json_file, to_json(run) + "\n")
    if markdown_file is not None:
        write_text(markdown_file, render_run_markdown(run))
    click.echo(to_json(run) if as_json else render_run_text(run))
    if any(case.outcome is Outcome.ERROR for case in run.cases) or run.partial:
        return 2
    return 0 if run.passed else 1


def case_files(paths: Iterable[Path]) -> list[Path]:
    """The case files that some files and folders name, in order.

    Raises:
        BadInput: a path does not exist, or a folder holds no case.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not found:
            raise BadInput(f"{path}: no cases (*.toml) in this folder")
        files += found
    return files


class _Runner:
    """Runs cases one after the other; what was done stays when it is interrupted."""

    def __init__(
        self, elsewhere: Endpoint | None, seed: int, speed: str | None, record_dir: Path | None, *, watch: bool
    ) -> None:
        self._elsewhere, self._seed, self._speed = elsewhere, seed, speed
        self._record_dir, self._watch = record_dir, watch
        self._results: list[CaseResult] = []
        self.interrupted = False

    async def run(self, cases: Sequence[Case]) -> list[CaseResult]:
        for case in cases:
            if self.interrupted:
                break  # the run is partial, and says so
            self._results.append(await self._one(case if self._speed is None else case.at_speed(self._speed)))
        return self._results

    async def _one(self, case: Case) -> CaseResult:
        try:
            return await self._carried_out(case)
        except asyncio.CancelledError:
            self.interrupted = True
            return CaseResult(
                name=case.name,
                outcome=Outcome.ERROR,
                reasons=("interrupted",),
                audio=case.audio.name,
                replies="none",
            )
        except BadInput as error:
            return CaseResult(
                name=case.name, outcome=Outcome.ERROR, reasons=(str(error),), audio=case.audio.name, replies="none"
            )

    async def _carried_out(self, case: Case) -> CaseResult:
        path = self._record_dir / f"{case.path.stem}.jsonl" if self._record_dir is not None else None
        duration_audio_s = read_audio(case.audio).duration_audio_s
        async with answering(case, self._elsewhere, self._seed) as answers:
            with Watcher(case.name, duration_audio_s, watch=self._watch) as watcher, Keeper(path) as keeper:

                def observe(entry: AnyEntry, transcript: Transcript) -> None:
                    keeper(entry, transcript)
                    watcher(entry, transcript)

                done = await run_case(case, answers, tool=TOOL, observer=observe, on_header=keeper.header)
                keeper.finish(done.audio)
        self.interrupted = done.interrupted
        return done.result


def _summary(results: list[CaseResult], url: str | None, seed: int, *, interrupted: bool) -> RunResult:
    return RunResult(
        tool=TOOL,
        created=rfc3339(SystemClock().unix_ms()),
        server=url or "a mock server for each case",
        seed=seed,
        partial=interrupted,
        cases=tuple(results),
        streaming=total([case.streamed.score for case in results if case.streamed and case.streamed.score]),
        prerecorded=total([c.prerecorded.score for c in results if c.prerecorded and c.prerecorded.score]),
    )
