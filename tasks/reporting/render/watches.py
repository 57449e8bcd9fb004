"""What the watches of a night have found, as sentences for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from tasks.boundary.counted import counted
from tasks.boundary.markdown import escape_markdown
from tasks.boundary.printable import as_markup
from tasks.reporting.night_view import NightView


def watch_sentence(count: Mapping[str, Any]) -> str:
    """Return how many documents a watch has found, and how many more than on the last night."""
    found, n_before = count["n_documents"], count["n_before"]
    change = "" if n_before is None else f", {found - n_before:+,} since the last night"
    return f"{counted(found, 'document')}, {count['n_new']:,} of them new{change}"


def watch_lines(night: NightView) -> Iterator[str]:
    """Yield the part of a summary on watches, if there are any."""
    if not night.manifest.watches:
        return
    yield from ("## Watches", "")
    for count in night.manifest.watches:
        yield f"- **{escape_markdown(count['name'])}**: {watch_sentence(count)}."
        for example in count["examples"]:
            yield f"  - {escape_markdown(example)}"
    yield ""


def show_watches(console: Console, night: NightView) -> None:
    """Show what the watches have found in the terminal."""
    for count in night.manifest.watches:
        said = f"  watch {as_markup(count['name'])}: {watch_sentence(count)}"
        console.print(said, soft_wrap=True, highlight=False)
        for example in count["examples"]:
            console.print(f"    {as_markup(example)}", soft_wrap=True, highlight=False)
