"""Whether a night can be trusted: the health of its data, then the quality of its clusters."""

from collections.abc import Iterator
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.reporting.beside.past import PastView
from tasks.reporting.night_view import NightView

_SHOWN_CHANGES: Final = 20
_CHARS: Final = 240


def trust_of(night: NightView) -> dict[str, Any]:
    """Return what tells whether to believe a night."""
    return {"health": _health(night), "quality": _quality(night)}


def _health(night: NightView) -> dict[str, Any]:
    manifest = night.manifest
    changes = [excerpt(it.sentence(), _CHARS) for it in night.column_changes]
    return {
        "counts": manifest.counts,
        "nights": [_volume(it) for it in night.beside.past],
        "rules": list(_broken_rules(night)),
        "refused": list(night.beside.refused),
        "languages": manifest.languages,
        "encoder": manifest.encoder.name,
        "columns": changes[:_SHOWN_CHANGES],
        "n_columns_changed": len(changes),
    }


def _volume(past: PastView) -> dict[str, Any]:
    return {"night": past.night, "read": past.counts["read"], "accepted": past.counts["accepted"]}


def _broken_rules(night: NightView) -> Iterator[dict[str, Any]]:
    """Yield the rules that did not hold; what is expected of the volume is one of them."""
    for check, result in night.manifest.checks.items():
        for rule in result.get("outcomes", ()):
            if not rule["success"]:
                yield {
                    "check": check,
                    "rule": rule["rule_id"],
                    "severity": rule["severity"],
                    "observed": excerpt(str(rule["observed"]), _CHARS),
                    "expected": excerpt(str(rule["expected"]), _CHARS),
                }


def _quality(night: NightView) -> dict[str, Any]:
    labels, fit = night.manifest.labels, night.fit
    return {
        "published": labels.published,
        "reason": labels.reason,
        "trust": labels.trust,
        "metrics": [_figure_of(it) for it in night.manifest.metrics],
        "nights": [_figures(it) for it in night.beside.past],
        "fit": fit.model_dump(mode="json", exclude={"recipe", "drift"}) if fit else None,
        "drift": [
            it.model_dump(mode="json") | {"is_alarm": it.is_alarm}
            for it in (fit.drift if fit else ())
        ],
    }


def _figure_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return a figure, named after its group where it is of one."""
    group = row.get("group")
    return row | {"metric": f"{excerpt(group, _CHARS)}: {row['metric']}"} if group else row


def _figures(past: PastView) -> dict[str, Any]:
    """Return the silhouette of a night beside that of plain k-means; a night in groups has none."""
    row = next(
        (
            it
            for it in past.metrics
            if (it["metric"], it["space"]) == ("silhouette", "embedding") and not it.get("group")
        ),
        {},
    )
    return {"night": past.night, "value": row.get("value"), "baseline": row.get("baseline_value")}
