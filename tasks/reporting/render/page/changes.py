"""What changed on a night: a sentence for each event and alarm, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.reporting.beside.past import PastView
from tasks.reporting.insights.alarms import alarms_of, emergence_told
from tasks.reporting.night_view import NightView, Row
from tasks.reporting.render.watches import watch_sentence

Change = dict[str, Any]
"""`level`, `kind`, `sentence`, `theme` and `examples`: see docs/report.md."""

LEVELS: Final = ("alarm", "watch", "event", "note")
"""From the worst to what is only good to know."""

_EVENTS: Final = (
    "born", "returned", "split", "merged", "vanished", "grown", "shrunk", "renamed",
)  # fmt: skip
"""In the order in which they are told; what has only survived is not."""

_EXAMPLES: Final = 2
_NAME_CHARS: Final = 80
_SHOWN_IMPACTS: Final = 3
_LEAST_IMPACT: Final = 0.01
"""Of the mean rating: less is not seen in a figure with two places."""

_MOST_DRIFTED: Final = 3


def changes_of(night: NightView) -> list[Change]:
    """Return what changed, the worst first."""
    found = [*_alarms(night), *_drift(night), *_watches(night), *_events(night), *_notes(night)]
    return sorted(found, key=lambda it: LEVELS.index(it["level"]))


def named(night: NightView, cluster_id: str) -> str:
    """Return the name of a theme in quotation marks."""
    return f"“{excerpt(night.name_of(cluster_id), _NAME_CHARS)}”"


def _alarms(night: NightView) -> Iterator[Change]:
    for row in alarms_of(night.insights.get("emergence", ())):
        cluster_id = row["cluster_id"]
        sentence = emergence_told(row, named(night, cluster_id))
        yield _change(night, "alarm", row["kind"], sentence, cluster_id)


def _drift(night: NightView) -> Iterator[Change]:
    """Yield the drift alarms as one, with the themes that hold most of what is new."""
    figures = [it for it in night.fit.drift if it.is_alarm] if night.fit else []
    if not figures:
        return
    said = ", ".join(f"{_words(it.measure)} {it.value:.2f} (limit {it.limit:g})" for it in figures)
    rows = sorted(night.insights.get("emergence", ()), key=lambda it: -it["n_new"])
    most = "; ".join(
        f"{named(night, it['cluster_id'])} {it['n_new']:,}" for it in rows[:_MOST_DRIFTED]
    )
    where = f". Most new documents: {most}" if most else ""
    sentence = f"The feed has drifted, and the model was fitted from nothing: {said}{where}"
    theme = rows[0]["cluster_id"] if rows else None
    yield _change(night, "alarm", "drift", sentence, theme)


def _watches(night: NightView) -> Iterator[Change]:
    for count in night.manifest.watches:
        if count["n_new"]:
            sentence = f"Watch “{count['name']}”: {watch_sentence(count)}"
            change = _change(night, "watch", "watch", sentence, None)
            quoted = [{"doc_id": None, "text": it} for it in count["examples"][:_EXAMPLES]]
            yield change | {"examples": quoted}


def _events(night: NightView) -> Iterator[Change]:
    rows = {row["cluster_id"]: row for row in night.clusters}
    told = [it for it in night.events if it["event"] in _EVENTS]
    if {it["event"] for it in told} == {"born"} and not _nights_before(night):
        # A card for each would push everything else of a first report off the screen.
        sentence = f"It is the first night: {counted(len(told), 'theme')}, all of them new"
        yield _change(night, "event", "first_night", sentence, None)
        return
    for event in sorted(told, key=lambda it: _place(it, rows)):
        cluster_id = event["cluster_id"]
        sentence = event_sentence(night, event, rows.get(cluster_id))
        if cluster_id in rows:
            yield _change(night, "event", event["event"], sentence, cluster_id)
        else:
            yield _change(night, "event", event["event"], sentence, None) | {
                "examples": quoted(night, _last_row(night, cluster_id), _EXAMPLES)
            }


def _place(event: Mapping[str, Any], rows: Mapping[str, Row]) -> tuple[int, int]:
    size = rows.get(event["cluster_id"], {}).get("size", 0)
    return _EVENTS.index(event["event"]), -size


def event_sentence(night: NightView, event: Mapping[str, Any], row: Row | None) -> str:
    """Return what happened to a theme.

    Parameters
    ----------
    night
        For the names.
    event
        Row of the table `cluster_events`.
    row
        Of the theme; None where it is not there tonight.
    """
    name, others = named(night, event["cluster_id"]), _others(night, event)
    documents = counted(row["size"], "document") if row else ""
    by = counted(abs(row["growth"]), "document") if row else ""
    size = f"{row['size']:,}" if row else ""
    return {
        "born": f"{name} is new: {documents}",
        "returned": f"{name} is back, with {documents}",
        "split": f"{name} has split into {others}",
        "merged": f"{others} have become one: {name}, {documents}",
        "vanished": f"{_last_name(night, event['cluster_id'])} has no document any more",
        "grown": f"{name} has grown by {by} to {size}",
        "shrunk": f"{name} has shrunk by {by} to {size}",
        "renamed": f"{name} has a new name; it was {_last_name(night, event['cluster_id'])}",
        "survived": f"{name} goes on",
    }.get(event["event"], f"{name}: {event['event']}")


def _others(night: NightView, event: Mapping[str, Any]) -> str:
    ids = event["to_ids"] if event["event"] == "split" else event["from_ids"]
    return " and ".join(_last_name(night, it) for it in ids)


def _last_name(night: NightView, cluster_id: str) -> str:
    """Return the name that a theme had on the last night before this one on which it was there."""
    row = _last_row(night, cluster_id)
    return f"“{excerpt(row['name'], _NAME_CHARS)}”" if row else named(night, cluster_id)


def _last_row(night: NightView, cluster_id: str) -> Row:
    """Return a theme as it was on the last night that had it; nothing where none is known."""
    for past in reversed(_nights_before(night)):
        if cluster_id in past.clusters:
            return dict(past.clusters[cluster_id])
    return {}


def _nights_before(night: NightView) -> list[PastView]:
    """Return the published nights before this one, oldest first."""
    return [it for it in night.beside.past if it.night < night.manifest.night]


def _notes(night: NightView) -> Iterator[Change]:
    """Yield what lowers the mean rating most, what may become a story, and what fades."""
    rated = [it for it in night.ratings.values() if (it["impact"] or 0) >= _LEAST_IMPACT]
    for row in sorted(rated, key=lambda it: -it["impact"])[:_SHOWN_IMPACTS]:
        who = named(night, row["cluster_id"])
        sentence = (
            f"{who} lowers the mean rating by {row['impact']:.2f}: its own is"
            f" {row['mean_rating']:.1f}, of {counted(row['n_rated'], 'rating')}"
        )
        yield _change(night, "note", "impact", sentence, row["cluster_id"])
    for row in night.insights.get("emergence", ()):
        cluster_id = row["cluster_id"]
        if row["kind"] == "weak_signal":
            sentence = f"{named(night, cluster_id)} is small and has grown this week"
            yield _change(night, "note", "weak_signal", sentence, cluster_id)
        elif row["kind"] == "falling":
            sentence = emergence_told(row, named(night, cluster_id))
            sentence = f"Fading: {sentence}"
            yield _change(night, "note", "falling", sentence, cluster_id)


def _change(night: NightView, level: str, kind: str, sentence: str, theme: str | None) -> Change:
    row = next((it for it in night.clusters if it["cluster_id"] == theme), None)
    return {
        "level": level,
        "kind": kind,
        "sentence": sentence,
        "theme": theme,
        "examples": quoted(night, row, _EXAMPLES) if row else [],
    }


def quoted(night: NightView, row: Row, n: int) -> Sequence[dict[str, Any]]:
    """Return the first exemplars of a theme with their ids; older nights have no texts of them.

    What is no text has a `picture`, too.
    """
    texts, pictures = row.get("exemplar_texts") or [], night.beside.pictures
    pairs = zip(row.get("exemplar_doc_ids") or [], texts, strict=False)
    return [
        {"doc_id": doc_id, "text": text}
        | ({"picture": pictures[doc_id]} if doc_id in pictures else {})
        for doc_id, text in list(pairs)[:n]
    ]


def _words(measure: str) -> str:
    return measure.replace("_", " ")
