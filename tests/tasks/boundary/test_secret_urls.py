import traceback

import pytest
import requests

from tasks.boundary.secret_urls import MaskedError, has_secret, mask_secrets, masked_errors

SECRET = "s3cr3t"
SECRETS = [
    f"https://{SECRET}@host/f.jsonl",
    f"https://user%3A{SECRET}@host/f.jsonl",
    f"https://user%253A{SECRET}@host/f.jsonl",
    f"https://user:{SECRET}%40host/f.jsonl",
    f"https://:{SECRET}@host/feed",
    f"https:/user:{SECRET}@host/feed",
    f"HTTPS://{SECRET}@host/f.jsonl",
    f"rss+sftp://user:{SECRET}@host/feed.xml",
    f"sftp://user:{SECRET}@host/feed.jsonl",
    f"sftp://user%3a{SECRET}@host/feed.jsonl",
    f"ftp://user:{SECRET}@host:2121/feed/*.csv",
    f"sftp://user:p@{SECRET}@host/feed",
    f"sftp://user:1/{SECRET}@host/feed",
    f"sftp://user:a/{SECRET}@host/feed",
    f"sftp://u:123/{SECRET}4@h/f",
    f"s3://KEY:SEC/{SECRET}@bucket/f",
    f"s3://{SECRET}@bucket/f",
    f"gs://{SECRET}@bucket/f",
    f"smb://domain;user:{SECRET}@host/share/f",
    f"simplecache::ftp://user:{SECRET}@host/feed",
    f"zip://a.csv::https://{SECRET}@host/a.zip",
    f"https://proxy/get?url=https://{SECRET}@host/f.jsonl",
    f"https://proxy/get?url=https%3A%2F%2F{SECRET}%40host%2Ff.jsonl",
    f"https://host/f.jsonl#access_token={SECRET}",
    f"https://host/f.jsonl?a=1;token={SECRET}",
    f"https://host/f.jsonl?%74oken={SECRET}",
    f"  https://{SECRET}@host/f.jsonl",
    *(
        f"https://host/x?f=f.jsonl&{name}={SECRET}"
        for name in (
            "sig", "token", "key", "signature", "Signature", "X-Amz-Signature", "X-Amz-Security-Token", "access_token",
            "accessToken", "accesstoken", "password", "passwd", "pwd", "secret", "client_secret", "apikey", "api_key",
            "api-key", "apiKey", "X-Api-Key", "code", "auth", "authkey", "auth_key", "Authorization", "oauth_token",
            "X-Goog-Credential", "AWSAccessKeyId", "sas", "jwt", "private_token", "subscription-key",
        )
    ),
]  # fmt: skip
PLAIN = [
    "rss+sftp://user@host/feed.xml",
    "rss+https://host:8080/@user/feed.xml",
    "sftp://user@host/feed.jsonl",
    "sftp://user@host:22/feed.jsonl",
    "ssh://user@host/a:b@c.jsonl",
    "ftp://anonymous@host/f.csv",
    "hdfs://user@namenode:8020/f.parquet",
    "smb://user@host/share/f",
    "abfss://container@account.dfs.core.windows.net/f.parquet",
    "https://host:8080/a@2x.jsonl",
    "https://[::1]:8080/a.jsonl",
    "https://host/package@1.2.3/data.jsonl",
    "https://host/f.jsonl?page=2&author=me&monkey=1&encode=utf8&design=x",
    "https://host/feed-{night}.jsonl",
    "s3://bucket/a:b@c.jsonl",
    "s3://bucket/key=1/token=2/part-?.parquet",
    "hf://datasets/user/set@main/a.parquet",
    "/data/12:30@home.jsonl",
    "/data/token=5/[a]?.jsonl",
    "memory://[ab]/x@y",
    "reviews.jsonl",
    "",
]


@pytest.mark.parametrize("feed", SECRETS)
def test_a_secret_is_seen(feed: str) -> None:
    assert has_secret(feed)


@pytest.mark.parametrize("feed", PLAIN)
def test_a_url_without_one_is_let_through(feed: str) -> None:
    assert not has_secret(feed)


@pytest.mark.parametrize(
    "feed", [it for it in SECRETS if "%40" not in it and "get?url=https:" not in it]
)
def test_a_secret_is_masked_in_the_words_of_others(feed: str) -> None:
    told = mask_secrets(f"403, message='Forbidden', url='{feed}' for {feed}.")
    assert SECRET not in told
    assert told.startswith("403, message='Forbidden', url='")
    assert "***" in told


@pytest.mark.parametrize("feed", [it for it in PLAIN if "?" not in it and "@" not in it])
def test_what_holds_none_stays_as_it_is(feed: str) -> None:
    assert mask_secrets(f"{feed} is not there; give {feed}") == f"{feed} is not there; give {feed}"


def test_a_masked_url_still_says_where() -> None:
    asked = "https://u:p@host:1/a/b.jsonl?X-Amz-Signature=1&x=2#y"
    assert mask_secrets(asked) == "https://***@host:1/a/b.jsonl?***"
    assert mask_secrets("sftp://u:123/4@h/f") == "sftp://***@h/f"
    assert mask_secrets("https://host/a? (404)") == "https://host/a? (404)"


def test_an_error_that_holds_a_secret_is_raised_without_it() -> None:
    url = f"https://host/a?sig={SECRET}"
    for error, kind in ((requests.HTTPError(f"403 for url: {url}"), MaskedError),
                        (requests.ReadTimeout(f"no answer from {url}"), ConnectionError)):  # fmt: skip
        with pytest.raises(kind, match=type(error).__name__) as raised, masked_errors():
            raise error
        assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_an_error_without_a_secret_passes_as_it_is() -> None:
    error = ValueError("host/a is no URL")
    with pytest.raises(ValueError, match="no URL") as raised, masked_errors():
        raise error
    assert raised.value is error
