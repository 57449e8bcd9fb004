from tasks.frame.mapper import InProcess


def test_results_come_in_the_order_of_the_shards() -> None:
    seen: list[int] = []

    def double(shard: int) -> int:
        seen.append(shard)
        return 2 * shard

    assert InProcess().map(double, [3, 1, 2]) == [6, 2, 4]
    assert seen == [3, 1, 2]
