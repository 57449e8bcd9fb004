from tasks.reading.find import find_feed


def test_finding_is_tried_again_and_never_cached() -> None:
    assert find_feed.retries == 3
    assert find_feed.persist_result is False
