"""The groups of a night: how many clusters each has, how it was fitted, how far to trust it."""

from typing import Final

from rich.console import Console
from rich.table import Table

from tasks.boundary.counted import counted
from tasks.boundary.markdown import escape_markdown
from tasks.boundary.printable import as_markup
from tasks.store.manifest_parts import GroupPart
from tasks.store.manifests import Manifest

_HEAD: Final = ("group", "texts", "clusters", "labels", "model", "trust")
_SHOWN: Final = 50
"""As many as clusters in the summary."""


def group_lines(manifest: Manifest) -> list[str]:
    """Return a table with a line for each group, and why some values are kept together."""
    shown = manifest.groups[:_SHOWN]
    more = len(manifest.groups) - len(shown)
    return [
        f"| {' | '.join(_HEAD)} |",
        "|---|---:|---:|---|---|---|",
        *(f"| {' | '.join(map(escape_markdown, _cells(it)))} |" for it in shown),
        *([f"\n… and {more} more, in the manifest."] if more else []),
        *(["", f"{said}."] if (said := _kept_together(manifest)) else []),
        "",
        "The table `metrics` has the figures of every group.",
    ]


def show_groups(console: Console, manifest: Manifest) -> None:
    """Show what the groups are, in the terminal."""
    table = Table(title=counted(len(manifest.groups), "group"))
    for column in _HEAD:
        table.add_column(column, justify="right" if column in {"texts", "clusters"} else "left")
    for group in manifest.groups[:_SHOWN]:
        table.add_row(*map(as_markup, _cells(group)))
    console.print(table)
    if said := _kept_together(manifest):
        console.print(f"  {as_markup(said)}", soft_wrap=True)


def _cells(group: GroupPart) -> tuple[str, ...]:
    kind, trust = group.fit["kind"], group.labels.trust.partition(":")[0]
    sizes = f"{group.texts:,}", f"{group.n_clusters:,}"
    model = f"{kind} fit ({group.fit['reason']})"
    return group.name, *sizes, group.labels.published, model, trust


def _kept_together(manifest: Manifest) -> str:
    """Say which values have no clusters of their own, and why."""
    others = next((it for it in manifest.groups if it.kept_together), None)
    if others is None:
        return ""
    few = counted(others.values, "value")
    return (
        f"{others.name}: {few} with fewer than {others.kept_together} distinct texts, and documents"
        " with no value, are clustered together, as two halves of a group must agree on at least"
        " three clusters of ten texts"
    )
