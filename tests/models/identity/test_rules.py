import pytest

from models.identity.rules import MatchRules


@pytest.mark.parametrize("name", ["min_shared", "min_jaccard", "max_name_drift"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_threshold_is_above_zero(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0 and at most .*, got {value}"):
        MatchRules(**{name: value})  # type: ignore[arg-type]


def test_shares_end_at_one_and_counts_do_not() -> None:
    assert MatchRules(min_jaccard=1.0, min_resize=2.5, min_shared=100).min_resize == 2.5
    with pytest.raises(ValueError, match=r"min_cosine must be above 0 and at most 1\.0, got 1\.1"):
        MatchRules(min_cosine=1.1)
