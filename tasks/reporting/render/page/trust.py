"""Whether a night can be trusted: the health of its data, then the quality of its clusters."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.reporting.beside.past import PastView
from tasks.reporting.night_view import NightView

_SHOWN_CHANGES: Final = 20
_CHARS: Final = 240

_EXPECTED: Final = {"row_count": "volume", "freshness": "freshness"}
"""Rule of the raw suite → what it judges by the nights before; told where it holds, too."""


def trust_of(night: NightView) -> dict[str, Any]:
    """Return what tells whether to believe a night."""
    return {"health": _health(night), "quality": _quality(night)}


def _health(night: NightView) -> dict[str, Any]:
    manifest = night.manifest
    changes = [excerpt(it.sentence(), _CHARS) for it in night.column_changes]
    return {
        "counts": manifest.counts,
        "nights": [_volume(it) for it in night.beside.past],
        "expected": list(_expected(night)),
        "rules": list(_broken_rules(night)),
        "refused": list(night.beside.refused),
        "languages": manifest.languages,
        "not_learnt": list(manifest.not_learnt),
        "encoder": manifest.encoder.name,
        "columns": changes[:_SHOWN_CHANGES],
        "n_columns_changed": len(changes),
    }


def _volume(past: PastView) -> dict[str, Any]:
    return {"night": past.night, "read": past.counts["read"], "accepted": past.counts["accepted"]}


def _expected(night: NightView) -> Iterator[dict[str, Any]]:
    """Yield volume and freshness beside what is usual; nothing where too few nights say that."""
    for rule in night.manifest.checks.get("raw", {}).get("outcomes", ()):
        if rule["rule_id"] in _EXPECTED:
            yield {"what": _EXPECTED[rule["rule_id"]], "held": rule["success"], **_found(rule)}


def _broken_rules(night: NightView) -> Iterator[dict[str, Any]]:
    """Yield the other rules that did not hold."""
    for check, result in night.manifest.checks.items():
        for rule in result.get("outcomes", ()):
            if not rule["success"] and (check != "raw" or rule["rule_id"] not in _EXPECTED):
                kind = {"check": check, "rule": rule["rule_id"], "severity": rule["severity"]}
                yield kind | _found(rule)


def _found(rule: Mapping[str, Any]) -> dict[str, str]:
    return {it: excerpt(str(rule[it]), _CHARS) for it in ("observed", "expected")}


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
