import numpy as np
import pyarrow as pa

from models.core.arrays import Floats, normalise_rows
from tasks.mapping.map_documents import draw
from validation.tables.cluster_schemas import MAP

NOTHING = MAP.empty_table()


def vectors(n: int) -> Floats:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(4, 16))
    rows = middles[np.arange(n) % 4] + 0.3 * rng.normal(size=(n, 16))
    return normalise_rows(rows.astype(np.float32))


def documents(first: int, last: int) -> pa.Table:
    """Return documents, the first two of which have one text."""
    ids = [f"d-{it}" for it in range(first, last)]
    texts = np.maximum(np.arange(last - first) - 1, 0)
    return pa.table({"doc_id": ids, "position": texts})


def test_a_first_map_has_every_document_and_one_place_for_one_text() -> None:
    facts, table = draw(vectors(39), documents(0, 40), NOTHING, True, 0)
    assert (facts.kind, facts.n_documents, table.schema.equals(MAP)) == ("first", 40, True)
    first, second, third = (tuple(it.values())[1:] for it in table.slice(0, 3).to_pylist())
    assert first == second != third


def test_old_documents_keep_their_places_to_the_bit_while_the_model_goes_on() -> None:
    _, before = draw(vectors(39), documents(0, 40), NOTHING, True, 0)
    facts, table = draw(vectors(59)[20:], documents(20, 60), before, False, 0)
    assert (facts.kind, facts.n_shared, facts.median_displacement) == ("kept", 20, None)
    # The second of the new window has the text of the first.
    assert table.slice(2, 18).equals(before.slice(22, 18))
    places = {row["doc_id"]: (row["x"], row["y"]) for row in table.to_pylist()}
    assert len(places) == 40


def test_a_refit_moves_them_and_says_how_far() -> None:
    _, before = draw(vectors(39), documents(0, 40), NOTHING, True, 0)
    facts, table = draw(vectors(59)[20:], documents(20, 60), before, True, 0)
    assert facts.kind == "again"
    assert facts.median_displacement is not None
    assert 0 < facts.median_displacement < 0.2
    assert not table.slice(2, 18).equals(before.slice(22, 18))


def test_a_window_without_documents_has_a_map_without_points() -> None:
    facts, table = draw(vectors(0), documents(0, 0), NOTHING, True, 0)
    assert (facts.kind, table.num_rows) == ("first", 0)
