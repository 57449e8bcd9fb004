"""Series come to even steps, and what is measured of them is what came."""

import json
from typing import Any

import numpy as np
import pytest

from tasks.series.codec import in_channels
from tasks.series.copies import first_alike, shapes_of
from tasks.series.prepare import UnfitSeriesError, as_npy, from_npy, look_at, prepared
from tasks.series.settings import SeriesSettings

LEVEL = SeriesSettings(z_normalise=False)


def told(times: list[Any], in_order: bool = True, **values: list[Any]) -> str:
    return json.dumps({"times": times, "values": values, "in_order": in_order})


def test_what_is_measured() -> None:
    looked = look_at(told([0, 1, 2, 5, 4], x=[1, None, 1, 2, 3], y=[0] * 5))
    assert looked.missing == 0.1
    assert looked.n_back == 1
    assert looked.gap == 3
    assert looked.n_levels == 3


def test_rows_that_were_gathered_are_put_in_the_order_of_their_times() -> None:
    looked = look_at(told([3, 1, 2, 2], in_order=False, x=[30, 10, 20, 21]))
    assert looked.times is not None
    assert looked.values[:, 0].tolist() == [10, 20, 21, 30]
    assert looked.n_back == 1
    dates = [f"2026-03-0{day}" for day in (3, 1, 2)]
    assert look_at(told(dates, in_order=False, x=[3, 1, 2])).values[:, 0].tolist() == [1, 2, 3]


def test_dates_are_times() -> None:
    looked = look_at(
        told(["2026-03-01T00:00", "2026-03-01T00:01", "2026-03-01T00:02"], x=[1, 2, 3])
    )
    assert looked.times is not None
    assert np.diff(looked.times).tolist() == [60, 60]


@pytest.mark.parametrize(
    ("times", "values", "rule"),
    [
        ([1, 2], {"x": [1, 2, 3]}, "series_found"),
        ([], {"x": [1], "y": [1, 2]}, "series_found"),
        (["soon", "2026-03-01"], {"x": [1, 2]}, "series_time_read"),
        ([None, 1], {"x": [1, 2]}, "series_time_read"),
    ],
)
def test_what_cannot_be_read(times: list[Any], values: dict[str, list[Any]], rule: str) -> None:
    with pytest.raises(UnfitSeriesError) as caught:
        look_at(told(times, **values))
    assert caught.value.rule == rule


def test_gaps_are_filled_and_steps_made_even() -> None:
    found = prepared(look_at(told([0, 1, 2, 4, 5], x=[0, None, 2, 4, 5])), LEVEL)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    still = prepared(look_at(told([], x=[1, 2, 3], y=[None, None, None])), LEVEL)
    assert still[:, 1].tolist() == [0, 0, 0]


def test_long_series_are_means_of_stretches() -> None:
    settings = LEVEL.model_copy(update={"steps": 4})
    found = prepared(look_at(told([], x=list(range(12)))), settings)
    assert found[:, 0].tolist() == [1, 4, 7, 10]


def test_level_and_strength_go_where_that_is_set() -> None:
    looked = look_at(told([], x=[10, 20, 30], y=[5, 5, 5]))
    found = prepared(looked, SeriesSettings())
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0), [1, 0], atol=1e-6)
    assert from_npy(as_npy(found)).tobytes() == found.tobytes()


def test_channels_are_made_the_same() -> None:
    series = np.ones((3, 2), dtype=np.float32)
    assert in_channels(series, 3)[:, 2].tolist() == [0, 0, 0]
    assert in_channels(series, 1).shape == (3, 1)


def test_copies_are_found_and_kinds_are_not() -> None:
    rng = np.random.default_rng(0)
    wave = np.sin(np.linspace(0, 20, 300))[:, None].astype(np.float32)
    again = (wave[::2] + rng.normal(0, 0.01, (150, 1))).astype(np.float32)
    other = np.sin(np.linspace(0.6, 20.6, 300))[:, None].astype(np.float32)
    firsts = first_alike(shapes_of([wave, other, again, 3 * wave]))
    assert [it for it, _ in firsts] == [0, 1, 0, 0]
    assert all(0.99 < likeness <= 1 for _, likeness in firsts)
