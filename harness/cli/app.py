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

COMMANDS: Final = {
    "run": ("run_cases", "Run cases: stream, transcribe, judge and score them (the main job)."),
    "serve": ("serve", "Be a Deepgram on this machine: /v1/listen as WebSocket and HTTP on one port."),
    "stream": ("stream_audio", "Stream a file, standard input or a URL, and judge the session."),
    "transcribe": ("transcribe", "Have a file transcribed by the pre-recorded endpoint."),
    "score": ("score", "Score streamed and pre-recorded transcripts against references."),
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
    epilog="Exit codes: 0 passed, 1 a verdict or a threshold failed, 2 bad input. "
    "Nothing leaves this machine unless --url names another one.",
)
@click.version_option(version("dgharness"), prog_name="dgharness")
def cli() -> None:
    """Test code that streams speech to Deepgram: offline, without a key, by the audio clock.

    \b
    dgharness serve --say "hello world"             a Deepgram on localhost that hears just that
    dgharness run fixtures/cases                    stream, transcribe, judge and score
    dgharness stream speech.wav --url ws://HOST     stream a file and judge the session
    """


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        code = cli.main(arguments, prog_name="dgharness", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except DgHarnessError as error:
        click.echo(f"dgharness: {error}", err=True)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody to tell
        sys.exit(BAD_INPUT)
    sys.exit(code or 0)
