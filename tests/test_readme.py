"""The README names every file with a phrase, every table and every column."""

from pathlib import Path

import pytest

from validation import schemas

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = [
    path
    for layer in ("flows", "tasks", "models", "validation")
    for path in sorted((ROOT / layer).glob("*.py"))
    if path.name != "__init__.py"
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_has_a_phrase(path: Path) -> None:
    tree = README.split("## The files")[1].split("## Developing")[0]
    layer = tree.split(f"\n{path.parent.name}/")[1]
    lines = [line for line in layer.splitlines() if line.strip().startswith(f"{path.name} ")]
    assert lines, f"{path.name} is not in the README's file tree"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("documents", schemas.DOCUMENTS),
        ("duplicates", schemas.DUPLICATES),
        ("quarantine", schemas.QUARANTINE),
        ("assignments", schemas.ASSIGNMENTS),
        ("clusters", schemas.CLUSTERS),
        ("cluster_events", schemas.CLUSTER_EVENTS),
        ("metrics", schemas.METRICS),
    ],
)
def test_every_table_is_described_with_its_columns(name: str, schema: object) -> None:
    line = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    assert [column for column in schema.names if f"`{column}`" not in line] == []  # type: ignore[attr-defined]
