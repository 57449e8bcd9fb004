from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tasks.publishing.guard import (
    LostDocumentsError,
    UnsoundNightError,
    require_kept,
    require_sound,
)
from tasks.publishing.night import Night
from tasks.store.files import write_atomically
from tasks.store.records import records_folder
from tasks.store.storage import Ref, Store, keep_table, read_table

MakeNight = Callable[..., tuple[Store, Night]]
PublishNight = Callable[..., dict[str, Any]]


def refused(store: Store, night: Night) -> str:
    with pytest.raises(UnsoundNightError) as caught:
        require_sound(store, night)
    return str(caught.value)


def with_counts(night: Night, **counts: int) -> Night:
    return night.model_copy(
        update={"facts": night.facts | {"counts": night.facts["counts"] | counts}}
    )


def changed(store: Store, ref: Ref, change: Callable[[pa.Table], pa.Table]) -> Ref:
    return keep_table(store, "made", change(read_table(store, ref)))


def renamed(table: pa.Table, column: str, old: str, new: str) -> pa.Table:
    named = [new if it == old else it for it in table[column].to_pylist()]
    field = table.schema.field(column)
    return table.set_column(table.column_names.index(column), field, pa.array(named, field.type))


def under(tree: pa.Table, topic: str) -> pa.Table:
    """Put every node under one of them, which then has fewer documents than these together."""
    place = tree.column_names.index("parent_id")
    return tree.set_column(place, "parent_id", pa.array([topic] * len(tree), pa.string()))


def test_a_night_that_adds_up_is_let_through(make_night: MakeNight) -> None:
    require_sound(*make_night(2, ["c", "d", "e"], ["a", "b"]))


def test_a_count_that_is_off_by_one_is_refused_and_not_cached_any_more(
    make_night: MakeNight,
) -> None:
    store, night = make_night(2, ["a", "b"])
    write_atomically(records_folder(store) / "check-prepared-v1-0", b"a record")
    said = refused(store, with_counts(night, accepted=3))
    assert said.startswith(
        "night 2026-03-02 of feed reviews does not add up, so it is not published, and what is"
        " published stays as it is: conservation: read 4 is not accepted + duplicate + quarantined"
        " + withdrawn + without_text: 3 + 1 + 1 + 0 + 0; conservation: documents has 2 rows"
    )
    assert "run the same command again" in said
    assert not records_folder(store).exists()


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("assignments", lambda it: it.slice(1), "documents 'a' have no assignment"),
        ("assignments", lambda it: pa.concat_tables([it, it.slice(1, 1)]), "unique_ids: doc_id 'b'"),
        ("metrics", lambda it: pa.concat_tables([it, it]), "unique_ids: metric, space 'm, s' stands"),
        ("clusters", lambda it: it.slice(1), "conservation: clusters 'c-1' have not as many"),
        ("cluster_tree", lambda it: it.slice(1), "clusters 'c-1' are of another size in cluster_tree"),
        ("cluster_tree", lambda it: under(it, "c-2"), "topics 'c-2' have not as many documents"),
        ("mentions", lambda it: it.slice(1), "conservation: assigned documents 'a' have no mentions"),
        ("mentions", lambda it: pa.concat_tables([it, it.slice(1)]), "'b' have passages that overlap"),
        ("mentions", lambda it: renamed(it, "doc_id", "a", "z"), "mentions of 'z' have no assignment"),
        ("mentions", lambda it: renamed(it, "cluster_id", "c-1", "c-9"), "clusters 'c-9', which have no"),
        ("clusters", lambda it: it.drop_columns("size"), "schema: clusters: its columns size"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_the_others_is_refused(
    name: str, change: Callable[[pa.Table], pa.Table], said: str, make_night: MakeNight
) -> None:
    store, night = make_night(2, ["a", "b"])
    ref = changed(store, night.tables[name], change)
    worse = night.model_copy(update={"tables": night.tables | {name: ref}})
    assert said in refused(store, worse)


def test_a_stage_file_that_is_damaged_at_the_last_moment_is_refused(make_night: MakeNight) -> None:
    store, night = make_night(2, ["a", "b"])
    path = store.resolve(night.tables["clusters"])
    path.write_bytes(path.read_bytes()[:-1])
    assert f"digest: {path} is missing or changed" in refused(store, night)


def test_a_document_of_the_window_without_an_assignment_is_refused(make_night: MakeNight) -> None:
    store, night = make_night(2, ["c"], ["a", "b"])
    _, other = make_night(2, ["c"], ["a"])
    lacking = night.model_copy(update={"tables": others_clusters(night, other)})
    assert "documents 'b' of the window have no assignment" in refused(store, lacking)
    unknown = other.model_copy(update={"tables": others_clusters(other, night)})
    assert "assignments 'b' have no document in the window" in refused(store, unknown)


def others_clusters(night: Night, other: Night) -> dict[str, Ref]:
    """Return the tables of a night, with the clusters and the assignments of another."""
    return night.tables | {it: other.tables[it] for it in ("assignments", "clusters")}


@pytest.fixture
def published(publish_night: PublishNight) -> None:
    publish_night(2, ["a", "b"])
    publish_night(3, ["c"], window=["b"])


@pytest.mark.usefixtures("published")
def test_a_night_keeps_the_documents_that_later_nights_have_in_their_clusters(
    make_night: MakeNight,
) -> None:
    store, night = make_night(2, ["a", "x"])
    with pytest.raises(LostDocumentsError, match="it would lose documents 'b', which night 2026"):
        require_kept(store, night.tables["documents"])
    store, night = make_night(2, ["b", "x"])
    require_kept(store, night.tables["documents"])
    store, night = make_night(3, ["x"])
    require_kept(store, night.tables["documents"])
    store, night = make_night(4, ["x"])
    require_kept(store, night.tables["documents"])


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("day", [2, 3])
def test_what_cannot_be_read_has_nothing_to_lose(
    day: int, make_night: MakeNight, store: Store
) -> None:
    store.model_copy(update={"night": store.night.replace(day=day)}).manifest_path().write_bytes(
        b"{"
    )
    tonight, night = make_night(2, ["x"])
    require_kept(tonight, night.tables["documents"])
