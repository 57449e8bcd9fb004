"""The copies of a night, as sentences for people."""

from collections.abc import Callable, Iterator

from rich.console import Console

from tasks.boundary.counted import counted
from tasks.boundary.markdown import escape_markdown
from tasks.boundary.printable import as_markup
from tasks.reporting.night_view import NightView, grouped_name


def copy_sentences(night: NightView, escaped: Callable[[str], str]) -> Iterator[str]:
    """Yield a sentence on all copies, then one on each of the largest groups.

    Parameters
    ----------
    night
        One without copies yields nothing.
    escaped
        Makes a text of the feed fit for where it is shown.
    """
    copies = night.manifest.near_duplicates
    if not copies.get("n_documents"):
        return
    is_text = night.manifest.has_texts
    groups = counted(copies["n_groups"], "text" if is_text else "document")
    way = "word for word or nearly" if is_text else "to the eye or to the bit"
    yield f"{copies['n_documents']:,} documents are copies of {groups}, {way}"
    names = {row["cluster_id"]: grouped_name(row) for row in night.clusters}
    for group in copies["largest"]:
        name = names.get(group["cluster_id"], group["cluster_id"])
        of = f"{group['n_documents']:,} documents of “{escaped(name)}”"
        yield f"{of} are copies of one text: {escaped(group['example'])}"


def copy_lines(night: NightView) -> Iterator[str]:
    """Yield the part of a summary on copies, if there are any."""
    sentences = list(copy_sentences(night, escape_markdown))
    if sentences:
        yield from ("## Copies", "", f"{sentences[0]}.", "")
        yield from (f"- {sentence}" for sentence in sentences[1:])
        yield ""


def show_copies(console: Console, night: NightView) -> None:
    """Show in the terminal how many documents are copies."""
    for sentence in copy_sentences(night, as_markup):
        console.print(f"  {sentence}", soft_wrap=True, highlight=False)
