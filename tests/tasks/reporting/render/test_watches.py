import io

from rich.console import Console

from tasks.reporting.night_view import NightView
from tasks.reporting.render.markdown import summarise
from tasks.reporting.render.terminal import show_clusters
from tasks.reporting.render.watches import watch_lines, watch_sentence

COUNT = {"name": "safety", "text": "recall", "n_documents": 12, "n_new": 3, "n_before": 10}


def with_watches(night: NightView, *counts: object) -> NightView:
    manifest = night.manifest.model_copy(update={"watches": list(counts)})
    return NightView(manifest, night.clusters, night.events)


def test_a_watch_says_how_much_it_found_and_how_much_more_than_before() -> None:
    assert watch_sentence(COUNT) == "12 documents, 3 of them new, +2 since the last night"
    first = COUNT | {"n_documents": 1, "n_new": 0, "n_before": None}
    assert watch_sentence(first) == "1 document, 0 of them new"


def test_watches_stand_in_the_summary_and_the_terminal_escaped(night: NightView) -> None:
    shown = with_watches(night, COUNT | {"name": "[red]*x*", "examples": ["<b>[bold]hi"]})
    summary = summarise(shown)
    assert "- **\\[red\\]\\*x\\***: 12 documents, 3 of them new" in summary
    assert "  - \\<b\\>\\[bold\\]hi\n" in summary
    out = io.StringIO()
    show_clusters(Console(file=out, width=120), shown)
    assert "watch [red]*x*: 12 documents" in out.getvalue()
    assert "    <b>[bold]hi\n" in out.getvalue()


def test_without_watches_nothing_is_said(night: NightView) -> None:
    assert list(watch_lines(night)) == []
