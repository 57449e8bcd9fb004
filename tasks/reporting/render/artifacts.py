"""The artifacts of a night in the Prefect UI: its summary, its clusters, its map."""

from pathlib import Path

from tasks.boundary.markdown import escape_markdown
from tasks.frame.show import show_markdown, show_picture, show_table
from tasks.reporting.night_view import NightView, Row
from tasks.reporting.render.links import report_link
from tasks.reporting.render.map_picture import map_picture
from tasks.reporting.render.markdown import summarise
from tasks.reporting.render.sheet import sheet


def show_artifacts(night: NightView, page: Path | None) -> None:
    """Show a night on the page of its run; outside Prefect nothing is shown.

    Parameters
    ----------
    night
        What is shown.
    page
        Where its report will be; None where it has none.
    """
    feed, day = night.manifest.feed, night.manifest.night
    summary = summarise(night)
    if page:
        title, _, rest = summary.partition("\n\n")
        summary = f"{title}\n\n{_to_report(page)}\n\n{rest}"
    show_markdown(f"night-{feed}", summary, f"Night {day} of {feed}")
    show_table(
        f"clusters-{feed}", [_beside_name(it) for it in night.clusters], f"Clusters of night {day}"
    )


def show_pictures(night: NightView) -> None:
    """Show the map of a night that is read whole, and the clusters of one that has no texts."""
    if picture := map_picture(night):
        show_picture(f"map-{night.manifest.feed}", picture, f"Map of night {night.manifest.night}")
    if not night.manifest.has_texts and (picture := sheet(night)):
        show_picture("clusters as pictures", picture, "Clusters, and documents that show them")


def _to_report(page: Path) -> str:
    """Return where the report is: a link for the store's own UI, and a file for all others."""
    return (
        f"**[The report of the night]({report_link(page)})** (file: {escape_markdown(str(page))})"
    )


def _beside_name(row: Row) -> Row:
    """Return a cluster's row with its group, if it is in one, beside its name."""
    first = {name: row[name] for name in ("cluster_id", "group", "name") if row.get(name)}
    return first | row
