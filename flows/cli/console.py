"""Show a published night in the terminal; every text from a feed is escaped."""

import json
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from flows.cli.results import NightResult
    from flows.nightly import NightReport
    from tasks.operating.assign import Placed

_SHOWN_CLUSTERS: Final = 30
_SHOWN_PLACEMENTS: Final = 50


def show_night(console: Console, night: "NightResult", report: "NightReport") -> None:
    """Show what a run read, found, scored, cost, and where it is."""
    show_columns(console, night)
    show_counts(console, night)
    show_clusters(console, night)
    show_metrics(console, night)
    show_fit(console, night)
    show_stages(console, report)
    console.print(f"Parquet:  {escape(str(night.store.root))}", soft_wrap=True)
    console.print(f"manifest: {escape(report.published.manifest)}", soft_wrap=True)
    console.print(f"summary:  {escape(report.published.summary)}\n", soft_wrap=True)


def show_columns(console: Console, night: "NightResult") -> None:
    """Show which columns were taken for what, and which of the others have changed."""
    from tasks.preparing.own_columns import column_changes

    for file, mapping in night.manifest["columns"].items():
        parts = ", ".join(f"{part} = {_text(column)}" for part, column in mapping.items())
        console.print(
            f"  {_text(file)}: {parts or 'no row could be read'}", soft_wrap=True, highlight=False
        )
    for change in column_changes(night.manifest):
        console.print(f"  {_text(change.sentence())}", soft_wrap=True, highlight=False)


def show_counts(console: Console, night: "NightResult") -> None:
    """Show where the rows went, and the rules that failed."""
    from tasks.preparing.counts import rows_said

    console.print(f"  {rows_said(night.manifest['counts'])}", soft_wrap=True)
    for check, result in night.manifest["checks"].items():
        for rule in result["outcomes"]:
            if not rule["success"]:
                said = f"{rule['severity']}: {rule['rule_id']}: {_text(rule['observed'])}"
                console.print(
                    f"  check {check}, {said}",
                    soft_wrap=True,
                    highlight=False,
                )


def show_clusters(console: Console, night: "NightResult") -> None:
    """Show the largest clusters and what happened to the others since the last night."""
    from tasks.boundary.counted import counted

    manifest = night.manifest
    where = f"on {manifest['night']} in feed {_text(manifest['feed'])}"
    table = Table(title=f"{counted(manifest['n_clusters'], 'cluster')} {where}")
    for column in ("cluster", "name", "size", "change", "status"):
        table.add_column(
            column, justify="right" if column in {"size", "change"} else "left", overflow="fold"
        )
    for row in night.clusters[:_SHOWN_CLUSTERS]:
        change = f"{row['growth']:+,}"
        table.add_row(
            row["cluster_id"], _text(row["name"]), f"{row['size']:,}", change, row["status"]
        )
    console.print(table)
    if len(night.clusters) > _SHOWN_CLUSTERS:
        console.print(
            f"  and {len(night.clusters) - _SHOWN_CLUSTERS} smaller ones in the table `clusters`"
        )
    gone = [event["cluster_id"] for event in night.events if event["event"] == "vanished"]
    if gone:
        console.print(f"  vanished since the last night: {', '.join(gone)}", soft_wrap=True)


def show_metrics(console: Console, night: "NightResult") -> None:
    """Show the quality figures beside those of plain k-means."""
    table = Table(title=f"quality (published: the {night.manifest['labels']['published']} labels)")
    for column in ("metric", "space", "nightfold", "k-means"):
        table.add_column(column, justify="right" if column in {"nightfold", "k-means"} else "left")
    for row in night.manifest["metrics"]:
        table.add_row(
            row["metric"], row["space"], _figure(row["value"]), _figure(row["baseline_value"])
        )
    console.print(table)
    console.print(f"  {_text(night.manifest['labels']['reason'])}", soft_wrap=True)
    console.print(f"  trust {_text(night.manifest['labels']['trust'])}", soft_wrap=True)


def show_fit(console: Console, night: "NightResult") -> None:
    """Show whether the model was fitted from nothing, and why; name every alarm."""
    fit = night.manifest["fit"]
    console.print(f"  model: {fit['kind']} fit, {_text(fit['reason'])}", soft_wrap=True)


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
        figures = (_figure(row["confidence"]), _figure(row["margin"]))
        known = "yes" if row["is_known"] else "no"
        table.add_row(_text(row["doc_id"]), row["cluster_id"], _text(row["name"]), *figures, known)
    console.print(table)
    if placed.table.num_rows > _SHOWN_PLACEMENTS:
        rest = placed.table.num_rows - _SHOWN_PLACEMENTS
        console.print(f"  and {rest:,} more; --out FILE.parquet writes them all")


def clusters_json(night: "NightResult") -> str:
    """Return the clusters of a night as JSON."""
    shown: dict[str, Any] = {
        key: night.manifest[key] for key in ("feed", "night", "counts", "n_clusters", "labels")
    }
    return json.dumps(shown | {"clusters": night.clusters}, ensure_ascii=False, indent=2)


def _text(text: str) -> str:
    return escape(printable(text))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}"


def printable(text: str) -> str:
    """Take out what could steer a terminal: control and escape characters."""
    return "".join(
        character if character.isprintable() or character == "\n" else "�" for character in text
    )
