"""What a curation has done to a night, as sentences for people."""

from collections.abc import Callable, Iterator

from rich.console import Console

from tasks.boundary.counted import counted
from tasks.boundary.markdown import escape_markdown
from tasks.boundary.printable import as_markup
from tasks.reporting.night_view import NightView


def heading_sentences(night: NightView, escaped: Callable[[str], str]) -> Iterator[str]:
    """Yield what stands under each heading, and what is hidden.

    Parameters
    ----------
    night
        With the categories of its clusters.
    escaped
        Makes a text fit for where it is shown.
    """
    headings: dict[str, list[int]] = {}
    for row in night.shown:
        if heading := row.get("category"):
            headings.setdefault(heading, []).append(row["size"])
    for heading, sizes in headings.items():
        yield f"{escaped(heading)}: {counted(len(sizes), 'cluster')}, {_documents(sizes)}"
    hidden = [row["size"] for row in night.clusters if row.get("is_ignored")]
    if hidden:
        yield f"ignored: {counted(len(hidden), 'cluster')}, {_documents(hidden)}"


def curation_lines(night: NightView) -> Iterator[str]:
    """Yield the part of a summary on curation: what was in force, and what rests."""
    facts = night.manifest.curation
    in_force, resting = facts.get("in_force", []), facts.get("resting", [])
    if not in_force and not resting:
        return
    yield from ("## Curation", "")
    yield from (f"- {escape_markdown(sentence)}" for sentence in in_force)
    yield from (f"- rests: {escape_markdown(sentence)}" for sentence in resting)
    yield ""
    headings = list(heading_sentences(night, escape_markdown))
    if headings:
        yield from (*(f"- {sentence}" for sentence in headings), "")


def show_curation(console: Console, night: NightView) -> None:
    """Show in the terminal what a curation has done."""
    facts = night.manifest.curation
    if in_force := facts.get("in_force"):
        console.print(f"  {counted(len(in_force), 'rule')} of curation in force")
    for sentence in facts.get("resting", []):
        console.print(f"  rests: {as_markup(sentence)}", soft_wrap=True, highlight=False)
    for sentence in heading_sentences(night, as_markup):
        console.print(f"  {sentence}", soft_wrap=True, highlight=False)


def _documents(sizes: list[int]) -> str:
    return counted(sum(sizes), "document")
