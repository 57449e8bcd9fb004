"""What is measured of series: kernels, batches, and words."""

import numpy as np
import pytest

from models.series.batches import batches
from models.series.caption import caption
from models.series.minirocket import N_FEATURES, MiniRocket

TIME = np.linspace(0, 1, 200)


def test_kernels_see_shapes_and_no_level() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(it, 1)).astype(np.float32) for it in (80, 120, 100)]
    rocket = MiniRocket.fit(series, 0)
    found = rocket.transform(series)
    assert found.shape == (3, N_FEATURES)
    assert found.min() >= 0
    assert found.max() <= 1
    assert 0.3 < found.mean() < 0.7  # thresholds are quantiles of what the kernels give
    middle = [it[20:-20] for it in series]
    raised = rocket.transform([it + 3 for it in middle])
    away = np.abs(raised - rocket.transform(middle)).mean()
    assert away < 0.25  # the ends alone see the level, from the zeros beyond


def test_batches_hold_every_series_once_and_mask_the_rest() -> None:
    series = [
        np.full((length, 2), number + 1, dtype=np.float32)
        for number, length in enumerate((5, 9, 1))
    ]
    found = list(batches(series))
    assert sorted(at for batch in found for at in batch.positions) == [0, 1, 2]
    for batch in found:
        for row, at in enumerate(batch.positions):
            assert int(batch.mask[row].sum()) == len(series[at])
            assert float(batch.values[row].sum()) == float(series[at].sum())


@pytest.mark.parametrize(
    ("series", "word"),
    [
        (TIME, "rising"),
        (-TIME, "falling"),
        (np.sin(40 * TIME), "periodic"),
        (TIME > 0.4, "stepped"),
        (0 * TIME, "flat"),
        (np.random.default_rng(0).normal(size=200), "noisy"),
        (np.isin(np.arange(200), (50, 141)), "spiky"),
        (TIME[:30], "short"),
        (np.exp(6 * TIME), "peaks"),
        (-np.exp(6 * TIME), "dips"),
        (TIME * np.sin(90 * TIME), "growing"),
        ((1 - TIME) * np.sin(90 * TIME), "fading"),
        (np.sin(10 * TIME), "slow"),
        (np.sin(160 * TIME), "fast"),
    ],
)
def test_captions_say_what_is_to_be_seen(series: np.ndarray, word: str) -> None:
    words = caption(series.astype(np.float32)[:, None]).split()
    assert word in words
    assert all(it.isalpha() for it in words)


def test_channels_share_one_caption() -> None:
    both = np.stack([TIME, np.sin(40 * TIME)], axis=1).astype(np.float32)
    words = caption(both).split()
    assert {"rising", "periodic"} <= set(words)
    assert len(words) == len(set(words))
