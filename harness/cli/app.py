"""The group of commands, and what becomes of errors: one sentence on stderr and an exit code, never a traceback."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import click

from harness.errors import DgHarnessError

BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it: interrupted before there was anything to keep."""

COMMANDS: Final = {
    "run": ("run_cases", "Run cases: stream, transcribe, judge and score (the main job)."),
    "serve": ("serve", "Be a Deepgram on this machine, WebSocket and HTTP on one port."),
    "stream": ("stream_audio", "Stream a file, standard input or a URL, and judge the session."),
    "transcribe": ("transcribe", "Have a file transcribed by the pre-recorded endpoint."),
    "simulate": ("simulate", "Try a case under thousands of seeded fault schedules, in virtual time."),
    "corpus": ("corpus", "Stream, transcribe and score thousands of files; goes on after an interruption."),
    "delay": ("delay", "Measure from recordings how late words came and how often they were revised."),
    "score": ("score", "Score streamed and pre-recorded transcripts against references."),
    "report": ("report", "Make reports of the results of a run: HTML, Markdown, JUnit, plots."),
    "compare": ("compare", "Hold a new run against an old one: the gate for CI."),
}


class _Commands(click.Group):
    """Loads a command's file when it is called: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"harness.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 passed, 1 a verdict or a threshold failed, 2 bad input, or a session that could not be "
    "carried through. Nothing leaves this machine unless a URL names another one.",
)
@click.version_option(version("dgharness"), prog_name="dgharness")
def cli() -> None:
    """Test code that streams speech to Deepgram: offline, without a key, by the audio clock.

    \b
    dgharness serve --say "hello world"    a Deepgram on localhost that hears just that
    dgharness stream speech.wav            stream a file to it, and judge the session
    dgharness run fixtures/cases           stream, transcribe, judge and score

    `dgharness COMMAND --help` says the rest.
    """


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        # Without a word click prints its help too, but its versions differ in the exit code.
        code = cli.main(given or ["--help"], prog_name="dgharness", standalone_mode=False)
    except click.ClickException as error:
        _complain(_sentence(error))
        sys.exit(BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        sys.exit(INTERRUPTED)
    except DgHarnessError as error:
        _complain(str(error))
        sys.exit(BAD_INPUT)
    sys.exit(code or 0)


def _complain(sentence: str) -> None:
    from harness.cli.output import complain  # here, because `--help` needs none of it

    complain(sentence)


def _sentence(error: click.ClickException) -> str:
    """What click found wrong, as one line that says where to look."""
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} (see `{context.command_path} --help`)" if context is not None else message
