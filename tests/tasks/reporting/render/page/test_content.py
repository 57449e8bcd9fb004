import json
from dataclasses import replace

from tasks.publishing.report_files import render
from tasks.reporting.night_view import NightView
from tasks.reporting.render.page.changes import changes_of
from tasks.reporting.render.page.content import content_of


def test_the_worst_comes_first(hostile_night: NightView) -> None:
    changes = content_of(hostile_night)["changes"]
    levels = [it["level"] for it in changes]
    order = ["alarm", "watch", "event", "note"]
    assert levels == sorted(levels, key=order.index)
    assert levels[0] == "watch"
    kinds = [it["kind"] for it in changes if it["level"] == "event"]
    assert kinds == ["born", "split", "merged", "vanished", "renamed"]


def test_each_event_is_a_sentence_with_two_texts_and_its_theme(hostile_night: NightView) -> None:
    changes = content_of(hostile_night)["changes"]
    born = next(it for it in changes if it["kind"] == "born")
    assert born["sentence"].endswith("is new: 40 documents")
    assert len(born["examples"]) == 2
    assert born["theme"] == "c-40"


def test_a_first_night_has_one_sentence_for_all_its_themes(hostile_night: NightView) -> None:
    born = [it | {"event": "born"} for it in hostile_night.events]
    (told,) = changes_of(replace(hostile_night, events=born))[1:2]
    assert told["sentence"] == "It is the first night: 5 themes, all of them new"
    earlier = replace(hostile_night.beside.past[0], night="2026-02-28")
    beside = replace(hostile_night.beside, past=[earlier])
    later = changes_of(replace(hostile_night, events=born, beside=beside))
    assert sum(it["kind"] == "born" for it in later) == 5


def test_topics_hold_their_themes_and_a_theme_its_neighbours(hostile_night: NightView) -> None:
    content = content_of(hostile_night)
    assert [len(it["themes"]) for it in content["topics"]] == [5]
    assert content["themes"][0]["nearest"][0]["id"] == content["themes"][1]["id"]
    assert content["themes"][0]["history"][0]["night"] == "2026-03-01"
    assert (
        content["headline"] == "1,150 new documents of 1,200 rows; 40 themes in 1 topic; no alarm."
    )


def test_themes_of_series_have_their_mean(hostile_night: NightView) -> None:
    beside = replace(hostile_night.beside, typical={"c-40": "data:image/png;base64,AA=="})
    themes = content_of(replace(hostile_night, beside=beside))["themes"]
    assert [it["id"] for it in themes if "typical" in it] == ["c-40"]


def test_what_has_gone_and_what_has_drifted_are_quoted_too(hostile_night: NightView) -> None:
    fit = {
        "kind": "full", "since": "2026-03-01", "reason": "drift", "recipe": "r",
        "drift": [{"measure": "new_share", "value": 0.5, "limit": 0.4}],
    }  # fmt: skip
    gone = hostile_night.events[0] | {"event": "vanished", "cluster_id": "c-gone"}
    last = {
        "name": "it was",
        "exemplar_texts": ["a", "b", "c"],
        "exemplar_doc_ids": ["1", "2", "3"],
    }
    past = replace(hostile_night.beside.past[0], night="2026-02-28", clusters={"c-gone": last})
    emergence = [{"cluster_id": "c-40", "n_new": 9, "is_alarm": False, "kind": "usual"}]
    night = replace(
        hostile_night,
        manifest=hostile_night.manifest.model_copy(update={"fit": fit}),
        events=[gone],
        insights={"emergence": emergence},
        beside=replace(hostile_night.beside, past=[past]),
    )
    drift, vanished = (
        next(it for it in changes_of(night) if it["kind"] == kind) for kind in ("drift", "vanished")
    )
    assert (drift["theme"], len(drift["examples"])) == ("c-40", 2)
    assert vanished["sentence"] == "“it was” has no document any more"
    assert [it["text"] for it in vanished["examples"]] == ["a", "b"]


def test_volume_and_freshness_stand_beside_what_is_usual(hostile_night: NightView) -> None:
    row = {"severity": "warning", "observed": "379", "expected": "75 to 1,860 rows"}
    outcomes = [
        row | {"rule_id": "row_count", "success": True},
        row | {"rule_id": "freshness", "success": False},
        row | {"rule_id": "id_present", "success": False},
    ]
    known = {"checks": {"raw": {"outcomes": outcomes}}, "not_learnt": {"fr": 0.1}}
    manifest = hostile_night.manifest.model_copy(update=known)
    health = content_of(replace(hostile_night, manifest=manifest))["trust"]["health"]
    told = [(it["what"], it["held"], it["observed"]) for it in health["expected"]]
    assert told == [("volume", True, "379"), ("freshness", False, "379")]
    assert [it["rule"] for it in health["rules"]] == ["id_present"]
    assert health["not_learnt"] == ["fr"]


def test_programs_read_the_same(hostile_night: NightView) -> None:
    told = json.loads(render(hostile_night)["report.json"])
    assert told == json.loads(json.dumps(content_of(hostile_night)))
