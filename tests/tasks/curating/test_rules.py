import re

import pytest
from pydantic import ValidationError

from tasks.curating.rules import Curation, Split


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            {"merge": [{"clusters": ["a"], "into": "b"}, {"clusters": ["b"], "into": "a"}]},
            "merges of a into b and back are a circle",
        ),
        (
            {"merge": [{"clusters": ["a"], "into": "b"}, {"clusters": ["b"], "into": "c"}]},
            "another merge puts b into c; write into = 'c'",
        ),
        ({"merge": [{"clusters": ["a"], "into": "a"}]}, "merge of a into itself"),
        (
            {"merge": [{"clusters": ["a"], "into": "b"}, {"clusters": ["a"], "into": "c"}]},
            "merge: 'a' is merged 2 times",
        ),
        (
            {"merge": [{"clusters": ["a"], "into": "b"}], "ignore": [{"cluster": "b"}]},
            "merge into b and ignore b cannot both hold",
        ),
        (
            {"merge": [{"clusters": ["a"], "into": "b"}], "pin": [{"cluster": "a", "name": "n"}]},
            "pin of a cannot hold, for a merge puts a into b; write b",
        ),
        (
            {"pin": [{"cluster": "a", "name": "n"}, {"cluster": "b", "name": "n"}]},
            "'n' is given as a name 2 times",
        ),
        (
            {"category": [{"name": "n", "clusters": ["a"]}, {"name": "m", "clusters": ["a"]}]},
            "'a' is put under a heading 2 times",
        ),
    ],
)
def test_what_cannot_hold_at_once_is_refused(rules: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        Curation.model_validate(rules)


def test_rules_of_two_feeds_do_not_meet() -> None:
    pins = [{"cluster": "a", "name": "n"}, {"cluster": "a", "name": "n", "feed": "shop"}]
    rules = Curation.model_validate({"pin": pins})
    assert [rule.feed for rule in rules.of_feed("shop").pin] == ["shop"]
    assert [rule.feed for rule in rules.of_feed("default").pin] == ["default"]


def test_a_part_has_the_same_id_however_its_terms_are_written() -> None:
    one = Split(cluster="c-1", terms="Login, password", name="access")
    other = Split(cluster="c-1", terms="password,login", name="sign in")
    assert one.part == other.part
    assert one.part.startswith("c-1-")
    assert one.part != Split(cluster="c-1", terms="login", name="access").part
