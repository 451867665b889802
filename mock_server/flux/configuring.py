"""What a Configure makes of a running Flux session: all of it or nothing, and the reply that says so."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from harness.protocol.flux_bounds import BOUNDS_OF_2026, FluxBounds
from harness.protocol.flux_messages import FluxConfigure, FluxConfigureFailure, FluxConfigureSuccess, FluxThresholds
from harness.protocol.flux_options import FLUX_MULTI, FluxOptions, has_weight
from mock_server.features import SPOKEN_LANGUAGE
from mock_server.flux.thresholds import Thresholds, asked_for
from mock_server.flux.turns import Saying

ALREADY_PENDING = "CONFIGURE_ALREADY_PENDING"
"""The code that `/v1/listen` has for it (Deepgram changelog, October 2026); that of Flux is not published."""


class Configuration:
    """What can be changed in mid-stream, as it is now.

    Args:
        options: the query string, which it begins with.
        bounds: where thresholds end.

    Attributes:
        thresholds: those in force.
    """

    def __init__(self, options: FluxOptions, bounds: FluxBounds = BOUNDS_OF_2026) -> None:
        self.thresholds = asked_for(options, bounds)
        self._bounds = bounds
        self._model = options.model
        self._keyterms = options.keyterm or ()
        self._language_hints = options.language_hint or ()
        self._numerals = options.numerals
        self._profanity_filter = options.profanity_filter is True

    def apply(self, asked: FluxConfigure) -> FluxConfigureSuccess | FluxConfigureFailure:
        """Change what is asked for; what is left out stays. A part that cannot be refuses the whole."""
        thresholds = self.thresholds if asked.thresholds is UNSET else self.thresholds.changed(asked.thresholds)
        keyterms = self._keyterms if asked.keyterms is UNSET else asked.keyterms
        keyterms = (keyterms,) if isinstance(keyterms, str) else keyterms
        wrong = _wrong_thresholds(thresholds, self._bounds) or self._wrong_hints(asked) or _wrong_keyterms(keyterms)
        if wrong is not None:
            # The codes are not published; PY7.17 and the docs have `code` and `description`, the AsyncAPI neither.
            return _failure("INVALID_CONFIGURATION", wrong)
        self.thresholds = thresholds
        self._keyterms = keyterms
        self._language_hints = self._language_hints if asked.language_hints is UNSET else asked.language_hints
        self._numerals = self._numerals if asked.numerals is UNSET else asked.numerals
        return self._success()

    def in_languages(self, saying: Saying) -> Saying:
        """A turn with its languages, which the multilingual model alone reports; what was recorded stays as it is."""
        turn = saying.message
        if saying.text is not None or self._model != FLUX_MULTI or turn.languages is not UNSET:
            return saying
        return Saying(
            replace(
                turn,
                languages=(SPOKEN_LANGUAGE,) if turn.words else UNSET,
                languages_hinted=self._language_hints or UNSET,
            )
        )

    def _success(self) -> FluxConfigureSuccess:
        now = self.thresholds
        return FluxConfigureSuccess(
            request_id="",
            thresholds=FluxThresholds(
                eot_threshold=now.eot,
                eager_eot_threshold=UNSET if now.eager is None else now.eager,
                eot_timeout_ms=now.timeout_ms,
            ),
            keyterms=self._keyterms,
            language_hints=self._language_hints if self._model == FLUX_MULTI else UNSET,
            numerals=UNSET if self._numerals is None else self._numerals,
            profanity_filter=self._profanity_filter,
            sequence_id=0,
        )

    def _wrong_hints(self, asked: FluxConfigure) -> str | None:
        if asked.language_hints is UNSET:
            return None
        if self._model != FLUX_MULTI:
            return f"language_hints are only supported by the model {FLUX_MULTI}"
        return "language_hints hold an empty value" if "" in asked.language_hints else None


def _wrong_keyterms(keyterms: tuple[str, ...]) -> str | None:
    weighted = next(filter(has_weight, keyterms), None)
    return None if weighted is None else f"the keyterm {weighted!r} has a weight; wanted the term alone"


def too_many(pending: int) -> FluxConfigureFailure:
    """The answer to a Configure while so many others wait for theirs."""
    waiting = "1 Configure is" if pending == 1 else f"{pending} Configures are"
    return _failure(ALREADY_PENDING, f"{waiting} not answered yet; wait for ConfigureSuccess before the next")


def _failure(code: str, description: str) -> FluxConfigureFailure:
    return FluxConfigureFailure(request_id="", code=code, description=description, sequence_id=0)


def _wrong_thresholds(thresholds: Thresholds, bounds: FluxBounds) -> str | None:
    """Why thresholds cannot be, or None."""
    for name, value in (
        ("eot_threshold", thresholds.eot),
        ("eager_eot_threshold", thresholds.eager),
        ("eot_timeout_ms", thresholds.timeout_ms),
    ):
        problem = None if value is None else bounds.problem(name, value)
        if problem is not None:
            return f"{name} is {value:g}; {problem}"
    if thresholds.eager is not None and thresholds.eager > thresholds.eot:
        return f"eager_eot_threshold {thresholds.eager:g} exceeds eot_threshold {thresholds.eot:g}"
    return None
