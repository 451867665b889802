from __future__ import annotations

import pytest

from harness.protocol.models import MODELS, Family, family_of


@pytest.mark.parametrize(
    ("model", "tier", "family"),
    [
        (None, None, Family.BASE),
        ("nova-3", None, Family.NOVA_3),
        ("nova-3-medical", None, Family.NOVA_3),
        ("nova-2-atc", None, Family.NOVA_2),
        ("nova-phonecall", None, Family.NOVA),
        ("meeting", None, Family.BASE),
        ("meeting", "enhanced", Family.ENHANCED),
        ("2-general", "nova", Family.NOVA_2),
        ("nova-2", "nova", Family.NOVA_2),
        ("2-general", None, None),
        ("whisper", None, Family.WHISPER),
        ("whisper-large-v4", None, Family.WHISPER),
        ("whisperer", None, None),
        ("flux-general-en", None, Family.FLUX),
        ("flux-general-xx", None, Family.FLUX),
        ("custom", None, Family.CUSTOM),
        ("2D7C1E0A-3c1f-4c2e-9f37-5a0b8f1d6c11", None, Family.CUSTOM),
        ("2d7c1e0a-3c1f-4c2e-9f37-5a0b8f1d6c1", None, None),
        ("nova-3-", None, None),
        ("", None, None),
    ],
)
def test_the_family_of_a_model(model: str | None, tier: str | None, family: Family | None) -> None:
    assert family_of(model, tier) is family


def test_every_model_of_the_published_enumeration_is_known() -> None:
    published = (
        "nova-3 nova-3-general nova-3-medical nova-2 nova-2-general nova-2-meeting nova-2-finance "
        "nova-2-conversationalai nova-2-voicemail nova-2-video nova-2-medical nova-2-drivethru nova-2-automotive nova "
        "nova-general nova-phonecall nova-medical enhanced enhanced-general enhanced-meeting enhanced-phonecall "
        "enhanced-finance base meeting phonecall finance conversationalai voicemail video custom"
    )
    assert set(published.split()) <= MODELS.keys()
