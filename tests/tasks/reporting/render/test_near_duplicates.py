import io

from rich.console import Console

from tasks.reporting.night_view import NightView
from tasks.reporting.render.markdown import summarise
from tasks.reporting.render.near_duplicates import copy_lines
from tasks.reporting.render.terminal import show_clusters

LARGEST = {"group_id": "g-1", "cluster_id": "c-03", "n_documents": 37, "example": "[b]*hi*"}
COPIES = {"n_documents": 40, "n_groups": 2, "of_clusters": {"c-03": 40}, "largest": [LARGEST]}


def test_the_largest_groups_are_shown_with_their_cluster_and_text(night: NightView) -> None:
    manifest = night.manifest.model_copy(update={"near_duplicates": COPIES})
    shown = NightView(manifest, night.clusters, night.events)
    summary = summarise(shown)
    assert "40 documents are copies of 2 texts, word for word or nearly." in summary
    assert "- 37 documents of “name 3” are copies of one text: \\[b\\]\\*hi\\*\n" in summary
    out = io.StringIO()
    show_clusters(Console(file=out, width=120), shown)
    assert "  37 documents of “name 3” are copies of one text: [b]*hi*\n" in out.getvalue()


def test_of_a_night_without_copies_nothing_is_said(night: NightView) -> None:
    assert list(copy_lines(night)) == []
