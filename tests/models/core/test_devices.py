"""Names of devices, seeds, and whose random numbers are whose."""

from threading import get_ident

import numpy as np
import pytest
import torch

from models.core.devices import (
    CPU,
    as_tensor,
    draw_seed,
    map_on,
    place_rows,
    resolve_device,
    seeded_rng,
)


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_is_the_best_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, best: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert resolve_device("auto").type == best


def test_cpu_is_the_cpu() -> None:
    assert resolve_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "", "meta", "cuda:x"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"device must be .* got {name!r}"):
        resolve_device(name)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="device must be one that this machine has"):
        resolve_device(f"cuda:{torch.cuda.device_count()}")


def test_mps_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device must be one that this machine has"):
        resolve_device("mps")


def test_an_integer_always_draws_the_same_seed() -> None:
    assert draw_seed(5) == draw_seed(5) != draw_seed(6)


def test_a_generator_draws_another_seed_each_time() -> None:
    generator = np.random.RandomState(0)
    assert draw_seed(generator) != draw_seed(generator)


def test_seeded_numbers_repeat_and_the_callers_go_on() -> None:
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    drawn, inside = [], []
    for _ in range(2):
        with seeded_rng(3, CPU):
            inside.append(torch.rand(2))
        drawn.append(torch.rand(2))
    assert torch.equal(torch.cat(drawn), expected)
    assert torch.equal(inside[0], inside[1])


def test_a_read_only_array_is_copied() -> None:
    X = np.ones((2, 2), dtype=np.float32)
    X.flags.writeable = False
    tensor = as_tensor(X)
    tensor[0, 0] = 5.0
    assert X[0, 0] == 1.0


def test_rows_on_the_cpu_are_not_copied() -> None:
    rows = torch.ones(3, 2)
    assert place_rows(rows, CPU) is rows


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_rows_that_do_not_fit_stay_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, cuda = torch.ones(3, 2), torch.device("cuda")
    assert place_rows(rows, cuda).device.type == "cuda"
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (0, 0))
    assert place_rows(rows, cuda).device.type == "cpu"


def test_an_accelerator_gets_one_piece_after_the_other_in_the_callers_thread() -> None:
    told: list[int] = []
    threads = map_on(torch.device("meta"), lambda _: get_ident(), [1, 2, 3], progress=told.append)
    assert threads == [get_ident()] * 3
    assert told == [1, 2, 3]
    assert get_ident() not in map_on(CPU, lambda _: get_ident(), [1, 2, 3])
