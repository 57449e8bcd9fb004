"""URLs of feeds of news: what each is called, and which are refused before anything is asked."""

import sys

import pytest
from pydantic import ValidationError

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.kinds import require_feed, source_of
from tasks.reading.sources.rss.addresses import address_of
from tasks.reading.sources.rss.settings import RssSettings
from tasks.reading.sources.rss.source import RssSource
from tasks.reading.sources.settings import SourceSettings

FEED = "rss+https://kettles.example/feed.xml"


def asked(*urls: str) -> SourceSettings:
    return SourceSettings(rss=RssSettings(urls=urls))


def test_a_feed_of_news_says_so_in_its_scheme() -> None:
    assert isinstance(source_of(FEED), RssSource)
    assert isinstance(source_of("rss+http://kettles.example/feed.xml"), RssSource)
    assert not isinstance(source_of("https://kettles.example/rss.json"), RssSource)
    require_feed(FEED, asked("https://lids.example/atom"))


def test_an_address_is_named_without_its_query() -> None:
    address = address_of("rss+https://Kettles.example:8443/a b/lang=en/?page=1#top")
    assert address.url == "https://Kettles.example:8443/a b/lang=en/?page=1#top"
    assert address.shown == "https://Kettles.example:8443/a b/lang=en/"
    assert address.place == "kettles.example:8443/a b/lang=en"
    assert address.name == "kettles.example:8443/a%20b/lang%3Den-c5c34f0f"
    assert address_of("http://kettles.example").name == "kettles.example"


@pytest.mark.parametrize(
    "feed", ["rss+file:///etc/passwd", "rss+ftp://host/feed", "rss+https:///feed", "rss+feed.xml", "rss+http://[::1"]
)  # fmt: skip
def test_only_the_web_is_asked(feed: str) -> None:
    with pytest.raises(FeedError, match="must be a URL with a host, got"):
        require_feed(feed)
    with pytest.raises(ValidationError, match="must be a URL with a host, got"):
        asked(feed)


def test_two_of_one_name_are_refused() -> None:
    again = "http://kettles.example/feed.xml/"
    with pytest.raises(FeedError, match="must be different feeds, got http://kettles"):
        require_feed(FEED, asked(again))
    with pytest.raises(ValidationError, match="must be different feeds"):
        asked(again, again)


@pytest.mark.parametrize("url", ["https://me:pw12@host/feed", "https://host/feed?token=pw12"])
def test_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(FeedError, match="URL without a password") as error:
        require_feed(f"rss+{url}")
    assert "pw12" not in str(error.value)
    with pytest.raises(ValidationError, match=r"each of `urls` under \[rss\] must be a") as refused:
        asked(url)
    assert "pw12" not in str(refused.value)


def test_without_the_parser_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(FeedError, match=r'pip install "nightfold\[rss\]"'):
        require_feed(FEED)
