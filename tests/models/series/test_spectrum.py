"""Spectra: a rhythm is the same one wherever it begins, and however long its series."""

import numpy as np

from models.series.spectrum import N_RHYTHMS, log_spectra


def test_rhythms_are_found_wherever_they_begin() -> None:
    waves = [
        np.sin(2 * np.pi * (7 * np.arange(n) / (n - 1) + begin))[:, None].astype(np.float32)
        for n, begin in ((200, 0.0), (300, 0.3))
    ]
    found = log_spectra(waves)
    assert found.shape == (2, N_RHYTHMS)
    assert found.argmax(axis=1).tolist() == [6, 6]
    assert np.abs(found[0] - found[1])[6] < 0.1


def test_channels_stand_side_by_side() -> None:
    series = np.zeros((50, 2), dtype=np.float32)
    series[:, 1] = np.arange(50)
    found = log_spectra([series])[0]
    assert not found[:N_RHYTHMS].any()
    assert found[N_RHYTHMS:].any()
