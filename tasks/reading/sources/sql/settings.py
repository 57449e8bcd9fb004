"""What is asked of a database: a table or a query, and the column that says what is new."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SqlSettings(BaseModel):
    """How a feed is read from a database."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(
        "", description="Name of the table or view, with its schema if it is not in the usual one."
    )
    query: str = Field("", description="A select, in place of a table.")
    since: str = Field(
        "",
        description="Column that grows with every new row: each night reads on from the last one's"
        " end. Without it, every night reads all rows.",
    )

    @model_validator(mode="after")
    def _one_of_table_and_query(self) -> Self:
        if self.table and self.query:
            raise ValueError(
                f"sql must have a table or a query, got both, table {self.table!r} and a query;"
                " remove one of them"
            )
        return self
