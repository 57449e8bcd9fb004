import pytest

from tasks.reading.sources.urls import require_no_secret, without_query


@pytest.mark.parametrize(
    "feed",
    [
        "sftp://user@host/feed.jsonl",
        "https://host:8080/a@2x.jsonl",
        "s3://bucket/a:b@c.jsonl",
        "/data/12:30@home.jsonl",
        "memory://[ab]/x@y",
    ],
)
def test_urls_without_a_password_are_let_through(feed: str) -> None:
    require_no_secret(feed)


def test_a_query_is_not_logged() -> None:
    assert without_query("https://host/r.csv?sig=abc") == "https://host/r.csv"
    assert without_query("/in/r-?.csv") == "/in/r-?.csv"
