"""Show in the terminal what a run did, and where documents belong."""

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.boundary.printable import as_markup

if TYPE_CHECKING:
    from flows.nightly import NightReport
    from tasks.operating.assign import Placed
    from tasks.reporting.night_view import NightView
    from tasks.store.storage import Store

_SHOWN_PLACEMENTS: Final = 50


def show_run(
    console: Console, store: "Store", night: "NightView", report: "NightReport | None"
) -> None:
    """Show what a run read, found, scored, cost, and where it is.

    Without a report, nothing ran: the night was published, of the same inputs.
    """
    from tasks.boundary.counted import counted
    from tasks.reporting.render.markdown import SUMMARY
    from tasks.reporting.render.terminal import show_night

    show_night(console, night)
    if report is None:
        console.print("already published, and nothing that it was made from has changed")
    else:
        show_stages(console, report)
    if report and report.not_told:
        said = f"{counted(report.not_told, 'channel')} of [[notify]] not told; the log says why"
        console.print(escape(said), style="red", soft_wrap=True)
    places = {
        "Parquet:  ": store.root,
        "manifest: ": store.manifest_path(),
        "summary:  ": store.partition("reports") / SUMMARY,
    }
    for name, place in places.items():
        console.print(f"{name}{escape(str(place))}", soft_wrap=True)
    console.print()


def show_stages(console: Console, report: "NightReport") -> None:
    """Show seconds and peak memory per stage."""
    table = Table(title="stages")
    for column in ("stage", "seconds", "peak memory, MB"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for it in report.stages:
        cost = (f"{it.seconds:.1f}", f"{it.peak_memory_mb:,.0f}")
        table.add_row(it.stage, *(("cached", "") if it.is_cached else cost))
    console.print(table)


def show_placements(console: Console, placed: "Placed") -> None:
    """Show which document is in which cluster, the first ones of many."""
    from tasks.boundary.counted import counted

    table = Table(title=counted(placed.table.num_rows, "document"))
    for column in ("document", "cluster", "name", "confidence", "margin", "known"):
        table.add_column(
            column,
            justify="right" if column in {"confidence", "margin"} else "left",
            overflow="fold",
        )
    for row in placed.table.slice(0, _SHOWN_PLACEMENTS).to_pylist():
        figures = (f"{row['confidence']:,.3f}", f"{row['margin']:,.3f}")
        known = "yes" if row["is_known"] else "no"
        texts = (as_markup(row["doc_id"]), row["cluster_id"], as_markup(row["name"]))
        table.add_row(*texts, *figures, known)
    console.print(table)
    if placed.table.num_rows > _SHOWN_PLACEMENTS:
        rest = placed.table.num_rows - _SHOWN_PLACEMENTS
        console.print(f"  and {rest:,} more; --out FILE.parquet writes them all")
