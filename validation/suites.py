"""The rules of the two checks, as Great Expectations suites over measurements."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

import math
from typing import Final

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from validation.limits import MAX_USUAL_LINES, PreparedLimits, RawLimits
from validation.measure import (
    CONFLICT,
    CONTROL_SHARE,
    HAS_ID,
    HAS_TEXT,
    HAS_TIMESTAMP,
    ID_USE,
    IS_DUPLICATE,
    IS_REUSED,
    LETTER_SHARE,
    N_CONTROL,
    N_ID_CHARS,
    N_REPLACEMENT,
    N_VISIBLE_CHARS,
    PARSED_TIMESTAMP,
    PREPARED_COLUMNS,
    RAW_COLUMNS,
    REPEAT,
    UNPARSED_TIMESTAMP,
    UNPARSED_WITHDRAWN,
)
from validation.rules import (
    IS_REFUSED,
    columns,
    date_in_bounds,
    dated_by_the_night,
    row_count,
    row_rule,
    table_rule,
    text_length,
)
from validation.schemas import DOC_ID, N_LINES, PROBLEM_RULE, TEXT_DIGEST, TIMESTAMP

ID_UNIQUE: Final = "id_unique"


def raw_suite(limits: RawLimits) -> gx.ExpectationSuite:
    """Build the suite for what `validation.measure.measure_raw` gives.

    Parameters
    ----------
    limits
        What the night is held to.

    Returns
    -------
    Suite with the rules in the order in which they claim a row that breaks several.
    """
    rules = [
        columns(RAW_COLUMNS),
        gxe.ExpectTableRowCountToBeBetween(
            min_value=1, **table_rule("rows_present", "the feed has rows", "critical")
        ),
        *_raw_form(limits.max_id_chars),
        *_raw_content(limits),
        # Last of the row rules: an id belongs to the first row that breaks no other rule.
        gxe.ExpectColumnValuesToNotBeInSet(
            column=ID_USE,
            value_set=[CONFLICT],
            **row_rule(
                ID_UNIQUE,
                "no two texts share an id",
                "id {doc_id!r:.80} belongs to an earlier row with another text",
            ),
        ),
        *_raw_shares(limits),
        *_raw_language(limits),
        *row_count("row_count", limits.median_rows),
        _raw_refused_share(limits.max_refused_share),
    ]
    return gx.ExpectationSuite(name="raw", expectations=rules)


def prepared_suite(limits: PreparedLimits) -> gx.ExpectationSuite:
    """Build the suite for what `validation.measure.measure_prepared` gives.

    Parameters
    ----------
    limits
        What the night is held to.

    Returns
    -------
    Suite with the rules in the order in which they claim a row that breaks several.
    """
    rules = [
        columns(PREPARED_COLUMNS),
        *_prepared_keys(),
        *_prepared_texts(limits.max_chars),
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
        *row_count("document_count", limits.median_documents),
        _prepared_refused_share(limits),
    ]
    return gx.ExpectationSuite(name="prepared", expectations=rules)


def _raw_form(max_id_chars: int) -> list[Expectation]:
    """Refuse rows that are none, or that lack an id or a text."""
    problem = "{problem}"
    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column=PROBLEM_RULE,
            value_set=["row_parses"],
            **row_rule("row_parses", "every row has the form of its file", problem),
        ),
        gxe.ExpectColumnValuesToNotBeInSet(
            column=PROBLEM_RULE,
            value_set=["text_decodes"],
            **row_rule("text_decodes", "every row has the encoding of its file", problem),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_ID,
            value_set=[True],
            **row_rule("id_present", "every row has an id", "the row has no id"),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_ID_CHARS,
            max_value=max_id_chars,
            **row_rule(
                "id_length",
                f"an id has at most {max_id_chars:,} characters",
                f"the id has {{n_id_chars:,}} characters; at most {max_id_chars:,} are allowed",
            ),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_TEXT,
            value_set=[True],
            **row_rule("text_present", "every row has a text", "the text is missing or blank"),
        ),
    ]


def _raw_content(limits: RawLimits) -> list[Expectation]:
    """Refuse texts, dates and withdrawals that cannot be what they should be."""
    share = limits.max_control_share
    return [
        gxe.ExpectColumnValuesToBeNull(
            column=UNPARSED_WITHDRAWN,
            **row_rule(
                "withdrawal_parses",
                "every row says yes, no or a date, or nothing, of its withdrawal",
                "withdrawn {unparsed_withdrawn!r} is no yes, no or date",
            ),
        ),
        text_length(limits.max_chars, "warning"),
        gxe.ExpectColumnValuesToBeNull(
            column=UNPARSED_TIMESTAMP,
            **row_rule(
                "date_parses",
                "every timestamp is ISO 8601, RFC 2822 or Unix time",
                "timestamp {unparsed_timestamp!r} is no date",
            ),
        ),
        date_in_bounds(PARSED_TIMESTAMP, limits),
        gxe.ExpectColumnValuesToBeBetween(
            column=CONTROL_SHARE,
            max_value=share,
            **row_rule(
                "control_characters",
                f"at most {share:.0%} of the characters of a text are control characters",
                "{n_control:,} of {n_chars:,} characters are control characters",
            ),
        ),
    ]


def _raw_shares(limits: RawLimits) -> list[Expectation]:
    """Expect few gaps and few repeats."""
    no_text, no_date = limits.max_missing_text_share, limits.max_missing_date_share
    repeats = limits.max_repeat_share
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_TEXT,
            value_set=[True],
            mostly=1 - no_text,
            **table_rule("missing_text_share", f"at most {no_text:.0%} of the rows have no text"),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column=HAS_TIMESTAMP,
            value_set=[True],
            mostly=1 - no_date,
            **table_rule("missing_date_share", f"at most {no_date:.0%} of the rows have no date"),
        ),
        gxe.ExpectColumnValuesToNotBeInSet(
            column=ID_USE,
            value_set=[REPEAT],
            mostly=1 - repeats,
            **table_rule(
                "repeat_share", f"at most {repeats:.0%} of the rows repeat an earlier one"
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_LINES,
            max_value=MAX_USUAL_LINES,
            **table_rule(
                "lines_per_row",
                f"no row covers more than {MAX_USUAL_LINES:,} lines of its file, as one with a"
                " quotation mark left open would; the log names those that do",
            ),
        ),
    ]


def _raw_language(limits: RawLimits) -> list[Expectation]:
    """Expect most texts to be made of letters, and few to have lost some on their way."""
    lettered, broken = limits.min_lettered_share, limits.max_replacement_share
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=LETTER_SHARE,
            min_value=limits.min_letter_share,
            mostly=lettered,
            **table_rule(
                "letter_share",
                f"in at least {lettered:.0%} of the texts at least {limits.min_letter_share:.0%} "
                "of the visible characters are letters",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=N_REPLACEMENT,
            max_value=0,
            mostly=1 - broken,
            **table_rule(
                "replacement_share",
                f"at most {broken:.0%} of the texts have characters lost in decoding (U+FFFD)",
            ),
        ),
    ]


def _raw_refused_share(max_share: float) -> Expectation:
    """Expect few rows to be refused, or few lines if these are the larger share."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=IS_REFUSED,
        value_set=[0],
        mostly=1 - max_share,
        **table_rule(
            "refused_share",
            f"at most {max_share:.0%} of the rows, and of their lines, are refused",
            "critical",
        ),
    )


def _prepared_keys() -> list[Expectation]:
    """Hold preparation to its promise about ids and digests."""
    return [
        gxe.ExpectColumnValuesToNotBeNull(
            column=DOC_ID,
            **row_rule(
                "id_present", "every document has an id", "the document has no id", "critical"
            ),
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column=DOC_ID,
            **row_rule(
                ID_UNIQUE, "every id is there once", "id {doc_id!r:.80} is shared", "critical"
            ),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column=TEXT_DIGEST,
            regex=r"^[0-9a-f]{64}\Z",
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
                "id {doc_id!r:.80} belongs to a document of night {reused_on} with another text",
            ),
        ),
    ]


def _prepared_texts(max_chars: int) -> list[Expectation]:
    """Refuse texts that cleaning left empty; hold preparation to its promise about the others."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=N_VISIBLE_CHARS,
            min_value=1,
            **row_rule(
                "text_present", "every text has visible characters", "nothing to read is left"
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


def _prepared_refused_share(limits: PreparedLimits) -> Expectation:
    """Expect few rows to be refused by both checks together."""
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
