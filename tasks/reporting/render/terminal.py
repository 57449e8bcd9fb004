"""A night in the terminal; every text from a feed is escaped."""

from typing import Final, Literal

from rich.console import Console
from rich.table import Table

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.boundary.printable import as_markup
from tasks.preparing.counts import rows_said
from tasks.reporting.night_view import NightView, Row
from tasks.reporting.render.curation import show_curation
from tasks.reporting.render.figures import mention_cells, rating_cells
from tasks.reporting.render.groups import show_groups
from tasks.reporting.render.insight_lines import emergence_sentences, where_sentences
from tasks.reporting.render.near_duplicates import show_copies
from tasks.reporting.render.watches import show_watches

_SHOWN_CLUSTERS: Final = 30
"""What fits on a screen; the table has all."""

_TEXTS: Final = frozenset({"cluster", "group", "topic", "name", "status"})
"""Columns of words; those of numbers are set to the right."""

_EXAMPLES: Final = 2
_EXAMPLE_CHARS: Final = 90
"""A line or two in a column of the table."""


def show_night(console: Console, night: NightView) -> None:
    """Show what a night read, found and scored."""
    show_columns(console, night)
    show_counts(console, night)
    show_clusters(console, night)
    show_insights(console, night)
    show_metrics(console, night)
    show_fit(console, night)


def show_columns(console: Console, night: NightView) -> None:
    """Show which columns were taken for what, and which of the others have changed."""
    for file, mapping in night.manifest.columns.items():
        parts = ", ".join(f"{part} = {as_markup(column)}" for part, column in mapping.items())
        said = f"{as_markup(file)}: {parts or 'no row could be read'}"
        console.print(f"  {said}", soft_wrap=True, highlight=False)
    for change in night.column_changes:
        console.print(f"  {as_markup(change.sentence())}", soft_wrap=True, highlight=False)


def show_counts(console: Console, night: NightView) -> None:
    """Show where the rows went, and the rules that failed."""
    console.print(f"  {rows_said(night.manifest.counts)}", soft_wrap=True)
    for check, result in night.manifest.checks.items():
        for rule in result["outcomes"]:
            if not rule["success"]:
                said = f"{rule['rule_id']}: {rule['observed']}; expected: {rule['expected']}"
                console.print(
                    f"  check {check}, {rule['severity']}: {as_markup(said)}",
                    soft_wrap=True,
                    highlight=False,
                )


def show_clusters(console: Console, night: NightView) -> None:
    """Show the largest clusters and what happened to the others since the last night."""
    manifest = night.manifest
    where = f"on {manifest.night} in feed {as_markup(manifest.feed)}"
    table = Table(title=f"{counted(manifest.n_clusters, 'cluster')} {where}")
    topics = night.topics
    shares = ("share", "mentioned") * night.has_mentions
    above = ("group",) * night.has_groups + ("topic",) * bool(topics)
    named = ("cluster", *above, "name")
    columns = (*named, "size", *shares, "change", "status")
    for column in columns + ("rating", "impact") * bool(night.ratings):
        justify: Literal["left", "right"] = "left" if column in _TEXTS else "right"
        table.add_column(column, justify=justify, overflow="fold")
    for row in night.shown[:_SHOWN_CLUSTERS]:
        called = row["cluster_id"], *_above(row, night), _with_examples(row)
        sized = f"{row['size']:,}", *(mention_cells(row) if shares else ())
        table.add_row(*called, *sized, f"{row['growth']:+,}", *_judged(row, night))
    console.print(table)
    if len(night.shown) > _SHOWN_CLUSTERS:
        console.print(
            f"  and {len(night.shown) - _SHOWN_CLUSTERS} smaller ones in the table `clusters`"
        )
    gone = [event["cluster_id"] for event in night.events if event["event"] == "vanished"]
    if gone:
        console.print(f"  vanished since the last night: {', '.join(gone)}", soft_wrap=True)
    show_curation(console, night)
    show_copies(console, night)
    show_watches(console, night)


def _above(row: Row, night: NightView) -> list[str]:
    """Return the group and the topic that a cluster is in, where there are such."""
    group = [as_markup(row.get("group") or "")] if night.has_groups else []
    return group + ([as_markup(night.topics.get(row["cluster_id"], ""))] if night.topics else [])


def show_insights(console: Console, night: NightView) -> None:
    """Show which clusters emerge, and where each is over-represented."""
    for sentence in (*emergence_sentences(night), *where_sentences(night)):
        console.print(f"  {as_markup(sentence)}", soft_wrap=True, highlight=False)


def _judged(row: Row, night: NightView) -> list[str]:
    """Return a cluster's status and, where the feed has ratings, the mean and the impact."""
    if not night.ratings:
        return [row["status"]]
    rating, impact = rating_cells(night.ratings.get(row["cluster_id"]))
    # Without its interval, for which a terminal has no room.
    return [row["status"], rating.partition(" ")[0], impact]


def _with_examples(row: Row) -> str:
    """Return a cluster's title and name, and below them how two of its texts begin."""
    quoted = [excerpt(it, _EXAMPLE_CHARS) for it in (row.get("exemplar_texts") or [])[:_EXAMPLES]]
    title = [f"[bold]{as_markup(row['title'])}[/bold]"] if row.get("title") else []
    return "\n".join(
        [*title, as_markup(row["name"]), *(f"[dim]{as_markup(it)}[/dim]" for it in quoted)]
    )


def show_metrics(console: Console, night: NightView) -> None:
    """Show the quality figures beside those of plain k-means, or what the groups are."""
    if night.has_groups:
        show_groups(console, night.manifest)
    else:
        _show_figures(console, night)
    console.print(f"  {as_markup(night.manifest.labels.reason)}", soft_wrap=True)
    console.print(f"  trust {as_markup(night.manifest.labels.trust)}", soft_wrap=True)


def _show_figures(console: Console, night: NightView) -> None:
    table = Table(title=f"quality (published: the {night.manifest.labels.published} labels)")
    for column in ("metric", "space", "nightfold", "k-means"):
        table.add_column(column, justify="right" if column in {"nightfold", "k-means"} else "left")
    for row in night.manifest.metrics:
        table.add_row(
            row["metric"], row["space"], _figure(row["value"]), _figure(row["baseline_value"])
        )
    console.print(table)


def show_fit(console: Console, night: NightView) -> None:
    """Show whether the model was fitted from nothing, and why; name every alarm."""
    if night.fit:
        console.print(
            f"  model: {night.fit.kind} fit, {as_markup(night.fit.reason)}", soft_wrap=True
        )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}"
