"""A night in the Prefect UI: its summary and its clusters."""

from tasks.frame.show import show_markdown, show_table
from tasks.reporting.night_view import NightView, Row
from tasks.reporting.render.markdown import summarise


def show_artifacts(night: NightView) -> None:
    """Show a night on the page of its run; outside Prefect nothing is shown."""
    feed, day = night.manifest.feed, night.manifest.night
    show_markdown(f"night-{feed}", summarise(night), f"Night {day} of {feed}")
    show_table(
        f"clusters-{feed}", [_beside_name(it) for it in night.clusters], f"Clusters of night {day}"
    )


def _beside_name(row: Row) -> Row:
    """Return a cluster's row with its group, if it is in one, beside its name."""
    first = {name: row[name] for name in ("cluster_id", "group", "name") if row.get(name)}
    return first | row
