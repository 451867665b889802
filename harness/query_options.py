"""A query string's pairs as the options of an endpoint, for a case or a command line."""

from __future__ import annotations

from dataclasses import replace

from harness.audio.format import AudioFormat
from harness.errors import BadInput
from harness.protocol.flux_options import FluxOptions, declared_flux_options
from harness.protocol.listen_options import ListenOptions, read_pairs
from harness.protocol.parameters import Endpoint as PathEndpoint
from harness.protocol.refusal import Refusal

DEFAULT_MODEL = "nova-3"


def listen_options(pairs: tuple[tuple[str, str], ...], fmt: AudioFormat) -> ListenOptions:
    """A query string's pairs as options that declare `fmt`; nova-3 and interims unless the pairs say otherwise.

    Raises:
        BadInput: a value is none that its parameter can have.
    """
    options = read_options(pairs, PathEndpoint.STREAMING)
    return replace(
        options,
        model=options.model or DEFAULT_MODEL,
        interim_results=True if options.interim_results is None else options.interim_results,
        encoding=str(fmt.encoding),
        sample_rate=fmt.sample_rate,
        channels=fmt.channels,
    )


def flux_options(pairs: tuple[tuple[str, str], ...], fmt: AudioFormat) -> FluxOptions:
    """A query string's pairs as options of `/v2/listen` that declare `fmt`; flux-general-en unless they name a model.

    Raises:
        BadInput: Deepgram would refuse them.
    """
    options = declared_flux_options(pairs, fmt)
    if isinstance(options, Refusal):
        raise BadInput(f"options: Deepgram would refuse this: {options.message}")
    return options


def read_options(pairs: tuple[tuple[str, str], ...], endpoint: PathEndpoint) -> ListenOptions:
    """A query string's pairs as options.

    Raises:
        BadInput: a value is none that its parameter can have; the sentence names the pair, which the wire's may not.
    """
    options = read_pairs(pairs, endpoint, strict=True)
    if not isinstance(options, Refusal):
        return options
    alone = (pair for pair in pairs if isinstance(read_pairs([pair], endpoint, strict=True), Refusal))
    where = next((f"option {name}={value}" for name, value in alone), "options")
    raise BadInput(f"{where}: Deepgram would refuse this: {options.message}")


def for_file(options: ListenOptions | FluxOptions) -> ListenOptions:
    """The same wishes for the pre-recorded endpoint, which reads the format off the file's own header.

    No Flux model takes a file: nova-3 is what a Flux stream is compared with.
    """
    if isinstance(options, FluxOptions):
        return options.for_prerecorded(DEFAULT_MODEL)
    return replace(options.for_endpoint(PathEndpoint.PRERECORDED), encoding=None, sample_rate=None, channels=None)
