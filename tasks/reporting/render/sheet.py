"""The clusters of a night on one picture: their names, and documents that show them."""

import base64
import io
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from tasks.boundary.excerpts import excerpt
from tasks.reporting.night_view import NightView, Row

_SIDE: Final = 72
_GAP: Final = 8
_NAME_WIDTH: Final = 240
_NAME_CHARS: Final = 36
_SHOWN: Final = 5
_MOST_ROWS: Final = 24
"""Clusters, the largest first: more make a picture that nobody scrolls."""

_PIXELS: Final = "data:image/png"
_QUALITY: Final = 80
_PAPER, _INK, _SOFT = "#fbfaf8", "#1f2328", "#5a626c"


def sheet(night: NightView) -> str | None:
    """Return the picture as a data URL; None where documents have no pictures of pixels."""
    rows = [row for row in night.shown if _pictures(night, row)][:_MOST_ROWS]
    if not rows:
        return None
    step = _SIDE + _GAP
    size = (_NAME_WIDTH + _SHOWN * step + _GAP, len(rows) * step + _GAP)
    drawn = Image.new("RGB", size, _PAPER)
    for place, row in enumerate(rows):
        _draw(drawn, _GAP + place * step, row, _pictures(night, row))
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _pictures(night: NightView, row: Row) -> list[str]:
    """Return the pictures of a cluster that are made of pixels, of series their mean first."""
    beside = night.beside
    urls = [beside.typical.get(row["cluster_id"], "")]
    urls += [beside.pictures.get(it, "") for it in row.get("exemplar_doc_ids") or ()]
    return [url for url in urls if url.startswith(_PIXELS)][:_SHOWN]


def _draw(drawn: Image.Image, top: int, row: Row, pictures: list[str]) -> None:
    """Draw the line of a cluster."""
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(13)
    pen.text((_GAP, top + 20), excerpt(row["name"], _NAME_CHARS), fill=_INK, font=font)
    pen.text((_GAP, top + 40), f"{row['size']:,}", fill=_SOFT, font=font)
    for place, url in enumerate(pictures):
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
            shown = image.convert("RGB")
        scale = _SIDE / max(shown.size)
        shown = shown.resize([max(1, round(it * scale)) for it in shown.size])
        drawn.paste(shown, (_NAME_WIDTH + place * (_SIDE + _GAP), top))
