"""Where the numbers live: the device, and random numbers that leave the caller's alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import Tensor

from models.core.threads import map_pieces
from validation.errors import SettingError

P = TypeVar("P")
R = TypeVar("R")

CPU: Final = torch.device("cpu")

# Of the memory that is free on an accelerator; the rest is for weights, gradients and batches.
_SHARE_FOR_ROWS = 0.5

_MAX_SEED = 2**31 - 1


def resolve_device(device: str) -> torch.device:
    """Find the device that a name stands for.

    Parameters
    ----------
    device
        ``"auto"`` (CUDA where there is one, else Apple's MPS, else the CPU), ``"cpu"``,
        ``"cuda"``, ``"cuda:<index>"`` or ``"mps"``.

    Returns
    -------
    The device.

    Raises
    ------
    SettingError
        If the name is none of these, or this machine has no such device.
    """
    if device == "auto":
        return torch.device(_best_device())
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError):
        resolved = None
    if resolved is None or resolved.type not in {"cpu", "cuda", "mps"}:
        known = "'auto', 'cpu', 'cuda', 'cuda:<index>' or 'mps'"
        raise SettingError(f"device must be {known}, got {device!r}")
    if not _is_here(resolved):
        raise SettingError(f"device must be one that this machine has, got {device!r}")
    return resolved


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _is_here(device: torch.device) -> bool:
    if device.type == "cuda":
        return (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or torch.backends.mps.is_available()


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Draw one seed from scikit-learn's ``random_state``; the same integer gives the same seed."""
    return int(check_random_state(random_state).randint(_MAX_SEED))


@contextmanager
def seeded_rng(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global random numbers for a block, and put the caller's back afterwards."""
    on_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_cuda else []):
        # Not torch.manual_seed: it would also reseed the devices that are not put back.
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        if device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


def autocast(device: torch.device) -> AbstractContextManager[None]:
    """Compute in bfloat16 on CUDA, where it is faster; in float32 on the CPU, where it is not."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def map_on(
    device: torch.device,
    function: Callable[[P], R],
    pieces: Sequence[P],
    *,
    at_once: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[R]:
    """Apply a function to independent pieces: on a processor as `map_pieces` does.

    An accelerator computes one piece at a time, whoever asks, so there they go one after the other
    in the caller's thread.
    """
    if device.type == "cpu":
        return map_pieces(function, pieces, at_once=at_once, progress=progress)
    results = []
    for piece in pieces:
        results.append(function(piece))
        if progress is not None:
            progress(len(results))
    return results


def as_tensor(X: NDArray[np.float32]) -> Tensor:
    """View an array as a tensor; a read-only one (Arrow, memmap) is copied, as torch asks."""
    return torch.from_numpy(X if X.flags.writeable else X.copy())


def place_rows(rows: Tensor, device: torch.device) -> Tensor:
    """Move a whole data set to the device if it fits there; else leave it where it is.

    Parameters
    ----------
    rows
        The data, shape (n_samples, n_features).
    device
        Where the training runs.

    Returns
    -------
    The same rows, on ``device`` or where they were; index them with rows on the CPU and move what
    comes out with ``.to(device)``: this costs nothing where the data is there already.
    """
    if device.type != "cuda":
        return rows.to(device)
    n_bytes = rows.element_size() * rows.nelement()
    n_bytes_free, _ = torch.cuda.mem_get_info(device)
    return rows.to(device) if n_bytes <= _SHARE_FOR_ROWS * n_bytes_free else rows
