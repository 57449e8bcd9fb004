"""Report how far a long stage is: in the terminal, in the UI, in the log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tasks.frame.show import move_progress, start_progress

logger = logging.getLogger(__name__)

Report = Callable[[str, int, int, float], None]
"""Step, how many are done, of how many, loss (NaN where there is none)."""

_SECONDS_BETWEEN_UPDATES = 2.0


@contextmanager
def shown_progress(stage: str) -> Iterator[Report]:
    """Return the function that a stage calls with its progress.

    The bar in the terminal appears only on a terminal; the artifact only under Prefect, and it is
    moved every two seconds, for each move is a request.
    """
    artifact = start_progress(f"{stage}-progress", f"How far {stage} is")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    last_update = time.monotonic()
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        line = bar.add_task(stage, total=None, loss="")

        def report(step: str, done: int, total: int, loss: float) -> None:
            nonlocal last_update
            said = f"loss {loss:.4f}" if loss == loss else ""  # noqa: PLR0124 - NaN means no loss
            bar.update(line, description=f"{stage}: {step}", completed=done, total=total, loss=said)
            if artifact is not None and time.monotonic() - last_update >= _SECONDS_BETWEEN_UPDATES:
                last_update = time.monotonic()
                move_progress(artifact, 100.0 * done / max(total, 1))
                logger.info("%s: %s %d of %d %s", stage, step, done, total, said)

        yield report
    if artifact is not None:
        move_progress(artifact, 100.0)
