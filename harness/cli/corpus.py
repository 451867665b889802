"""`dgharness corpus`: thousands of files, streamed and posted, into a folder of rows that can be gone on with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import click
import msgspec

from harness.audio.format import AudioFormat
from harness.audio.pacing import Speed
from harness.cases import Stream
from harness.cli.answering import answering
from harness.cli.engine import engine_option, listening
from harness.cli.logs import secrets_of, set_up_logging
from harness.cli.options import json_option, key_option, log_options, query_option, query_pairs, was_given
from harness.cli.output import TOOL, complain, note, say, style_for
from harness.cli.progress import counting, working
from harness.cli.report_files import ReportFiles, corpus_files, report_options
from harness.cli.signals import finish
from harness.client.endpoint import Endpoint
from harness.clock import SystemClock, rfc3339
from harness.corpus.cluster import LOCAL, check_address, cluster
from harness.corpus.inputs import Item, find_items
from harness.corpus.parquet import available, write_parquet
from harness.corpus.pool import Crew, inline, processes, rows_of
from harness.corpus.rows import Row
from harness.corpus.settings import SYNTHETIC, Settings
from harness.corpus.store import Store, has_rows
from harness.corpus.summary import Counted, check_same, read_run, write_run
from harness.corpus.utterances import gather
from harness.corpus.work import Answer, Answers, Work
from harness.errors import BadInput
from harness.pairs import Gathered
from harness.query_options import listen_options
from harness.recording.scrub import mask
from harness.results import CorpusRun, to_json
from harness.scoring.normalize import normalizer
from harness.scoring.texts import parse_texts
from reports.formats import PAIRS_FORMATS
from reports.pairs_summary import summarise_corpus
from reports.render_pairs_text import render_pairs_text


@dataclass(frozen=True)
class AnswersFrom(Answers):
    """Who answers, in whichever process: the server at `url`, an engine, or else a script made of each reference."""

    url: str | None
    key: str = field(repr=False)
    engine: str | None
    seed: int
    log_level: str
    log_json: bool

    @contextmanager
    def open(self, threads: int) -> Iterator[Answer]:
        """Get ready to answer; the log of a worker process is like that of the command."""
        set_up_logging(self.log_level, as_json=self.log_json, secrets=secrets_of(self.key))
        elsewhere = None if self.url is None else Endpoint(self.url, self.key)
        with nullcontext() if self.engine is None else listening(self.engine, threads) as recognised:
            yield lambda case: answering(case, elsewhere, self.seed, recognised)


@click.command("corpus")
@click.argument("paths", metavar="MANIFEST|FOLDER|PATTERN|AUDIO...", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results.")
@click.option("--url", help="The server that answers: ws://, wss://, http(s)://.")
@key_option
@engine_option("Answer with what this recogniser hears.")
@click.option(
    "--synthetic", is_flag=True, help="Answer with the references themselves, as a rehearsal; results are marked so."
)
@click.option(
    "--streaming-error-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of words that --synthetic gets wrong when streaming.",
)
@click.option(
    "--prerecorded-error-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The same for pre-recorded.",
)
@click.option("--references", type=click.Path(path_type=Path), help="What was said: TSV or a JSON map, id to text.")
@click.option("--normalizer", "names", multiple=True, help="That transcripts are scored under; may be repeated.")
@query_option
@click.option("--speed", default="1", show_default=True, help="Audio seconds per second: 1, 4, or max.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all chance in a mock, and of the interval."
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that do the work.")
@click.option(
    "--streams", type=click.IntRange(1), default=1, show_default=True, help="Files at a time in each of them."
)
@click.option(
    "--cluster",
    "scheduler",
    help="A Dask scheduler at tcp:// or tls://HOST:PORT, or `local` for one with --workers.",
)
@click.option("--resume", is_flag=True, help="Go on in a folder that holds results; what is done is not done again.")
@click.option("--retry-failed", is_flag=True, help="With --resume: do files again that could not be carried through.")
@click.option("--run-id", help="What rows.parquet calls this run.  [default: the folder's name]")
@report_options("html", "markdown", "junit")
@json_option
@log_options
def command(
    paths: tuple[str, ...],
    out: Path,
    url: str | None,
    key: str,
    engine: str | None,
    synthetic: bool,
    streaming_error_rate: float,
    prerecorded_error_rate: float,
    references: Path | None,
    names: tuple[str, ...],
    pairs: tuple[str, ...],
    speed: str,
    seed: int,
    workers: int,
    streams: int,
    scheduler: str | None,
    resume: bool,
    retry_failed: bool,
    run_id: str | None,
    html_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    as_json: bool,
    log_level: str,
    log_json: bool,
) -> int:
    """Stream every file of a corpus, have it transcribed by the pre-recorded endpoint, and score both.

    Files come from manifests (.jsonl, .tsv, .csv), folders with all below them (what was said is in *.trans.txt or in
    CLIP.txt beside CLIP.wav), and patterns in quotes. The folder gets rows.jsonl, a row for each file as it is
    finished, rows.parquet, and run.json with the totals. After Ctrl-C, or worse, --resume goes on.

    \b
    dgharness corpus clips.tsv --engine whisper --out runs/monday
    dgharness corpus 'LibriSpeech/**/*.flac' --url wss://api.deepgram.com --streams 20 --out runs/nova-3
    dgharness corpus LibriSpeech --synthetic --speed max --workers 4 --out runs/rehearsal
    """
    secrets = secrets_of(key)
    set_up_logging(log_level, as_json=log_json, secrets=secrets)
    files = ReportFiles(html=html_file, markdown=markdown_file, junit=junit_file)
    files.check(inputs=corpus_files(out))
    names = tuple(dict.fromkeys(names)) or ("basic",)
    for name in names:
        normalizer(name)
    _check_scheduler(scheduler)
    settings = Settings(
        answers=_answers(url, engine, synthetic=synthetic),
        options=_options(pairs),
        stream=Stream(speed=str(Speed.parse(speed))),
        seed=seed,
        streaming_error_rate=streaming_error_rate,
        prerecorded_error_rate=prerecorded_error_rate,
    )
    items = find_items(paths, None if references is None else _texts(references))
    run = _begun(out, settings, len(items), run_id, resume=resume)
    work = Work(settings, names, AnswersFrom(url, key, engine, seed, log_level, log_json), TOOL, streams)
    with Store(out, secrets) as store:
        _check_ids(out, store, items)
        write_run(out, run)
        todo = _todo(store, items, settings, retry_failed=retry_failed)
        if len(todo) < len(items):
            note(f"{len(items) - len(todo)} of {len(items)} files are done already")
        if todo:
            finish(_work(store, todo, _crew(work, scheduler, workers)))
        gathered = Gathered()
        run = _conclude(store, items, names, run, gathered)
    _tell(run, gathered, files, secrets, as_json=as_json)
    if run.partial or run.failed:
        return 2
    return 1 if run.faulty else 0


def _tell(run: CorpusRun, gathered: Gathered, files: ReportFiles, secrets: frozenset[str], *, as_json: bool) -> None:
    """Write the reports that were asked for, and print what it came to."""
    told = summarise_corpus(run)
    shown = cache(gathered.result)  # only if a report is wanted, and once for all of them
    files.write(lambda kind: PAIRS_FORMATS[kind](told, shown()), lambda text: mask(text, secrets))
    say(to_json(run) if as_json else render_pairs_text(told, **style_for(sys.stdout)))
    if run.partial:
        complain(f"interrupted; {run.finished} of {run.files} files are done, and --resume does the others")


def _check_scheduler(scheduler: str | None) -> None:
    if scheduler is None:
        return
    check_address(scheduler)
    for name in ("workers", "streams"):
        if scheduler != LOCAL and was_given(name):
            raise BadInput(f"--{name}: workers and their threads are those of the cluster; wanted one or the other")


def _crew(work: Work, scheduler: str | None, workers: int) -> AbstractAsyncContextManager[Crew]:
    if scheduler is not None:
        return cluster(work, scheduler, workers)
    return processes(work, workers) if workers > 1 else inline(work)


def _answers(url: str | None, engine: str | None, *, synthetic: bool) -> str:
    given = [name for name, is_given in (("--url", url), ("--engine", engine), ("--synthetic", synthetic)) if is_given]
    if len(given) != 1:
        found = " and ".join(given) + " are given" if given else "nobody is named"
        raise BadInput(f"who is to answer? {found}; wanted one of --url, --engine and --synthetic")
    if url is not None:
        return Endpoint(url).host
    return engine or SYNTHETIC


def _options(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    options = query_pairs(pairs)
    if not any(name == "punctuate" for name, _ in options):
        options = (("punctuate", "true"), *options)
    listen_options(options, AudioFormat())  # refused now rather than once for each file
    return options


def _texts(path: Path) -> dict[str, str]:
    try:
        return parse_texts(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _begun(out: Path, settings: Settings, files: int, run_id: str | None, *, resume: bool) -> CorpusRun:
    """The run as it is before its first file, or as it was begun before; without any row it was not."""
    before = read_run(out) if has_rows(out) else None
    if before is not None:
        if not resume:
            raise BadInput(f"{out}: holds results already; wanted --resume to go on with them, or another folder")
        check_same(out, before, settings)
    name = run_id or (before.run_id if before else out.absolute().name)
    return CorpusRun(
        tool=TOOL,
        run_id=name.encode(errors="backslashreplace").decode(),  # a folder's name need not be UTF-8
        created=before.created if before else rfc3339(SystemClock().unix_ms()),
        settings=msgspec.to_builtins(settings),
        files=files,
    )


def _check_ids(out: Path, store: Store, items: Sequence[Item]) -> None:
    """A folder has the rows of one corpus; a smaller one would lose some, which may have cost money."""
    known = {item.id for item in items}
    strangers = [id_ for id_ in store.ids if id_ not in known]
    if strangers:
        raise BadInput(
            f"{out}: {len(strangers)} of its rows, such as that of {strangers[0]!r}, are of no file that is named now; "
            "wanted the same corpus, or another folder"
        )


def _todo(store: Store, items: Sequence[Item], settings: Settings, *, retry_failed: bool) -> list[Item]:
    with working("looking for what is done"):
        return [item for item in items if not store.has(item, settings, though_failed=not retry_failed)]


async def _work(store: Store, todo: Sequence[Item], crew: AbstractAsyncContextManager[Crew]) -> None:
    """Do the files; what is done stays when this is cancelled."""
    with counting("files", len(todo)) as counted:
        try:
            await _rows(store, todo, crew, counted)
        except asyncio.CancelledError:
            return  # the run is partial, and says so


async def _rows(
    store: Store,
    todo: Sequence[Item],
    crew: AbstractAsyncContextManager[Crew],
    counted: Callable[[str], None],
) -> None:
    failed = 0
    async with crew as ready, aclosing(rows_of(todo, ready)) as rows:
        async for row in rows:
            store.add(row)
            failed += row.failed
            counted(f"{failed} failed" if failed else "")


def _conclude(
    store: Store, items: Sequence[Item], names: Sequence[str], run: CorpusRun, gathered: Gathered
) -> CorpusRun:
    """Put everything in order and add it up."""
    counted = Counted(run.settings["seed"])
    rows: Iterator[Row] = gather(counted.pass_on(store.in_order(items, names)), gathered)
    if available():
        write_parquet(store.folder / "rows.parquet", rows, run)
    else:
        for _ in rows:
            pass  # they are counted as they pass
        note("rows.parquet is not written: it needs pyarrow (pip install 'dgharness[parquet]')")
    run = counted.result(run)
    write_run(store.folder, run)
    return run
