"""Write the report of a published night, unless it is there: a page that opens from disk.

Reads  the night as it is published, and the nights before it
Writes reports/feed=F/night=D/index.html and report.json
       reports/feed=F/night=D/followed.json, which lists them
"""

import logging

from tasks.frame.stage import stage
from tasks.mapping.map_documents import ReportSettings
from tasks.publishing.publish import Published
from tasks.publishing.report_files import write_report
from tasks.reporting.render.links import PAGE
from tasks.store.followed import followed_problem
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


@stage("report", version=1, cached=False)
def report(store: Store, published: Published, settings: ReportSettings) -> str | None:
    """Write the report of the night, unless it is there already, and return the path of its page.

    Parameters
    ----------
    store, published
        The night, which is there.
    settings
        Whether there is a report.
    """
    if not settings.enabled:
        return None
    if not published.changed and followed_problem(store) is None:
        logger.info("the report is there already")
        return str(store.partition("reports") / PAGE)
    return write_report(store)
