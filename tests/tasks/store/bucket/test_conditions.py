import pytest

from tasks.store.bucket.conditions import require_conditions
from tasks.store.bucket.objects import BucketError
from tests.tasks.store.bucket.memory import Memory


def test_a_server_that_honours_conditions_passes_and_keeps_nothing(objects: Memory) -> None:
    require_conditions(objects)
    assert objects.contents == {}


def test_a_server_that_ignores_conditions_is_refused_with_its_answer(objects: Memory) -> None:
    objects.honours = False
    with pytest.raises(BucketError, match=r"answered 200 to a put whose If-None-Match does not"):
        require_conditions(objects)
    assert objects.contents == {}


def test_a_server_that_knows_no_conditions_is_refused_with_its_answer(objects: Memory) -> None:
    objects.knows = False
    with pytest.raises(BucketError, match=r"the server answered 501 A header .* to a conditional"):
        require_conditions(objects)
