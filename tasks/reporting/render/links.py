"""Where the Prefect UI of a store has its reports: a path of the same server."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

PAGE: Final = "index.html"
"""The page of a report, in a night's folder of reports."""

REPORTS: Final = "/nightfold/reports"
"""No page of Prefect's begins so."""


def report_link(page: Path) -> str:
    """Return the path at which a store's server has the page of a night.

    Parameters
    ----------
    page
        reports/feed=F/night=D/index.html under the root of the store.
    """
    return f"{REPORTS}/{quote('/'.join(page.parts[-3:]))}"
