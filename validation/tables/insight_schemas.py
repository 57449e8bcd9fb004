"""The tables that say what a night means: how clusters are rated, where they are, which emerge."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from validation.tables.columns import CLUSTER_ID, IS_ALARM, KIND, SHARE
from validation.tables.table import Table

N_RATED: Final = "n_rated"
MEAN_RATING: Final = "mean_rating"
LOW: Final = "low"
HIGH: Final = "high"
CHANGE: Final = "change"
IMPACT: Final = "impact"

FEED_COLUMN: Final = "feed_column"
FEED_VALUE: Final = "feed_value"
N_DOCUMENTS: Final = "n_documents"
LIFT: Final = "lift"
OVERALL_SHARE: Final = "overall_share"
P_VALUE: Final = "p_value"
Q_VALUE: Final = "q_value"

N_NEW: Final = "n_new"
EXPECTED: Final = "expected"
Z: Final = "z"

RATINGS: Final = pa.schema(
    [
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(N_RATED, pa.int64(), nullable=False),
        pa.field(MEAN_RATING, pa.float64()),  # null where no document has a rating
        pa.field(LOW, pa.float64()),  # of the interval of 95 %
        pa.field(HIGH, pa.float64()),
        pa.field(CHANGE, pa.float64()),  # of the mean since the last night
        pa.field(IMPACT, pa.float64()),  # how much the mean of all would rise without the cluster
    ]
)
"""No rows where no column of the feed is a rating."""

BREAKDOWN: Final = pa.schema(
    [
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(FEED_COLUMN, pa.string(), nullable=False),
        pa.field(FEED_VALUE, pa.string(), nullable=False),
        pa.field(N_DOCUMENTS, pa.int64(), nullable=False),  # of the cluster, that have the value
        pa.field(SHARE, pa.float64(), nullable=False),  # of the cluster's, with any value
        pa.field(OVERALL_SHARE, pa.float64(), nullable=False),  # of the window's, with any value
        pa.field(LIFT, pa.float64(), nullable=False),  # the one share over the other
        pa.field(P_VALUE, pa.float64(), nullable=False),
        pa.field(Q_VALUE, pa.float64(), nullable=False),  # corrected for all that was tested
    ]
)
"""Only what is over-represented."""

EMERGENCE: Final = pa.schema(
    [
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(N_NEW, pa.int64(), nullable=False),  # documents of tonight
        pa.field(EXPECTED, pa.float64(), nullable=False),
        pa.field(LOW, pa.int64(), nullable=False),  # of the band that holds 95 of 100 nights
        pa.field(HIGH, pa.int64(), nullable=False),
        pa.field(Z, pa.float64(), nullable=False),
        pa.field(KIND, pa.string(), nullable=False),
        pa.field(IS_ALARM, pa.bool_(), nullable=False),
    ]
)
"""No rows where there is no night before tonight in the window, or no document tonight."""

INSIGHT_TABLES: Final[Mapping[str, Table]] = {
    "ratings": Table(
        RATINGS,
        key=(CLUSTER_ID,),
        is_later=True,
        remarks={
            LOW: "of the 95 % interval",
            CHANGE: "of the mean since the last night",
            IMPACT: "how much the mean of all documents would rise without the cluster",
        },
        remark="no rows where no column of the feed is a rating",
    ),
    "breakdown": Table(
        BREAKDOWN,
        key=(CLUSTER_ID, FEED_COLUMN, FEED_VALUE),
        is_later=True,
        remarks={
            FEED_COLUMN: "`source` and `language` besides the feed's own",
            SHARE: "of the cluster's documents with a value",
            OVERALL_SHARE: "of all such documents",
            LIFT: "the one share over the other",
            P_VALUE: "Fisher's exact test",
            Q_VALUE: "after Benjamini and Hochberg",
        },
        remark="only values that a cluster has more often than chance explains, the surest first",
    ),
    "emergence": Table(
        EMERGENCE,
        key=(CLUSTER_ID,),
        is_later=True,
        remarks={
            N_NEW: "of tonight",
            LOW: "to `high`: the band that holds 95 of 100 nights",
            KIND: "`new_story`, `rising`, `weak_signal`, `falling`, `steady`",
        },
        remark="no rows on the first night and on one without documents; [how](emergence.md)",
    ),
}
