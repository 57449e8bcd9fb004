"""Every stage that learns or measures computes on one thread, whatever the process was given."""

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info

from tasks.clusters import carry, pretrain, refine
from tasks.clusters import plan_fit as drift
from tasks.clusters import reconcile as rejoin
from tasks.mentions import mention
from tasks.operating import placing
from tasks.reporting import describe, evaluate
from tasks.store.manifest_parts import EncoderPart, LabelsPart
from tasks.store.manifests import Manifest
from tasks.vectors import apart, views
from tasks.vectors.encoder import EncoderRef
from tests.two_threads import two_threads_each


class Reached(Exception):  # noqa: N818 - a signal
    """The stage has begun."""


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with two_threads_each():
        yield


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info()} | {torch.get_num_threads()}


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(
    ("module", "stage", "first_step"),
    [
        (apart, "set_remarks_apart", "read_window"),
        (views, "lay_out_views", "read_table"),
        (drift, "plan_fit", "_can_stay"),
        (pretrain, "pretrain", "read_features"),
        (refine, "refine", "read_features"),
        (rejoin, "rejoin_pieces", "read_matrix"),
        (carry, "carry_over", "read_window"),
        (evaluate, "evaluate", "read_matrix"),
        (describe, "describe", "read_remarks"),
        (mention, "mention", "read_window"),
    ],
)
def test_a_stage_computes_on_one_thread(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, stage: str, first_step: str
) -> None:
    def reach(*_: Any, **__: Any) -> None:
        raise Reached(threads())

    monkeypatch.setattr(module, first_step, reach)
    function = getattr(module, stage).fn
    count = len(inspect.signature(function).parameters)
    with pytest.raises(Reached) as caught:
        function(*[_Anything()] * count)
    assert caught.value.args == ({1},)
    assert threads() == {2}


@pytest.mark.usefixtures("limits")
def test_documents_are_placed_on_one_thread_where_the_night_was_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(_: Any, __: Any, device: str) -> None:
        raise Reached(threads(), device)

    found = EncoderRef(name="E", digest="d", files="d", folder="f")
    monkeypatch.setattr(placing, "find_encoder_ref", lambda _: found)
    monkeypatch.setattr(placing, "kind_or_reference", lambda kind, _: kind)
    monkeypatch.setattr(placing, "load_encoder", load)
    manifest = Manifest.model_construct(
        config={"encoder": "E", "embed": {}, "clustering": {"device": "cuda:3"}},
        encoder=EncoderPart(name="E", digest="d"),
        labels=LabelsPart(published="refined"),
        tables={},
    )
    with pytest.raises(Reached) as caught:
        placing.place_texts(_Anything(), manifest, ["a"])  # type: ignore[arg-type]
    assert caught.value.args == ({1}, "cuda:3")


class _Anything:
    """Stands for an argument that is not looked into before the first step."""

    def __init__(self, **facts: Any) -> None:
        vars(self).update(facts)

    def __getattr__(self, _: str) -> "_Anything":
        return _Anything()

    def __iter__(self) -> Iterator[Any]:
        return iter(())
