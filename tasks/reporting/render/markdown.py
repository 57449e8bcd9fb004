"""A night as a short Markdown text: its summary."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.boundary.markdown import escape_markdown
from tasks.clusters.fit import Fit
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.reporting.night_view import NightView, Row, grouped_name
from tasks.reporting.render.curation import curation_lines
from tasks.reporting.render.figures import mention_cells, rating_cells
from tasks.reporting.render.groups import group_lines
from tasks.reporting.render.insight_lines import emergence_sentences, where_sentences
from tasks.reporting.render.near_duplicates import copy_lines
from tasks.reporting.render.watches import watch_lines

SUMMARY: Final = "summary.md"
"""The name of its file in a night's folder of reports."""

_SHOWN_CLUSTERS: Final = 50
_SHOWN_CHANGES: Final = 20
_QUOTES: Final = 2
_QUOTE_CHARS: Final = 160
"""A sentence or two."""


def summarise(night: NightView) -> str:
    """Return the summary of a night."""
    manifest, clusters, counts = night.manifest, night.shown, night.manifest.counts
    labels = manifest.labels
    lines = [
        f"# {escape_markdown(manifest.feed)}, night {manifest.night}",
        "",
        "## What changed",
        "",
        *_change_lines(night),
        "",
        *watch_lines(night),
        "## The data",
        "",
        _counts_line(counts),
        "",
        *_late_lines(counts["late"]),
        *_column_lines(night.column_changes),
        f"## {counted(len(night.clusters), 'cluster')}",
        "",
        *_cluster_head(night),
        *(_cluster_line(row, night) for row in clusters[:_SHOWN_CLUSTERS]),
        *(
            [f"\n… and {len(clusters) - _SHOWN_CLUSTERS} smaller ones in the table `clusters`."]
            if len(clusters) > _SHOWN_CLUSTERS
            else []
        ),
        "",
        *_section("Where", where_sentences(night)),
        *_quoted_lines(clusters[:_SHOWN_CLUSTERS]),
        *curation_lines(night),
        *copy_lines(night),
        "## Quality",
        "",
        *_fit_lines(night.fit),
        f"Published: the {labels.published} labels ({escape_markdown(labels.reason)}).",
        "",
        f"Trust: {escape_markdown(labels.trust)}.",
        "",
        *(group_lines(manifest) if night.has_groups else _metric_lines(manifest.metrics)),
        "",
        *_drift_lines(night.fit),
    ]
    return "\n".join(lines)


def _counts_line(counts: Mapping[str, int]) -> str:
    if not counts["read"]:
        return "Nothing new: no row was read."
    return (
        f"{counted(counts['read'], 'row')} read: {counts['accepted']:,} accepted,"
        f" {counts['duplicate']:,} duplicate, {counts['quarantined']:,} quarantined,"
        f" {counts['withdrawn']:,} withdrawn{_without_text(counts)}.{_replaced(counts)}"
    )


def _without_text(counts: Mapping[str, int]) -> str:
    return f", {counts['without_text']:,} without text" if counts["without_text"] else ""


def _replaced(counts: Mapping[str, int]) -> str:
    if not (n_replaced := counts["replaced"]):
        return ""
    one, several = "takes the place of an earlier text", "take the place of earlier texts"
    takes = one if n_replaced == 1 else several
    return f" {counted(n_replaced, 'document')} {takes} of the same id."


def _late_lines(n_late: int) -> list[str]:
    """Return how many documents came late, if any did."""
    if not n_late:
        return []
    are, like = ("is", "It is") if n_late == 1 else ("are", "They are")
    return [
        f"{counted(n_late, 'document')} {are} late: dated before the last night and all that"
        f" it has read. {like} clustered like the others.",
        "",
    ]


def _column_lines(changes: Sequence[ColumnChange]) -> list[str]:
    """Show which columns have changed, if any have; a feed can change a thousand at once."""
    if not changes:
        return []
    more = len(changes) - _SHOWN_CHANGES
    return [
        "## Columns that have changed",
        "",
        *(f"- {escape_markdown(it.sentence())}." for it in changes[:_SHOWN_CHANGES]),
        *([f"- … and {more:,} more, in the manifest."] if more > 0 else []),
        "",
    ]


def _cluster_head(night: NightView) -> list[str]:
    """Return the head of the table of clusters, and what its last column says."""
    group, group_rule = (" group |", "---|") if night.has_groups else ("", "")
    topic, its_rule = (" topic |", "---|") if night.topics else ("", "")
    shares, their_rule = (" share | mentioned |", "---:|---:|") if night.has_mentions else ("", "")
    head = f"| cluster |{group}{topic} name | size |{shares} change | status |"
    rule = f"|---|{group_rule}{its_rule}---|---:|{their_rule}---:|---|"
    if not night.ratings:
        return [head, rule]
    said = "Impact: how much the mean rating of all documents would rise without the cluster."
    return [said, "", f"{head} rating | impact |", f"{rule}---:|---:|"]


def _cluster_line(row: Mapping[str, Any], night: NightView) -> str:
    cluster_id = row["cluster_id"]
    topic = [escape_markdown(night.topics.get(cluster_id, ""))] if night.topics else []
    group = [escape_markdown(row.get("group") or "")] if night.has_groups else []
    shares = mention_cells(row) if night.has_mentions else ()
    figures = f"{row['size']:,}", *shares, f"{row['growth']:+,}", row["status"]
    cells = (cluster_id, *group, *topic, escape_markdown(_called(row)), *figures)
    line = f"| {' | '.join(cells)} |"
    if not night.ratings:
        return line
    return f"{line} {' | '.join(rating_cells(night.ratings.get(cluster_id)))} |"


def _called(row: Mapping[str, Any]) -> str:
    """Return a cluster's title with its name, or its name alone."""
    return f"{row['title']} ({row['name']})" if row.get("title") else row["name"]


def _quoted_lines(clusters: Sequence[Row]) -> list[str]:
    """Quote the texts that show each cluster best; older nights have none."""
    quoted = [
        f"- {escape_markdown(grouped_name(row))}: {'; '.join(_quotes(row['exemplar_texts']))}"
        for row in clusters
        if row.get("exemplar_texts")
    ]
    return ["## In their words", "", *quoted, ""] if quoted else []


def _quotes(texts: Sequence[str]) -> list[str]:
    return [f"“{escape_markdown(excerpt(it, _QUOTE_CHARS))}”" for it in texts[:_QUOTES]]


def _change_lines(night: NightView) -> list[str]:
    """Return a line for what emerges or fades, for drift, and for every event but survivals."""
    emerging = [f"- {escape_markdown(it)}." for it in emergence_sentences(night)]
    drift = [it for it in night.fit.drift if it.is_alarm] if night.fit else []
    told = [event for event in night.events if event["event"] != "survived"]
    lines = [
        *emerging,
        *(f"- The feed has drifted: `{it.measure}` {it.value:.2f} > {it.limit:g}." for it in drift),
        *(f"- {_named(it, night)}" for it in told),
    ]
    return lines or ["Nothing but sizes."]


def _named(event: Mapping[str, Any], night: NightView) -> str:
    """Return an event as a sentence, with the name of its cluster where that is there tonight."""
    cluster_id, sentence = event["cluster_id"], event_sentence(event)
    name = night.name_of(cluster_id)
    return sentence if name == cluster_id else f"“{escape_markdown(name)}” {sentence}"


def event_sentence(event: Mapping[str, Any]) -> str:
    """Return an event with its evidence as a sentence."""
    overlap = "" if event["overlap"] is None else f" (overlap {event['overlap']:.2f})"
    others = {
        "split": f" into {', '.join(event['to_ids'])}",
        "merged": f" from {', '.join(event['from_ids'])}",
    }.get(event["event"], "")
    return f"`{event['cluster_id']}` {event['event']}{others}{overlap}"


def _section(title: str, sentences: Sequence[str]) -> list[str]:
    """Return a section of sentences; none where there are none."""
    if not sentences:
        return []
    return [f"## {title}", "", *(f"- {escape_markdown(it)}." for it in sentences), ""]


def _metric_lines(metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    head = ["| metric | space | nightfold | k-means |", "|---|---|---:|---:|"]
    return [*head, *(_metric_line(row) for row in metrics)]


def _metric_line(row: Mapping[str, Any]) -> str:
    figures = f"{_figure(row['value'])} | {_figure(row['baseline_value'])}"
    return f"| {row['metric']} | {row['space']} | {figures} |"


def fit_sentence(fit: Fit) -> str:
    """Return a sentence on how the model was fitted."""
    if fit.kind == "warm":
        return f"Model: goes on from the night before, last fitted from nothing on {fit.since}."
    return f"Model: fitted from nothing ({escape_markdown(fit.reason)})."


def _fit_lines(fit: Fit | None) -> list[str]:
    return [fit_sentence(fit), ""] if fit else []


def _drift_lines(fit: Fit | None) -> list[str]:
    """Show what has changed since the last full fit, where there was one."""
    if not fit or not fit.drift:
        return []
    return [
        "## Drift since the last full fit",
        "",
        "| measure | value | limit | |",
        "|---|---:|---:|---|",
        *(
            f"| {it.measure} | {it.value:.3f} | {it.limit:.3f} | {'alarm' if it.is_alarm else ''} |"
            for it in fit.drift
        ),
        "",
    ]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4f}"
