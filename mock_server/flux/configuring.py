"""What a Configure makes of a running Flux session: all of it or nothing, and the reply that says so."""

from __future__ import annotations

from msgspec import UNSET

from harness.protocol.flux_messages import FluxConfigure, FluxConfigureFailure, FluxConfigureSuccess, FluxThresholds
from harness.protocol.flux_options import (
    EAGER_EOT_THRESHOLDS,
    EOT_THRESHOLDS,
    EOT_TIMEOUTS_MS,
    FLUX_MULTI,
    FluxOptions,
)
from mock_server.flux.thresholds import Thresholds, asked_for


class Configuration:
    """What can be changed in mid-stream, as it is now.

    Args:
        options: the query string, which it begins with.

    Attributes:
        thresholds: those in force.
    """

    def __init__(self, options: FluxOptions) -> None:
        self.thresholds = asked_for(options)
        self._model = options.model
        self._keyterms = options.keyterm or ()
        self._language_hints = options.language_hint or ()
        self._numerals = options.numerals
        self._profanity_filter = options.profanity_filter is True

    def apply(self, asked: FluxConfigure) -> FluxConfigureSuccess | FluxConfigureFailure:
        """Change what is asked for; what is left out stays. A part that cannot be refuses the whole."""
        thresholds = self.thresholds if asked.thresholds is UNSET else self.thresholds.changed(asked.thresholds)
        wrong = _wrong_thresholds(thresholds) or self._wrong_hints(asked)
        if wrong is not None:
            # The codes are not published; PY7.17 and the docs have `code` and `description`, the AsyncAPI neither.
            return FluxConfigureFailure(request_id="", code="INVALID_CONFIGURATION", description=wrong, sequence_id=0)
        self.thresholds = thresholds
        self._keyterms = self._keyterms if asked.keyterms is UNSET else asked.keyterms
        self._language_hints = self._language_hints if asked.language_hints is UNSET else asked.language_hints
        self._numerals = self._numerals if asked.numerals is UNSET else asked.numerals
        return self._success()

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
        if asked.language_hints is UNSET or self._model == FLUX_MULTI:
            return None
        return f"language_hints are only supported by the model {FLUX_MULTI}"


def _wrong_thresholds(thresholds: Thresholds) -> str | None:
    """Why thresholds cannot be, or None."""
    within = (
        ("eot_threshold", thresholds.eot, EOT_THRESHOLDS),
        ("eager_eot_threshold", thresholds.eager, EAGER_EOT_THRESHOLDS),
        ("eot_timeout_ms", thresholds.timeout_ms, EOT_TIMEOUTS_MS),
    )
    for name, value, (least, most) in within:
        if value is not None and not least <= value <= most:
            return f"{name} is {value:g}; it must be from {least:g} to {most:g}"
    if thresholds.eager is not None and thresholds.eager > thresholds.eot:
        return f"eager_eot_threshold {thresholds.eager:g} exceeds eot_threshold {thresholds.eot:g}"
    return None
