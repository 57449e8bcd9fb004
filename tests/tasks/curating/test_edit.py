from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.curating.edit import change, undo
from tasks.curating.file import CurationError, parse_curation
from tasks.curating.rules import Curation

BY_HAND = """# ours
[[pin]] # the refund team
cluster = "c-1"
name = "money"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "curation.toml"


def rules_of(path: Path) -> Curation:
    return parse_curation(path.read_bytes(), path)


def test_a_rule_is_added_and_comments_stay(path: Path) -> None:
    path.write_text(BY_HAND, encoding="utf-8")
    written = change(path, "ignore", {"cluster": "c-2"})
    assert written.said() == "c-2 is ignored"
    assert path.read_text("utf-8").startswith(BY_HAND)
    assert rules_of(path).ignore[0].cluster == "c-2"


def test_a_name_is_given_anew_and_clusters_are_added_to_their_heading(path: Path) -> None:
    path.write_text(BY_HAND, encoding="utf-8")
    change(path, "pin", {"cluster": "c-1", "name": "refunds"})
    change(path, "pin", {"cluster": "c-1", "name": "of the shop", "feed": "shop"})
    change(path, "category", {"name": "n", "clusters": ["c-1"]})
    change(path, "category", {"name": "n", "clusters": ["c-1", "c-3"]})
    rules = rules_of(path)
    assert [(rule.name, rule.feed) for rule in rules.pin] == [
        ("refunds", "default"),
        ("of the shop", "shop"),
    ]
    assert [rule.clusters for rule in rules.category] == [("c-1", "c-3")]
    assert "# the refund team" in path.read_text("utf-8")


def test_a_rule_that_cannot_hold_leaves_the_file_as_it_is(path: Path) -> None:
    change(path, "ignore", {"cluster": "c-2"})
    before = path.read_bytes()
    with pytest.raises(CurationError, match="merge into c-2 and ignore c-2 cannot both hold"):
        change(path, "merge", {"clusters": ["c-1"], "into": "c-2"})
    assert path.read_bytes() == before
    undo(path)
    assert rules_of(path).rules() == []


def test_a_change_is_taken_back_and_forth(path: Path) -> None:
    with pytest.raises(CurationError, match="nothing to undo"):
        undo(path)
    change(path, "ignore", {"cluster": "c-1"})
    first = path.read_bytes()
    change(path, "ignore", {"cluster": "c-2"})
    second = path.read_bytes()
    undo(path)
    assert path.read_bytes() == first
    undo(path)
    assert path.read_bytes() == second


def test_changes_at_once_wait_for_each_other(path: Path) -> None:
    path.write_text(BY_HAND, encoding="utf-8")
    rules = [{"cluster": f"c-{number}"} for number in range(10, 14)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda rule: change(path, "ignore", rule), rules))
    assert {rule.cluster for rule in rules_of(path).ignore} == {it["cluster"] for it in rules}
