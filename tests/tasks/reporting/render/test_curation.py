import io

from rich.console import Console

from tasks.reporting.night_view import NightView
from tasks.reporting.render.curation import curation_lines
from tasks.reporting.render.markdown import summarise
from tasks.reporting.render.terminal import show_clusters


def curated(night: NightView) -> NightView:
    facts = {"digest": "d", "in_force": ["c-01 is called “[b]”"], "resting": ["c-77 is *gone*"]}
    rows = [dict(row) for row in night.clusters]
    rows[0]["is_ignored"] = True
    rows[1]["category"] = rows[2]["category"] = "[i]"
    manifest = night.manifest.model_copy(update={"curation": facts})
    return NightView(manifest, rows, night.events)


def test_rules_headings_and_what_is_hidden_are_in_the_summary(night: NightView) -> None:
    summary = summarise(curated(night))
    assert "## 40 clusters" in summary
    assert "- c\\-01 is called “\\[b\\]”\n- rests: c\\-77 is \\*gone\\*\n" in summary
    assert "- \\[i\\]: 2 clusters, 77 documents\n- ignored: 1 cluster, 40 documents" in summary
    assert "| c-39 |" in summary
    assert "| c-40 |" not in summary


def test_rules_headings_and_what_is_hidden_are_in_the_terminal(night: NightView) -> None:
    out = io.StringIO()
    show_clusters(Console(file=out, width=120), curated(night))
    text = out.getvalue()
    assert "1 rule of curation in force" in text
    assert "rests: c-77 is *gone*" in text
    assert "[i]: 2 clusters, 77 documents" in text
    assert "c-40" not in text


def test_of_a_night_without_curation_nothing_is_said(night: NightView) -> None:
    assert list(curation_lines(night)) == []
