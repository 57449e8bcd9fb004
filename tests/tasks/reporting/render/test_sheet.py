"""The sheet has a line of pictures for each cluster, and nights of texts have no sheet."""

import base64
import io
from dataclasses import replace

from PIL import Image

from tasks.reporting.night_view import NightView
from tasks.reporting.render.sheet import _GAP, _NAME_WIDTH, _SIDE, sheet


def picture(colour: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), colour).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def test_drawings_are_left_to_pages(night: NightView) -> None:
    row = dict(night.clusters[0], exemplar_doc_ids=["a"])
    beside = replace(night.beside, pictures={"a": "data:image/svg+xml;base64,PHN2Zy8+"})
    assert sheet(replace(night, clusters=[row], beside=beside)) is None


def test_a_line_for_each_cluster_with_pictures(night: NightView) -> None:
    assert sheet(night) is None
    first, second = (dict(row, exemplar_doc_ids=[row["cluster_id"]]) for row in night.shown[:2])
    pictures = {first["cluster_id"]: picture("red"), second["cluster_id"]: picture("blue")}
    beside = replace(night.beside, pictures=pictures)
    url = sheet(replace(night, clusters=[first, second, *night.clusters[2:]], beside=beside))
    assert url is not None
    drawn = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert drawn.height == 2 * (_SIDE + _GAP) + _GAP
    at = (_NAME_WIDTH + _SIDE // 2, _GAP + _SIDE // 4)
    red, _, blue = drawn.getpixel(at)  # type: ignore[misc]
    assert (red > 200, blue < 60) == (True, True)
    _, _, blue = drawn.getpixel((at[0], at[1] + _SIDE + _GAP))  # type: ignore[misc]
    assert blue > 200


def test_of_series_the_mean_comes_first(night: NightView) -> None:
    row = dict(night.clusters[0], exemplar_doc_ids=["a"])
    typical, pictures = {row["cluster_id"]: picture("lime")}, {"a": picture("red")}
    url = sheet(
        replace(
            night, clusters=[row], beside=replace(night.beside, typical=typical, pictures=pictures)
        )
    )
    assert url is not None
    drawn = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    places = [_NAME_WIDTH + _SIDE // 2 + it * (_SIDE + _GAP) for it in (0, 1)]
    first, second = (drawn.getpixel((x, _GAP + _SIDE // 4)) for x in places)
    assert (first[1] > 200, second[0] > 200, second[1] < 60) == (True, True, True)  # type: ignore[index]
