from pathlib import Path

import pytest

from flows.prefect_home.key import key_file, lasting_key, write_private


def test_the_key_lasts_and_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    key = lasting_key(tmp_path)
    assert len(key) == 43
    assert lasting_key(tmp_path) == key
    assert key_file(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["", "cut", "x" * 44])
def test_a_damaged_key_is_made_anew(tmp_path: Path, damage: str) -> None:
    write_private(key_file(tmp_path), damage)
    assert len(lasting_key(tmp_path)) == 43
    assert lasting_key(tmp_path) == lasting_key(tmp_path)


def test_a_key_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    key = lasting_key(tmp_path)
    key_file(tmp_path).chmod(0o640)
    assert lasting_key(tmp_path) != key
