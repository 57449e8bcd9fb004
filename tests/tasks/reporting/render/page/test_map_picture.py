import base64
from dataclasses import replace
from xml.etree import ElementTree

from tasks.reporting.night_view import NightView
from tasks.reporting.render.map_picture import map_picture


def test_the_map_is_a_picture_whatever_names_hold(hostile_night: NightView) -> None:
    url = map_picture(hostile_night)
    assert url is not None
    kind, _, content = url.partition(",")
    assert kind == "data:image/svg+xml;base64"
    drawn = base64.b64decode(content).decode()
    tags = {it.tag.partition("}")[2] for it in ElementTree.fromstring(drawn).iter()}
    assert tags == {"svg", "rect", "path", "text"}
    assert drawn.count("h0") == len(hostile_night.beside.points.doc_ids)  # type: ignore[union-attr]


def test_a_night_without_a_map_has_no_picture(hostile_night: NightView) -> None:
    beside = replace(hostile_night.beside, points=None)
    assert map_picture(replace(hostile_night, beside=beside)) is None
