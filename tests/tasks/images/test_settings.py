"""How large images are kept follows from what encodes them."""

import pytest
from pydantic import ValidationError

from tasks.images.settings import ImageSettings


def test_a_given_encoder_gets_its_own_size_unless_another_is_said() -> None:
    assert ImageSettings().side == 64
    assert ImageSettings(encoder="clip").side == 224
    assert ImageSettings(encoder="clip", side=96).side == 96


@pytest.mark.parametrize("side", [27, 225])
def test_no_encoder_is_sized_for_less_or_more(side: int) -> None:
    with pytest.raises(ValidationError):
        ImageSettings(side=side)


def test_an_encoder_holds_no_secret() -> None:
    with pytest.raises(ValidationError, match=r"images\.encoder"):
        ImageSettings(encoder="https://me:secret@host/model")
