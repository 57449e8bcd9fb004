"""Requests and their failures, without a server; `make test-bucket` asks a real one."""

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import fsspec
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from tasks.store.bucket import s3
from tasks.store.bucket.objects import BucketError, ConditionFailedError, NoConditionsError
from tasks.store.bucket.place import place_of

Answers = list[Any]


class ClientError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.response = {
            "Error": {"Code": code},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }


def failed(status: int, code: str, kind: Callable[..., OSError] = OSError) -> OSError:
    """Make an error as s3fs translates one of botocore's."""
    error = kind(errno.EINVAL, code)
    error.__cause__ = ClientError(status, code)
    return error


class Server:
    """Gives one answer after the other, or raises it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def call_s3(self, method: str, **words: Any) -> Any:
        self.asked.append({"method": method, **words})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def objects_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], s3.S3Objects]:
    def made(server: Server) -> s3.S3Objects:
        monkeypatch.setattr(fsspec, "filesystem", lambda _: server)
        monkeypatch.setattr("time.sleep", lambda _: None)
        return s3.S3Objects(place_of("s3://shop/nights"))

    return made


On = Callable[[Server], s3.S3Objects]


def test_all_pages_of_a_listing_are_read_by_their_names_below_the_prefix(objects_on: On) -> None:
    def page(name: str, **more: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": f"nights/{name}", "ETag": "e", "Size": 1}], **more}

    server = Server(page("a", IsTruncated=True, NextContinuationToken="t"), page("b"))
    assert list(objects_on(server).listed()) == ["a", "b"]
    assert [it["Prefix"] for it in server.asked] == ["nights/", "nights/"]
    assert server.asked[1]["ContinuationToken"] == "t"
    assert objects_on(Server({})).listed() == {}


def test_a_put_says_on_which_condition(objects_on: On) -> None:
    server = Server({"ETag": '"1"'}, {"ETag": '"2"'})
    objects = objects_on(server)
    assert objects.put("a", b"", None) == '"1"'
    assert objects.put("a", b"", '"1"') == '"2"'
    assert (server.asked[0]["IfNoneMatch"], server.asked[1]["IfMatch"]) == ("*", '"1"')


@pytest.mark.parametrize(
    ("status", "code", "replaces", "kind"),
    [
        (412, "PreconditionFailed", None, ConditionFailedError),
        (409, "ConditionalRequestConflict", "e", ConditionFailedError),
        (404, "NoSuchKey", "e", ConditionFailedError),
        (501, "NotImplemented", None, NoConditionsError),
        (403, "AccessDenied", None, BucketError),
    ],
)
def test_what_a_put_is_refused_for(
    objects_on: On, status: int, code: str, replaces: str | None, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        objects_on(Server(failed(status, code))).put("a", b"", replaces)


def test_a_hiccup_is_waited_out_and_four_are_a_sentence(objects_on: On) -> None:
    hiccup = failed(503, "SlowDown")
    server = Server(hiccup, ConnectionResetError(), {"ETag": "e"})
    assert objects_on(server).put("a", b"", None) == "e"
    with pytest.raises(BucketError, match=r"s3://shop/nights/a cannot be written: .*nothing is l"):
        objects_on(Server(*[hiccup] * 4)).put("a", b"", None)


def test_a_server_that_is_away_is_waited_for_and_missing_keys_are_not(objects_on: On) -> None:
    away = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    assert objects_on(Server(away, {"ETag": "e"})).put("a", b"", None) == "e"
    with pytest.raises(BucketError, match=r"cannot be written: Could not connect.*nothing is lost"):
        objects_on(Server(*[away] * 4)).put("a", b"", None)
    with pytest.raises(BucketError, match=r"cannot be listed: Unable to locate credentials"):
        objects_on(Server(NoCredentialsError())).listed()


def test_what_is_not_there_is_none_but_a_bucket_has_to_be(objects_on: On) -> None:
    gone = failed(404, "NoSuchKey", FileNotFoundError)
    objects_on(Server(gone)).delete("a")
    with pytest.raises(BucketError, match=r"cannot be listed: .*NoSuchBucket"):
        objects_on(Server(failed(404, "NoSuchBucket", FileNotFoundError))).listed()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("Install s3fs")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    with pytest.raises(BucketError, match=r'pip install "nightfold\[s3\]"'):
        s3.S3Objects(place_of("s3://shop/nights"))


def test_an_age_is_by_the_clock_of_the_server() -> None:
    headers = {"date": "Fri, 27 Nov 2026 03:28:17 GMT"}
    answer = {
        "ResponseMetadata": {"HTTPHeaders": headers},
        "LastModified": datetime(2026, 11, 27, 3, 28, 7, tzinfo=UTC),
    }
    assert s3._age(answer) == 10
