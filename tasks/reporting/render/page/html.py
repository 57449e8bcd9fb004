"""The page of a report: one file with its styles, its scripts and its content, and nothing outside.

All that comes from a feed is JSON in a script of a type that no browser runs, and the page's own
scripts put it into the document as text. A policy in the page forbids every request and every
script whose digest it does not name.
"""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

_SCRIPTS: Final = (
    "vendor/kdbush.min.js", "dom.js", "figures.js", "changes.js", "trust.js", "themes.js",
    "rest.js", "camera.js", "drawing.js", "labels.js", "choosing.js", "map.js", "page.js",
)  # fmt: skip
"""In this order, put together to one module: a module in a page cannot import another."""

_UNSAFE: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
"""Characters that a parser of HTML or of scripts would take for marks, as JSON spells them."""


def page(content: dict[str, Any], points: dict[str, Any] | None, has_pictures: bool = False) -> str:
    """Return the page of a report.

    Parameters
    ----------
    content
        See `content_of`.
    points
        See `packed`; None where there is no map.
    has_pictures
        Whether documents are shown as pictures, which the page holds itself.
    """
    style, script = asset("report.css"), "\n".join(asset(it) for it in _SCRIPTS)
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(
        asset("report.html.jinja")
    )
    return template.render(
        feed=content["feed"],
        night=content["night"],
        policy=_policy(style, script, has_pictures),
        style=Markup(style),
        script=Markup(script),
        content=as_json(content),
        points=as_json(points),
    )


def as_json(value: object) -> Markup:
    """Spell a value as JSON that stays itself inside a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))


def asset(name: str) -> str:
    """Read a file of the page."""
    return files(__package__).joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def _policy(style: str, script: str, has_pictures: bool) -> str:
    """Return the policy that names the page's own style and script, and forbids all else."""
    images = " img-src data:;" if has_pictures else ""
    return (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)};{images}"
        " base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
