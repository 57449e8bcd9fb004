import hashlib
from datetime import date
from pathlib import Path

import pytest

from tasks.curating.file import CurationError, TonightsCuration, read_curation
from tasks.store.storage import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path, feed="shop", night=date(2026, 3, 1))


def test_the_file_of_the_store_is_read_for_one_feed(store: Store) -> None:
    assert read_curation(store, None) == TonightsCuration()
    content = b"""
    [[ignore]]
    cluster = "c-1"
    feed = "shop"
    [[ignore]]
    cluster = "c-2"
    """
    (store.root / "curation.toml").write_bytes(content)
    found = read_curation(store, None)
    assert [rule.cluster for rule in found.rules.ignore] == ["c-1"]
    assert found.digest == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_given_must_be_there(store: Store) -> None:
    with pytest.raises(CurationError, match=r"rules\.toml must be a file .* No such file"):
        read_curation(store, store.root / "rules.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[pin]]\ncluster = 'c-1'", "name of [[pin]] number 1 is missing"),
        ("[[pins]]\ncluster = 'c-1'", "pins is not known; tables are split, merge, exclude"),
        ("[[ignore]]\ncluster = 'c-1'\nwhy = 'x'", "why of [[ignore]] number 1 is not known"),
        ("[[ignore]]\ncluster = 1", "cluster of [[ignore]] number 1 must be a valid string, got 1"),
        ("[[ignore]]\ncluster = ''", "cluster of [[ignore]] number 1 must be a text with a letter"),
        ("[ignore]\ncluster = 'c-1'", "ignore must be written as [[ignore]]"),
        ("pin = [", "must be a readable TOML file"),
        (
            "[[merge]]\nclusters = ['a']\ninto = 'b'\n[[ignore]]\ncluster = 'b'",
            "merge into b and ignore b cannot both hold",
        ),
    ],
)
def test_a_mistake_is_a_sentence_with_file_and_rule(store: Store, text: str, said: str) -> None:
    path = store.root / "curation.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CurationError) as error:
        read_curation(store, None)
    assert str(path) in str(error.value)
    assert said in str(error.value)
