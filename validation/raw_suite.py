"""The rules of the check of raw rows, as a Great Expectations suite over measurements."""

# Great Expectations does not mark what it exports.
# mypy: disable-error-code="attr-defined"

from collections.abc import Sequence

from validation.gx import Expectation, gx, gxe
from validation.ids import CONFLICT, ID_USE, REPEAT
from validation.limits import MAX_USUAL_LINES, RawLimits
from validation.measure import (
    CONTROL_SHARE,
    HAS_ID,
    HAS_TEXT,
    HAS_TIMESTAMP,
    LETTER_SHARE,
    N_ID_CHARS,
    N_REPLACEMENT,
    PARSED_TIMESTAMP,
    RAW_COLUMNS,
    UNPARSED_TIMESTAMP,
    UNPARSED_WITHDRAWN,
)
from validation.rules import (
    ID_UNIQUE,
    IS_REFUSED,
    TEXT_PRESENT,
    columns,
    date_in_bounds,
    row_rule,
    table_rule,
    text_length,
)
from validation.tables.columns import N_LINES, PROBLEM_RULE
from validation.usual import MISSING_DATE, MISSING_TEXT
from validation.usual_rules import as_fresh_as_usual, few_missing, usual_count


def raw_suite(limits: RawLimits, of_items: Sequence[Expectation] = ()) -> gx.ExpectationSuite:
    """Build the suite for what `validation.measure.measure_raw` returns.

    Parameters
    ----------
    limits
        Of the night.
    of_items
        Rules of what the rows are about, where it is no text.

    Returns
    -------
    Suite with the rules in order: a row that breaks several counts for the first of them.
    """
    rules = [
        columns(RAW_COLUMNS),
        gxe.ExpectTableRowCountToBeBetween(
            min_value=limits.min_rows, **table_rule("rows_present", "the feed has rows", "critical")
        ),
        *of_items,
        *_form(limits.max_id_chars),
        *_content(limits),
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
        *_shares(limits),
        _without_text_share(limits.max_without_text_share),
        *_language(limits),
        *usual_count("row_count", "rows", limits.usual_rows),
        *as_fresh_as_usual(PARSED_TIMESTAMP, limits, limits.usual_days_old),
        _refused_share(limits.max_refused_share),
    ]
    return gx.ExpectationSuite(name="raw", expectations=rules)


def _form(max_id_chars: int) -> list[Expectation]:
    """Return the rules that refuse what is not a row, or lacks an id or a text."""
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
            **row_rule(TEXT_PRESENT, "every row has a text", "the text is missing or blank"),
        ),
    ]


def _content(limits: RawLimits) -> list[Expectation]:
    """Return the rules that refuse impossible texts, dates and withdrawals."""
    share = limits.max_control_share
    return [
        gxe.ExpectColumnValuesToBeNull(
            column=UNPARSED_WITHDRAWN,
            **row_rule(
                "withdrawal_parses",
                "every row says yes, no or a date, or nothing, of its withdrawal",
                "withdrawn {unparsed_withdrawn!r} is neither yes nor no nor a date",
            ),
        ),
        text_length(limits.max_chars, "warning"),
        gxe.ExpectColumnValuesToBeNull(
            column=UNPARSED_TIMESTAMP,
            **row_rule(
                "date_parses",
                "every timestamp is a date that can only mean one day",
                "timestamp {unparsed_timestamp!r} is no date that can only mean one day; set"
                " `date_format` or `day_first` under [ingest]",
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


def _shares(limits: RawLimits) -> list[Expectation]:
    """Return the rules that there are few gaps and few repeats."""
    repeats = limits.max_repeat_share
    return [
        few_missing(
            MISSING_TEXT, HAS_TEXT, "text", limits.max_missing_text_share, limits.usual_no_text
        ),
        few_missing(
            MISSING_DATE, HAS_TIMESTAMP, "date", limits.max_missing_date_share, limits.usual_no_date
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


def _language(limits: RawLimits) -> list[Expectation]:
    """Return the rules that most texts consist of letters, and few have lost any in decoding."""
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


def _without_text_share(max_share: float) -> Expectation:
    """Return the rule that enough rows have a text, or the text is looked for in a wrong column."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=HAS_TEXT,
        value_set=[True],
        mostly=1 - max_share,
        **table_rule(
            "without_text_share",
            f"at most {max_share:.0%} of the rows are without text",
            "critical",
        ),
    )


def _refused_share(max_share: float) -> Expectation:
    """Return the rule that few rows are refused, or few lines if these are the larger share."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=IS_REFUSED,
        value_set=[0],
        mostly=1 - max_share,
        **table_rule(
            "refused_share",
            f"at most {max_share:.0%} of the rows, and of their lines, are refused; those without"
            " text are counted apart",
            "critical",
        ),
    )
