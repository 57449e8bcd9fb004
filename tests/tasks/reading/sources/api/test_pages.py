"""How one page leads to the next, asked of a client that answers from a list."""

import json
from typing import Any

import httpx
import pytest

from tasks.reading.sources.api.client import Answer, ApiClient
from tasks.reading.sources.api.pages import Pages
from tasks.reading.sources.api.settings import HttpSettings
from tasks.reading.sources.errors import FeedError

FIRST = httpx.URL("http://h/a")
MOVED = httpx.URL("http://h/v2/a")


class Answers(ApiClient):
    """A client whose answers are these, each from the URL that it was asked or redirected to."""

    def __init__(self, *bodies: Any, moved: httpx.URL | None = None) -> None:
        super().__init__(httpx.Client(), FIRST, HttpSettings())
        self.bodies, self.moved, self.urls = [*bodies], moved, list[str]()

    def ask(self, url: httpx.URL) -> Answer:
        self.urls.append(str(url))
        return Answer(self.moved or url, json.dumps(self.bodies.pop(0)).encode(), None)


def read(client: Answers, **settings: Any) -> list[list[Any]]:
    return list(Pages(client, HttpSettings(records="items", **settings)).read(FIRST))


@pytest.mark.parametrize("end", [{}, {"after": None}, {"after": ""}])
def test_a_cursor_leads_over_empty_pages_to_one_that_has_none(end: dict[str, Any]) -> None:
    pages = [{"items": [], "after": 1}, {"items": [], "after": "x"}, {"items": [3], **end}]
    client = Answers(*pages)
    assert read(client, cursor="after", cursor_param="p") == [[], [], [3]]
    assert client.urls == ["http://h/a", "http://h/a?p=1", "http://h/a?p=x"]


@pytest.mark.parametrize("found", [7, True, {"url": "b"}])
def test_the_next_page_is_a_text(found: Any) -> None:
    with pytest.raises(FeedError, match="must have a text at `next` = 'after', got"):
        read(Answers({"items": [1], "after": found}), next="after")


def test_a_relative_url_starts_where_a_redirect_has_led() -> None:
    client = Answers({"items": [1], "next": "a?p=2"}, {"items": [2], "next": None}, moved=MOVED)
    read(client, next="next")
    assert client.urls == ["http://h/a", "http://h/v2/a?p=2"]
