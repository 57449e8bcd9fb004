from tasks.reporting.render.figures import rating_cells


def test_a_rating_is_a_mean_with_its_interval_and_an_impact() -> None:
    row = {"mean_rating": 1.234, "low": 1.0, "high": 1.8, "impact": 0.091}
    assert rating_cells(row) == ("1.23 (1.0–1.8)", "+0.09")
    assert rating_cells(row | {"impact": -0.004})[1] == "+0.00"
    assert rating_cells(row | {"low": None, "high": None, "impact": None}) == ("1.23", "–")


def test_where_nothing_is_rated_there_is_nothing_to_say() -> None:
    assert rating_cells(None) == ("–", "–")
    assert rating_cells({"mean_rating": None, "impact": None}) == ("–", "–")
