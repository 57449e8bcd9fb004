"""The files of a report, made of a published night: a page, and its content for programs."""

import logging
from typing import Final

from tasks.reporting.night_view import NightView, read_whole_night
from tasks.reporting.render.artifacts import show_pictures
from tasks.reporting.render.links import PAGE
from tasks.reporting.render.page.content import content_of, report_json
from tasks.reporting.render.page.html import page
from tasks.reporting.render.page.packed import packed
from tasks.store.followed import write_followed
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_CONTENT: Final = "report.json"


def write_report(store: Store) -> str:
    """Write the report of a published night, and return the path of its page.

    For errors see `read_whole_night`.
    """
    night = read_whole_night(store)
    write_followed(store, render(night))
    show_pictures(night)
    path = store.partition("reports") / PAGE
    logger.info("report: %s", path)
    return str(path)


def render(night: NightView) -> dict[str, bytes]:
    """Return the files of a report by their names."""
    content, points = content_of(night), night.beside.points
    ids = [it["id"] for it in content["themes"]]
    pictures = night.beside.small_pictures
    has_pictures = bool(pictures or night.beside.pictures)
    shown = page(content, packed(points, ids, pictures) if points else None, has_pictures)
    return {PAGE: shown.encode(), _CONTENT: report_json(content).encode()}
