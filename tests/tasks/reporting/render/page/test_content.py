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


def test_programs_read_the_same(hostile_night: NightView) -> None:
    told = json.loads(render(hostile_night)["report.json"])
    assert told == json.loads(json.dumps(content_of(hostile_night)))
