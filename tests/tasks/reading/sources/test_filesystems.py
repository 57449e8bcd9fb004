import sys

import pytest
from fsspec.registry import _registry

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.filesystems import EXTRAS, filesystem_of
from tasks.reading.sources.kinds import require_feed

LIBRARIES = {
    "http": "aiohttp",
    "s3": "s3fs",
    "gcs": "gcsfs",
    "azure": "adlfs",
    "sftp": "paramiko",
}
"""Extra → the library that it brings."""


@pytest.mark.parametrize("scheme", EXTRAS)
def test_a_url_without_its_library_says_what_to_install(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = EXTRAS[scheme]
    monkeypatch.setitem(sys.modules, LIBRARIES[extra], None)
    for module in ("http", "sftp"):
        monkeypatch.delitem(sys.modules, f"fsspec.implementations.{module}", raising=False)
    monkeypatch.delitem(_registry, scheme, raising=False)
    with pytest.raises(FeedError) as raised:
        require_feed(f"{scheme}://place/reviews.jsonl")
    assert str(raised.value) == (
        f"{scheme}://place/reviews.jsonl needs what reads {scheme}:// and is not installed;"
        f' pip install "nightfold[{extra}]"'
    )


def test_a_file_system_that_no_extra_brings_is_named_by_fsspec(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ossfs", None)
    with pytest.raises(FeedError, match="that fsspec knows, but Install ossfs"):
        filesystem_of("oss://bucket/reviews.jsonl")
