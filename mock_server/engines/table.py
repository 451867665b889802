"""The engines by name, and how each is loaded; one whose extra is not installed says how to install it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.errors import BadInput
from mock_server.engines.base import Engine, Vad

MOONSHINE: Final = "moonshine"
WHISPER: Final = "whisper"


def _moonshine(threads: int) -> Engine:
    from mock_server.engines.moonshine import Moonshine

    return Moonshine(threads)


def _whisper(threads: int) -> Engine:
    from mock_server.engines.whisper import Whisper

    return Whisper(threads)


_LOADERS: Final[dict[str, Callable[[int], Engine]]] = {MOONSHINE: _moonshine, WHISPER: _whisper}

NAMES: Final = tuple(_LOADERS)


def load_engine(name: str, threads: int) -> Engine:
    """The engine of that name, its weights in memory.

    Args:
        name: of the engine.
        threads: that may work at the same time.

    Raises:
        BadInput: there is none of that name, its extra is not installed, or its weights are not the expected ones.
    """
    if name not in _LOADERS:
        raise BadInput(f"there is no engine {name!r}; here are {', '.join(_LOADERS)}")
    try:
        return _LOADERS[name](threads)
    except ImportError as error:
        raise BadInput(_not_installed(name, error)) from None


def load_vad(engine: str) -> Callable[[], Vad]:
    """What makes a voice-activity detector for each channel; it comes with the extra of every engine.

    Raises:
        BadInput: it is not installed.
    """
    try:
        from mock_server.engines.silero import Silero
    except ImportError as error:
        raise BadInput(_not_installed(engine, error)) from None
    return Silero


def _not_installed(name: str, error: ImportError) -> str:
    missing = (error.name or str(error)).partition(".")[0]
    return f"the engine {name} needs the package {missing}: pip install 'dgharness[{name}]'"
