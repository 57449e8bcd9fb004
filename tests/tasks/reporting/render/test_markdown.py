"""The night as markdown: numbers from the tables, nothing from a feed taken for mark-up."""

from dataclasses import replace
from datetime import date

from tasks.clusters.drift import Figure
from tasks.clusters.fit import Fit
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.preparing.counts import Counts
from tasks.reporting.night_view import NightView, view_of
from tasks.reporting.render.markdown import event_sentence, fit_sentence, summarise
from tasks.store.manifest_parts import LabelsPart
from tasks.store.manifests import Manifest

SINCE = date(2026, 2, 25)
DRIFT = [
    Figure(measure="far_share", value=0.3, limit=0.2),
    Figure(measure="size_shift", value=0.1, limit=0.25),
]
FIT = Fit(kind="full", since=SINCE, reason="drift: far_share", recipe="r", drift=DRIFT)

CHANGES = [
    ColumnChange(
        column=f"stars{number}",
        was="double",
        found="text",
        rows=1,
        file="[a].jsonl",
        row=7,
        kept_in="b",
    )
    for number in range(22)
]


def test_an_event_is_told_with_its_evidence() -> None:
    event = {
        "event": "merged",
        "cluster_id": "c-1",
        "from_ids": ["c-2"],
        "to_ids": ["c-1"],
        "overlap": 0.5,
    }
    assert event_sentence(event) == "`c-1` merged from c-2 (overlap 0.50)"
    assert event_sentence(event | {"event": "born", "overlap": None}) == "`c-1` born"


def test_the_summary_shows_counts_clusters_changes_and_quality() -> None:
    metrics = [
        {"metric": "silhouette", "space": "embedding", "value": 0.25, "baseline_value": None}
    ]
    clusters = [
        {"cluster_id": f"c-{size}", "name": "a | b", "size": size, "growth": -1, "status": "shrunk"}
        for size in range(1, 61)
    ]
    event = {
        "event": "vanished",
        "cluster_id": "c-0",
        "from_ids": [],
        "to_ids": [],
        "overlap": None,
    }
    events = [event, event | {"event": "grown", "cluster_id": "c-9"}]
    counts = Counts(
        read=1200, accepted=1100, duplicate=55, quarantined=38, withdrawn=5, without_text=2, late=3
    )
    manifest = Manifest.model_construct(
        feed="f",
        night="2026-03-01",
        counts=counts.model_dump(),
        fit=FIT.model_dump(mode="json"),
        labels=LabelsPart(published="refined", reason="it is better", trust="fair: so"),
        metrics=metrics,
        column_changes=[it.model_dump() for it in CHANGES],
    )
    text = summarise(view_of(manifest, clusters, events))
    assert (
        "1,200 rows read: 1,100 accepted, 55 duplicate, 38 quarantined, 5 withdrawn, 2 without text."
        in text
    )
    assert (
        "\n3 documents are late: dated before the last night and all that it has read. They are"
        in text
    )
    assert (
        r"- column \'stars0\' is of type double\, and tonight 1 row holds text\, first \[a\]\.jsonl row 7\:"
        r" null there\, with the text in \'b\'." in text
    )
    assert "stars19" in text
    assert "stars20" not in text
    assert "- … and 2 more, in the manifest." in text
    assert r"| c-60 | a \| b | 60 | -1 | shrunk |" in text
    assert "and 10 smaller ones" in text
    changed = text.partition("## What changed")[2].partition("##")[0]
    assert "- The feed has drifted: `far_share` 0.30 > 0.2." in changed
    assert "size_shift" not in changed
    assert "- `c-0` vanished" in changed
    assert r"- “a \| b” `c-9` grown" in text
    assert r"Trust: fair\: so." in text
    assert r"Model: fitted from nothing (drift\: far\_share)." in text
    assert "| far_share | 0.300 | 0.200 | alarm |" in text
    assert "| size_shift | 0.100 | 0.250 |  |" in text
    assert "| silhouette | embedding | 0.2500 | – |" in text


def test_a_warm_model_says_when_it_was_fitted() -> None:
    warm = FIT.model_copy(update={"kind": "warm"})
    assert fit_sentence(warm).endswith("last fitted from nothing on 2026-02-25.")


def test_a_night_without_news_says_so() -> None:
    counts = Counts(read=0, accepted=0, duplicate=0, quarantined=0).model_dump()
    labels = LabelsPart(published="refined", reason="", trust="")
    manifest = Manifest.model_construct(
        feed="f", night="2026-03-02", counts=counts, fit=None, labels=labels
    )
    assert "\nNothing new: no row was read.\n" in summarise(view_of(manifest, [], []))


def test_ratings_stand_beside_the_clusters_of_a_feed_that_has_any(night: NightView) -> None:
    rated = {"cluster_id": "c-39", "mean_rating": 2.0, "low": 1.4, "high": 2.6, "impact": 0.12}
    text = summarise(replace(night, insights={"ratings": [rated]}))
    assert "| shrunk | 2.00 (1.4–2.6) | +0.12 |" in text
    assert "| shrunk | – | – |" in text


def test_the_summary_names_topics_and_quotes_two_texts_of_each_cluster() -> None:
    counts = Counts(read=1, accepted=1, duplicate=0, quarantined=0).model_dump()
    labels = LabelsPart(published="refined", reason="", trust="")
    manifest = Manifest.model_construct(
        feed="f", night="2026-03-02", counts=counts, fit=None, labels=labels
    )
    row = {"cluster_id": "c-1", "name": "late", "size": 2, "growth": 0, "status": "born"}
    texts = ["It came | late", "long " * 90, "a third one"]
    tree = [
        {"node_id": "t-1", "parent_id": None, "name": "par|cels"},
        {"node_id": "c-1", "parent_id": "t-1", "name": "late"},
    ]
    text = summarise(view_of(manifest, [row | {"exemplar_texts": texts}], [], tree))
    assert r"| c-1 | par\|cels | late | 2 | +0 | born |" in text
    assert r"- late: “It came \| late”; “long long" in text
    assert "long " * 40 not in text
    assert "a third one" not in text
    assert "In their words" not in summarise(view_of(manifest, [row], []))


def test_without_topics_there_is_no_column_for_them(night: NightView) -> None:
    assert "\n| cluster | name | size |" in summarise(night)


def test_a_title_stands_before_the_name(night: NightView) -> None:
    text = summarise(replace(night, clusters=[{**night.clusters[-1], "title": "a | b"}]))
    assert "| a \\| b \\(name 1\\) |" in text


def test_mentions_stand_beside_documents(night: NightView) -> None:
    assert "| share | mentioned |" not in summarise(night)
    told = [{**it, "share": 0.1, "mentions": 2 * it["size"]} for it in night.clusters]
    text = summarise(replace(night, clusters=told))
    assert "\n| cluster | name | size | share | mentioned | change | status |\n" in text
    assert "| name 39 | 39 | 10% | 20% | -1 | shrunk |" in text
