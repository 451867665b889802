"""The models of `/v1/listen` by family, so that rules can ask what a model can do. To add one, add a word to a table.

The names are those of the AsyncAPI description of July 2026, the whisper sizes of the model page
(https://developers.deepgram.com/docs/model), and `phonecall` and `atc` of Nova-2, which that page has and the
description lacks.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Family(StrEnum):
    """Models that share their abilities."""

    NOVA_3 = "nova-3"
    NOVA_2 = "nova-2"
    NOVA = "nova"
    ENHANCED = "enhanced"
    BASE = "base"
    WHISPER = "whisper"
    FLUX = "flux"
    CUSTOM = "custom"
    """Trained for one project, or self-hosted: its abilities are not known, so no rule about them applies."""


DEFAULT_MODEL: Final = "base-general"

_BASE = ("general", "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video")
_USES: Final[dict[Family, tuple[str, ...]]] = {
    Family.NOVA_3: ("general", "medical"),
    Family.NOVA_2: (*_BASE, "medical", "drivethru", "automotive", "atc"),
    Family.NOVA: ("general", "phonecall", "medical"),
    Family.ENHANCED: ("general", "meeting", "phonecall", "finance"),
    Family.BASE: _BASE,
    Family.WHISPER: ("tiny", "base", "small", "medium", "large"),
    Family.FLUX: ("general-en", "general-multi"),
}
MODELS: Final[dict[str, Family]] = {
    **{family.value: family for family in _USES},
    **{f"{family}-{use}": family for family, uses in _USES.items() for use in uses},
    **dict.fromkeys(_BASE, Family.BASE),  # `model=meeting`, from before a model's name began with its family
    Family.CUSTOM.value: Family.CUSTOM,
}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Both are refused or routed by family whatever follows: a size or a language that is newer than the table.
_BY_PREFIX: Final = (Family.FLUX, Family.WHISPER)


def family_of(model: str | None, tier: str | None = None) -> Family | None:
    """The family of a model; None for a model that is in no table.

    A UUID names a custom model. The deprecated `tier` was the part of today's names that comes first:
    `tier=nova&model=2-general` is `nova-2-general` (https://developers.deepgram.com/docs/tier).
    """
    name = DEFAULT_MODEL if model is None else model
    if tier is not None and f"{tier}-{name}" in MODELS:
        return MODELS[f"{tier}-{name}"]
    if name in MODELS:
        return MODELS[name]
    if _UUID.fullmatch(name):
        return Family.CUSTOM
    return next((family for family in _BY_PREFIX if name.startswith(f"{family}-")), None)
