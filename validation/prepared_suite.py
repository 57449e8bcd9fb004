"""The rules of the check of prepared documents, as a suite over measurements."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

import math

from validation.gx import Expectation, gx, gxe
from validation.ids import IS_SHARED
from validation.limits import PreparedLimits
from validation.measure import (
    HAS_DIGEST,
    HAS_ID,
    IS_DUPLICATE,
    IS_REUSED,
    N_CONTROL,
    N_VISIBLE_CHARS,
    PREPARED_COLUMNS,
)
from validation.rules import (
    ID_UNIQUE,
    IS_REFUSED,
    TEXT_PRESENT,
    columns,
    date_in_bounds,
    dated_by_the_night,
    row_rule,
    table_rule,
    text_length,
)
from validation.tables.columns import TIMESTAMP
from validation.usual_rules import usual_count


def prepared_suite(limits: PreparedLimits) -> gx.ExpectationSuite:
    """Build the suite for what `validation.measure.measure_prepared` returns.

    Parameters
    ----------
    limits
        Of the night.

    Returns
    -------
    Suite with the rules in order: a row that breaks several counts for the first of them.
    """
    rules = [
        columns(PREPARED_COLUMNS),
        *_keys(),
        *_texts(limits.max_chars),
        date_in_bounds(TIMESTAMP, limits),
        dated_by_the_night(TIMESTAMP, limits),
        gxe.ExpectColumnValuesToBeInSet(
            column=IS_DUPLICATE,
            value_set=[False],
            mostly=1 - limits.max_duplicate_share,
            **table_rule(
                "duplicate_share", f"at most {limits.max_duplicate_share:.0%} are duplicates"
            ),
        ),
        *_same_ids(limits.n_restarted_of),
        *usual_count("document_count", "documents", limits.usual_documents),
        _refused_share(limits),
    ]
    return gx.ExpectationSuite(name="prepared", expectations=rules)


def _keys() -> list[Expectation]:
    """Return the rules that ids and digests are as preparation promises."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_ID,
            value_set=[True],
            **row_rule(
                "id_present", "every document has an id", "the document has no id", "critical"
            ),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=IS_SHARED,
            value_set=[False],
            **row_rule(
                ID_UNIQUE, "every id is there once", "id {doc_id!r:.80} is shared", "critical"
            ),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_DIGEST,
            value_set=[True],
            **row_rule(
                "digest_form",
                "every digest is 64 hexadecimal digits",
                "digest {text_digest!r:.80} is not 64 hexadecimal digits",
                "critical",
            ),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=IS_REUSED,
            value_set=[False],
            **row_rule(
                "id_reused",
                "no document of an earlier night has the id and another text",
                "id {doc_id!r:.80} belongs to a document of night {reused_on} with another text; if"
                " ids start again every night, set `doc_id` to a list of columns that make them",
            ),
        ),
    ]


def _same_ids(n_restarted_of: int | None) -> list[Expectation]:
    """Return the rule that stops a night whose ids have started again; none for other nights."""
    if n_restarted_of is None:
        return []
    expected = (
        f"of the {n_restarted_of:,} ids known before at most half come with unrelated texts: where"
        " ids start again every night, set `doc_id` under [ingest.columns] to a list of columns"
        ' that make them, for instance doc_id = ["date", "text"]; where whole texts are written'
        ' anew, set `on_change` under [ingest] to "keep" or "refuse"'
    )
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column=IS_REUSED, value_set=[False], **table_rule("ids_last", expected, "critical")
        )
    ]


def _texts(max_chars: int) -> list[Expectation]:
    """Return the rules that refuse empty texts, and that the others are as preparation promises."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=N_VISIBLE_CHARS,
            min_value=1,
            **row_rule(
                TEXT_PRESENT, "every text has visible characters", "nothing to read is left"
            ),
        ),
        text_length(max_chars, "critical"),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_CONTROL,
            max_value=0,
            **row_rule(
                "control_characters",
                "no text has control characters",
                "{n_control:,} control characters were left",
                "critical",
            ),
        ),
    ]


def _refused_share(limits: PreparedLimits) -> Expectation:
    """Return the rule that both checks together refuse few rows."""
    # The refused rows of the first check are not in this table, so what is left is counted here.
    allowed = math.floor(limits.max_refused_share * limits.n_read) - limits.n_refused_before
    return gxe.ExpectColumnSumToBeBetween(
        column=IS_REFUSED,
        max_value=allowed,
        **table_rule(
            "refused_share",
            f"at most {limits.max_refused_share:.0%} of the {limits.n_read:,} rows read are "
            f"refused ({limits.n_refused_before:,} were refused before)",
            "critical",
        ),
    )
