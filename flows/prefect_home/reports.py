"""The reports of a store beside its Prefect pages, so that a link there opens them."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.reporting.render.links import REPORTS


def with_reports(app: ASGIApp, folder: Path) -> ASGIApp:
    """Return an application that answers with files of reports, too.

    Parameters
    ----------
    app
        Answers everything else.
    folder
        The store's reports; nothing outside it is served. It is there from the first night on.
    """
    files = StaticFiles(directory=folder, check_dir=False)
    reports = Starlette(routes=[Mount(REPORTS, files)])

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_report = scope["type"] == "http" and scope["path"].startswith(f"{REPORTS}/")
        await (reports if is_report else app)(scope, receive, send)

    return answer
