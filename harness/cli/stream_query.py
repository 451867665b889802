"""The query string of `dgharness stream`: its -o NAME=VALUE, and the format unless the audio itself says it."""

from __future__ import annotations

from dataclasses import replace

from harness.audio.format import AudioFormat
from harness.cli.options import query_pairs
from harness.cli.stream_source import FORMAT_PARAMETERS, Sending
from harness.errors import BadInput
from harness.protocol.flux_options import FluxOptions
from harness.protocol.listen_options import ListenOptions
from harness.query_options import flux_options, listen_options


def query_for(sending: Sending, pairs: tuple[str, ...], *, flux: bool) -> ListenOptions | FluxOptions:
    """What the server is asked for.

    Args:
        sending: the audio.
        pairs: the values of -o.
        flux: whether it is asked of /v2/listen.

    Raises:
        BadInput: a pair is none, is about the format, or cannot be; or Flux is to hear several channels.
    """
    declares = sending.contained is None
    ask = _flux_options if flux else _options
    return ask(pairs, sending.fmt, declares=declares)


def _options(pairs: tuple[str, ...], fmt: AudioFormat, *, declares: bool) -> ListenOptions:
    options = listen_options(_named(pairs), fmt)
    return options if declares else replace(options, encoding=None, sample_rate=None, channels=None)


def _flux_options(pairs: tuple[str, ...], fmt: AudioFormat, *, declares: bool) -> FluxOptions:
    if fmt.channels != 1:
        raise BadInput(f"--flux: hears one channel; wanted --channels 1, not {fmt.channels}")
    options = flux_options(_named(pairs), fmt)
    return options if declares else replace(options, encoding=None, sample_rate=None)


def _named(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    named = query_pairs(pairs)
    for name, value in named:
        if name in FORMAT_PARAMETERS:
            raise BadInput(f"-o {name}={value}: the format is declared with {FORMAT_PARAMETERS[name]} {value}")
    return named
