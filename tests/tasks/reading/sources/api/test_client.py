"""What an API is told and asked, how often, and what it answers instead of records."""

import json
import logging
from typing import Any

import httpx
import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.sources.api.client import ApiClient
from tasks.reading.sources.api.settings import HttpSettings
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.kinds import require_feed
from tasks.store.storage import Store
from tests.tasks.reading.sources.api.server import ROWS, Api, Reply, asked, ids, pages, read

SECRET = "Bearer t0ps3cret"


def test_headers_come_from_the_environment_and_go_nowhere_else(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = asked(headers_from={"Authorization": "REVIEWS_TOKEN"}, since="id", since_param="f")
    monkeypatch.delenv("REVIEWS_TOKEN", raising=False)
    with pytest.raises(FeedError, match=r"variable REVIEWS_TOKEN, .* for Authorization, must be"):
        require_feed(api.feed(), settings)
    for value in (f"{SECRET}\nX: y", f"{SECRET}é"):
        monkeypatch.setenv("REVIEWS_TOKEN", value)
        with pytest.raises(FeedError, match="must be one line of ASCII") as refused:
            require_feed(api.feed(), settings)
    assert not api.told
    monkeypatch.setenv("REVIEWS_TOKEN", f"{SECRET}\n")
    api.answer = lambda _: Reply(ROWS)
    feed = read(store, api.feed(), settings)
    assert api.told[0]["Authorization"] == SECRET
    kept = (str(refused.value), caplog.text, feed.model_dump_json(), str(feed.facts()), settings)
    assert not any("t0ps3cret" in str(it) for it in kept)


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"items": ROWS, "next": "http://localhost:{port}/api/reviews?sig=s3cret"}),
        Reply({"items": ROWS, "next": "http://me:s3cret@127.0.0.1:{port}/api/reviews"}),
        Reply(status=302, headers={"Location": "http://localhost:{port}/api/reviews?sig=s3cret"}),
    ],
)
def test_no_other_origin_is_asked(reply: Reply, api: Api, store: Store) -> None:
    port = api.address.rpartition(":")[2]
    body, headers = json.loads(json.dumps([reply.body, reply.headers]).replace("{port}", port))
    api.answer = lambda _: Reply(body, reply.status, headers)
    with pytest.raises(FeedError, match=r"on another origin, .*which is not asked") as refused:
        read(store, api.feed(), asked(records="items", next="next"))
    assert "s3cret" not in str(refused.value)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "found", ["http://h:81/b", "https://h/b", "http://me@h/b", "http://i/b", "//h:81/b"]
)
def test_another_scheme_port_user_or_host_is_another_origin(found: str) -> None:
    origin = httpx.URL("http://h:80/a?x=1")
    client = ApiClient(httpx.Client(), origin, HttpSettings())
    with pytest.raises(FeedError, match="on another origin"):
        client.own_url(origin, found, "a next page")
    assert str(client.own_url(origin, "../b?y=2", "a next page")) == "http://h/b?y=2"


def test_a_redirect_on_the_same_origin_is_followed(api: Api, store: Store) -> None:
    moved = Reply(status=301, headers={"Location": "/api/reviews/?moved=1"})
    api.answer = lambda query: Reply(ROWS) if query else moved
    assert ids(store, read(store, api.feed(), asked())) == [1, 2, 3]
    api.answer = lambda _: moved
    with pytest.raises(FeedError, match=r"refuses what is asked of it .status 301"):
        read(store, api.feed(), asked())


@pytest.mark.parametrize(
    ("status", "said", "is_passing"),
    [
        (500, "does not answer now", True),
        (429, "does not answer now", True),
        (401, "does not let nightfold in", False),
        (404, "is not there", False),
        (400, "refuses what is asked", False),
    ],
)
def test_only_what_may_pass_is_tried_again(
    status: int, said: str, is_passing: bool, api: Api, store: Store
) -> None:
    api.answer = lambda _: Reply(status=status)
    with pytest.raises(FeedError, match=f"/api/reviews {said}.* .status {status}") as failed:
        read(store, api.feed("?p=hidden"), asked())
    assert is_transient_error(failed.value) == is_passing
    assert "hidden" not in str(failed.value)
    if is_passing:
        require_feed(api.feed(), asked())
        return
    with pytest.raises(FeedError, match=said):
        require_feed(api.feed(), asked())


def test_a_server_that_is_down_is_tried_again(store: Store, slept: list[float]) -> None:
    # Port 9 is that of a service that nobody runs any more.
    with pytest.raises(FeedError, match=r"127.0.0.1:9/api does not answer") as failed:
        read(store, "json+http://127.0.0.1:9/api", asked())
    assert is_transient_error(failed.value)


def test_the_api_is_waited_for_as_long_as_it_says(
    api: Api, store: Store, slept: list[float]
) -> None:
    replies = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply(status=503, headers={"Retry-After": "Sun, 01 Nov 2020 08:00:00 GMT"}),
        Reply(ROWS),
    ]
    api.answer = lambda _: replies.pop(0)
    assert ids(store, read(store, api.feed(), asked(requests_per_second=1e9))) == [1, 2, 3]
    assert slept == [7, 0]
    api.answer = lambda _: Reply(status=503, headers={"Retry-After": "5"})
    with pytest.raises(FeedError, match="does not answer now"):
        read(store, api.feed(), asked(requests_per_second=1e9))
    assert slept[2:] == [5] * 5
    # Whether it is there is asked before a run, which nobody wants to wait for.
    require_feed(api.feed(), asked(requests_per_second=1e9))
    # Of a server that is broken nobody knows when it is mended: that is for the stage to try again.
    api.answer = lambda _: Reply(status=500, headers={"Retry-After": "5"})
    with pytest.raises(FeedError, match="does not answer now"):
        read(store, api.feed(), asked(requests_per_second=1e9))
    assert len(slept) == 7
    api.answer = lambda _: Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(FeedError, match="not to be asked for 3,600 seconds") as failed:
        read(store, api.feed(), asked())
    assert not is_transient_error(failed.value)


def test_requests_keep_their_pace(api: Api, store: Store, slept: list[float]) -> None:
    api.answer = pages(lambda number: Reply(ROWS[number - 1 : number]))
    read(store, api.feed(), asked(page_param="p", requests_per_second=0.1))
    # No sleep has passed: the third request is 20 seconds after the first, the fourth 30.
    assert [round(it, -1) for it in slept] == [10, 20, 30]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"next": "a", "page_param": "p"}, "at most one of .* got next and page_param"),
        ({"cursor": "a"}, "both cursor and cursor_param or neither, got only cursor = 'a'"),
        ({"since_param": "a"}, "both since and since_param or neither, got only since_param"),
        ({"headers_from": {"Authorization": SECRET}}, "the name of an environment variable"),
        ({"headers_from": {SECRET: "REVIEWS_TOKEN"}}, "the name of a header and the name of an"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        HttpSettings(**settings)
    assert "t0ps3cret" not in str(refused.value)
