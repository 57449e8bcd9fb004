import io
from dataclasses import replace

from rich.console import Console

from tasks.reporting.night_view import NightView
from tasks.reporting.render.terminal import show_clusters, show_night
from tests.tasks.reporting.render.conftest import HOSTILE


def shown(night: NightView) -> str:
    out = io.StringIO()
    show_night(Console(file=out, width=120, force_terminal=False), night)
    return out.getvalue()


def test_a_night_is_shown_with_its_figures(night: NightView) -> None:
    text = shown(night)
    assert "read 1,200 = accepted 1,150 + duplicate 30 + quarantined 20" in text
    assert "empty.jsonl: no row could be read" in text
    assert "check raw, refuse: has_text:" in text
    assert "; expected: every row has a text" in text
    assert "has_id" not in text
    assert "40 clusters on 2026-03-01 in feed" in text
    assert "vanished since the last night: c-99" in text
    assert "0.250" in text
    assert "it is better" in text
    assert "trust fair: so" in text
    assert "model: full fit, the first night" in text


def test_the_largest_clusters_come_first_and_the_others_are_counted(night: NightView) -> None:
    text = shown(night)
    assert text.index("c-39") < text.index("c-11")
    assert "c-10" not in text
    assert "and 10 smaller ones in the table `clusters`" in text


def test_mentions_stand_beside_documents_where_texts_have_several_passages(
    night: NightView,
) -> None:
    assert "mentioned" not in shown(night)
    told = [{**it, "share": 0.1, "mentions": 2 * it["size"]} for it in night.clusters]
    text = shown(replace(night, clusters=told))
    assert "mentioned" in text
    assert "20%" in text
    older = [*told[:-1], {**told[-1], "mentions": None}]
    assert "–" in shown(replace(night, clusters=older[-3:]))


def test_a_title_stands_above_the_name(night: NightView) -> None:
    titled = [{**night.clusters[-1], "title": HOSTILE}]
    lines = shown(replace(night, clusters=titled)).splitlines()
    place = next(it for it, line in enumerate(lines) if "[red]" in line and "c-01" in line)
    assert "name 1" in lines[place + 1]
    assert not any("\x1b" in line for line in lines)


def test_no_text_of_a_feed_steers_the_terminal(night: NightView) -> None:
    text = shown(night)
    assert "\x1b" not in text
    assert text.count(r"[red]\x1b[2J|<b>") == 4  # column, rule, feed, cluster


def test_a_night_of_an_older_nightfold_says_nothing_of_its_model(night: NightView) -> None:
    manifest = night.manifest.model_copy(update={"fit": None})
    older = NightView(manifest, night.clusters, night.events)
    assert "model:" not in shown(older)


def test_clusters_are_shown_alone(night: NightView) -> None:
    out = io.StringIO()
    show_clusters(Console(file=out, width=120), night)
    assert "c-39" in out.getvalue()
    assert "silhouette" not in out.getvalue()


def test_ratings_stand_beside_the_clusters_of_a_feed_that_has_any(night: NightView) -> None:
    assert "impact" not in shown(night)
    rated = {"cluster_id": "c-39", "mean_rating": 2.0, "low": 1.4, "high": 2.6, "impact": 0.12}
    text = shown(replace(night, insights={"ratings": [rated]}))
    assert "rating" in text
    assert "2.00 │  +0.12" in text


def test_the_topic_stands_beside_a_cluster_and_two_of_its_texts_below(night: NightView) -> None:
    texts = [f"{HOSTILE} dies", "loud " * 90, "a third one"]
    rows = [row | {"exemplar_texts": texts} for row in night.clusters[:1]]
    cluster_id = rows[0]["cluster_id"]
    tree = [
        {"node_id": "t-1", "parent_id": None, "name": HOSTILE},
        {"node_id": cluster_id, "parent_id": "t-1", "name": "x"},
    ]
    out = io.StringIO()
    show_clusters(Console(file=out, width=300), NightView(night.manifest, rows, [], tree))
    text = out.getvalue()
    assert "topic" in text
    assert "\x1b" not in text
    assert r"[red]\x1b[2J|<b> dies" in text
    assert text.count(r"[red]\x1b[2J|<b>") == 4  # feed, topic, name, text
    assert "loud loud" in text
    assert "loud " * 20 not in text
    assert "a third one" not in text


def test_without_topics_there_is_no_column_for_them(night: NightView) -> None:
    assert "topic" not in shown(night)
