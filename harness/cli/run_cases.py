"""`dgharness run`: the main job. Streams each case, posts it, judges the session, scores both transcripts."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

import click
import msgspec

from harness.audio.decode import read_audio
from harness.audio.pacing import Speed
from harness.cases import Case, load_case
from harness.cli.answering import answering
from harness.cli.engine import engine_option, listening
from harness.cli.keeper import Keeper
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import json_option, key_option, log_options
from harness.cli.output import TOOL, complain, say, style_for, write_text
from harness.cli.progress import Watcher
from harness.cli.report_files import ReportFiles, report_options
from harness.cli.signals import finish
from harness.client.endpoint import Endpoint
from harness.clock import SystemClock, rfc3339
from harness.errors import BadInput
from harness.manifest import is_manifest, load_manifest
from harness.recording.entries import AnyEntry
from harness.recording.scrub import mask
from harness.results import CaseResult, DelayTotal, Outcome, RunResult, Stability, to_json
from harness.runner import INTERRUPTED, run_case
from harness.totals import comparison, total
from harness.transcript import Transcript
from mock_server.recogniser.source import RecognisedReplies
from reports.formats import FORMATS
from reports.render_text import render_run_text


@click.command("run")
@click.argument(
    "paths", metavar="CASE.toml|MANIFEST|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--url", help="Run against this server instead of a mock made for each case.")
@key_option
@engine_option("Answer with what this recogniser hears, instead of what the cases name.")
@click.option("--normalizer", default="basic", show_default=True, help="That a manifest's files are scored under.")
@click.option("--speed", help="Overrides the cases' speed: 1, 4, or max.")
@click.option("--seed", type=click.IntRange(0), help="Of all chance in the mock; each case's own unless given.")
@click.option(
    "--record",
    "record_dir",
    type=click.Path(path_type=Path),
    help="Write each case's recording, its audio and its pre-recorded response into this folder.",
)
@report_options("json", "html", "markdown", "junit")
@click.option("--watch", is_flag=True, help="Print every interim and final as it comes.")
@json_option
@log_options
def command(
    paths: tuple[Path, ...],
    url: str | None,
    key: str,
    engine: str | None,
    normalizer: str,
    speed: str | None,
    seed: int | None,
    record_dir: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    watch: bool,
    as_json: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Run cases: stream each one's audio, have it transcribed by the pre-recorded endpoint, judge and score.

    Each case gets a mock server of its own on a free port, unless --url names one. A MANIFEST (.jsonl, .tsv, .csv)
    names audio files and what is said in them: a case for each, answered by --engine or by the server at --url. A case
    that cannot be carried through is reported, and the others run all the same. After Ctrl-C the results so far are
    written, marked partial.

    \b
    dgharness run fixtures/cases/booking.toml --watch
    dgharness run clips.tsv --engine whisper --markdown-file report.md
    dgharness run fixtures/cases --speed max --json-file results.json
    """
    secrets = secrets_of(key)
    set_up_logging(log_level, as_json=log_json, secrets=secrets)
    override = None if speed is None else str(Speed.parse(speed))
    elsewhere = Endpoint(url, key) if url is not None else None
    if engine is not None and elsewhere is not None:
        raise BadInput("--engine and --url are both given; wanted one of them: who is to answer?")
    files = ReportFiles(json=json_file, html=html_file, markdown=markdown_file, junit=junit_file)
    files.check(record_dir)
    cases = [case if override is None else case.at_speed(override) for case in _cases(paths, normalizer)]
    with nullcontext() if engine is None else listening(engine) as recognised:
        runner = _Runner(elsewhere, seed, recognised, record_dir, secrets, watch=watch)
        results = finish(runner.run(cases))
    run = _summary(results, cases, _server(elsewhere, recognised), seed, partial=runner.interrupted)
    return _conclude(run, len(cases), files, secrets, as_json=as_json)


def _conclude(
    run: RunResult,
    wanted: int,
    files: ReportFiles,
    secrets: frozenset[str],
    *,
    as_json: bool,
) -> int:
    """Print and write what a run came to; returns the exit code."""
    say(mask(to_json(run) if as_json else render_run_text(run, **style_for(sys.stdout)), secrets))
    files.write(lambda kind: FORMATS[kind](run), lambda text: mask(text, secrets))
    if run.partial:
        complain(f"interrupted; the results of {len(run.cases)} of {wanted} cases are kept, marked partial")
    if any(case.outcome is Outcome.ERROR for case in run.cases) or run.partial:
        return 2
    return 0 if run.passed else 1


def _cases(paths: Iterable[Path], normalizer: str) -> list[Case]:
    cases: list[Case] = []
    for path in paths:
        if is_manifest(path):
            cases += load_manifest(path, normalizer)
        else:
            cases += [load_case(file) for file in case_files([path])]
    return cases


def _server(elsewhere: Endpoint | None, recognised: RecognisedReplies | None) -> str:
    """Who answered, for the report."""
    if elsewhere is not None:
        return elsewhere.host
    if recognised is not None:
        return f"a mock server for each case, {recognised.source.describe()}"
    return "a mock server for each case"


def case_files(paths: Iterable[Path]) -> list[Path]:
    """The case files that some files and folders name, in order.

    Raises:
        BadInput: a folder holds no case.
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
        self,
        elsewhere: Endpoint | None,
        seed: int | None,
        recognised: RecognisedReplies | None,
        record_dir: Path | None,
        secrets: frozenset[str],
        *,
        watch: bool,
    ) -> None:
        self._elsewhere, self._seed, self._recognised = elsewhere, seed, recognised
        self._record_dir, self._secrets, self._watch = record_dir, secrets, watch
        self.interrupted = False

    async def run(self, cases: Sequence[Case]) -> list[CaseResult]:
        results: list[CaseResult] = []
        for case, stem in zip(cases, _stems(cases), strict=True):
            label = f"[{len(results) + 1}/{len(cases)}] {case.name}" if len(cases) > 1 else case.name
            path = self._record_dir / f"{stem}.jsonl" if self._record_dir is not None else None
            results.append(await self._one(case, label, path))
            if self.interrupted:
                break  # the run is partial, and says so
        return results

    async def _one(self, case: Case, label: str, path: Path | None) -> CaseResult:
        try:
            return await self._carried_out(case, label, path)
        except asyncio.CancelledError:
            self.interrupted = True
            reason = INTERRUPTED
        except BadInput as error:
            reason = str(error)
        return CaseResult(
            name=case.name, outcome=Outcome.ERROR, reasons=(reason,), audio=case.audio.name, replies="none"
        )

    async def _carried_out(self, case: Case, label: str, path: Path | None) -> CaseResult:
        duration_audio_s = read_audio(case.audio, segment=case.segment).duration_audio_s
        async with answering(case, self._elsewhere, self._seed, self._recognised) as answers:
            with Watcher(label, duration_audio_s, watch=self._watch) as watcher, Keeper(path, self._secrets) as keeper:

                def observe(entry: AnyEntry, transcript: Transcript) -> None:
                    keeper(entry, transcript)
                    watcher(entry, transcript)

                done = await run_case(case, answers, tool=TOOL, observer=observe, on_header=keeper.header)
                keeper.finish(done.audio)
        self.interrupted = done.interrupted
        if path is None:
            return done.result
        if done.answer is not None:
            # Beside the recording and named like it: `serve --recording FOLDER` makes one source of the two.
            write_text(path.with_suffix(".json"), mask(done.answer.decode(errors="replace"), self._secrets))
        return _recorded(done.result, path, keeper.failure)


def _recorded(result: CaseResult, path: Path, failure: str | None) -> CaseResult:
    result = msgspec.structs.replace(result, recording=str(path))
    if failure is None:
        return result
    return msgspec.structs.replace(result, outcome=Outcome.ERROR, reasons=(*result.reasons, failure))


def _stems(cases: Sequence[Case]) -> list[str]:
    """What to call each case's recording: its file's name, with its place in the run where several share it."""
    times = Counter(case.path.stem for case in cases)
    return [
        case.path.stem if times[case.path.stem] == 1 else f"{index}-{case.path.stem}"
        for index, case in enumerate(cases, start=1)
    ]


def _summary(
    results: list[CaseResult], cases: list[Case], server: str, seed: int | None, *, partial: bool
) -> RunResult:
    streams = [case.streamed for case in results if case.streamed]
    return RunResult(
        tool=TOOL,
        created=rfc3339(SystemClock().unix_ms()),
        server=server,
        seed=seed,
        partial=partial,
        cases=tuple(results),
        streaming=total([case.streamed.score for case in results if case.streamed and case.streamed.score]),
        prerecorded=total([c.prerecorded.score for c in results if c.prerecorded and c.prerecorded.score]),
        comparison=comparison(zip(results, (case.normalizer for case in cases), strict=False), seed or 0),
        delay=DelayTotal.of(stream.delay for stream in streams if stream.delay),
        stability=Stability.total(stream.stability for stream in streams if stream.stability),
    )
