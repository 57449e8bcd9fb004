from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.reading.formats.kinds import format_of


def told(name: str) -> tuple[str, str | None] | None:
    found = format_of(name)
    return (found[0].name, found[1]) if found else None


@given(st.text(max_size=8), st.sampled_from(["", ".gz", ".zst", ".bz2"]))
@settings(deadline=None)
def test_only_known_endings_have_a_format(stem: str, compression: str) -> None:
    expected = {"": None, ".gz": "gzip", ".zst": "zstd"}
    for ending, found in ((".jsonl", "jsonl"), (".CSV", "csv"), (".pq", "parquet")):
        name = f"x{stem.replace('/', '')}{ending}{compression}"
        assert told(name) == ((found, expected[compression]) if compression in expected else None)
    assert told("x.txt.gz") is None
    assert told("jsonl") is None
