"""What the stages return becomes one night, and nothing of it is lost or there twice."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.frame.result import StageResult
from tasks.publishing.night import Night, content_of, merged
from tasks.store.storage import Store

MakeNight = Callable[..., tuple[Store, Night]]


class Told(StageResult):
    told: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        return self.told


def parts(night: Night) -> list[StageResult]:
    """Take a night apart into a result a table, one with the models and one with the facts."""
    return [
        *(StageResult(tables={name: ref}) for name, ref in night.tables.items()),
        StageResult(models=night.models, checks=night.checks),
        Told(told=night.facts),
    ]


def test_the_results_of_the_stages_become_one_night(make_night: MakeNight) -> None:
    _, night = make_night(2, ["a", "b"])
    assert merged(parts(night), night.around) == night


def test_a_table_that_no_stage_has_made_is_an_error(make_night: MakeNight) -> None:
    _, night = make_night(2, ["a", "b"])
    with pytest.raises(
        RuntimeError, match=r"must have the tables documents, .*, emergence, got dup"
    ):
        merged(parts(night)[1:], night.around)


def test_a_table_that_is_not_listed_is_an_error(make_night: MakeNight) -> None:
    _, night = make_night(2, ["a", "b"])
    more = StageResult(tables={"themes": night.tables["drift"]})
    with pytest.raises(RuntimeError, match=r"got .*, emergence, themes; this is a bug"):
        merged([*parts(night), more], night.around)


@pytest.mark.parametrize("position", range(15))
def test_a_result_that_two_stages_have_is_an_error(position: int, make_night: MakeNight) -> None:
    _, night = make_night(2, ["a", "b"])
    found = parts(night)
    with pytest.raises(RuntimeError, match="two stages of a night have the result"):
        merged([*found, found[position]], night.around)


def test_the_manifest_tells_what_the_stages_tell(make_night: MakeNight) -> None:
    store, night = make_night(2, ["a", "b"])
    content = content_of(store, night.model_copy(update={"facts": {"themes": 3}}))
    assert content["themes"] == 3
    assert content["checks"] == {"raw": {"outcomes": []}, "prepared": {"outcomes": []}}
    assert set(content["tables"]) == set(night.tables)
    assert content["window_documents"] == 2


def test_languages_that_the_encoder_has_not_learnt_are_named(make_night: MakeNight) -> None:
    store, night = make_night(2, ["a", "b"])
    encoder = night.around.encoder.model_copy(update={"languages": ("en",)})
    around = night.around.model_copy(update={"encoder": encoder})
    read = {"facts": {"languages": {"en": 0.9, "fr": 0.1}}, "around": around}
    assert content_of(store, night.model_copy(update=read))["not_learnt"] == {"fr": 0.1}
    assert "not_learnt" not in content_of(store, night.model_copy(update={"around": around}))
