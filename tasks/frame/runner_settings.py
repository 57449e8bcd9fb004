"""The settings of a runner: which engine works on shards, and where its workers are."""

import re
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, field_validator, model_validator

Kind = Literal["local", "dask", "ray"]

_ADDRESSES: Final = {
    "dask": (re.compile(r"(tcp|tls)://[^/\s]+:\d+"), "tls://HOST:PORT or tcp://HOST:PORT"),
    "ray": (re.compile(r"(ray://)?[^/\s]+:\d+"), "ray://HOST:PORT, or HOST:PORT on a node of it"),
}  # fmt: skip


class RunnerSettings(BaseModel):
    """Where the shards of a night are worked on; its tables are the same bytes wherever."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Kind = Field(
        "local",
        description="What works on shards: local is this process; the extras dask and ray bring the"
        " other two.",
    )
    address: str | None = Field(
        None,
        description="Scheduler of a Dask cluster or head of a Ray cluster, whose workers share the"
        " store's folder; if left empty, workers are started on this machine for the run.",
    )
    workers: NonNegativeInt = Field(
        0,
        description="Workers that are started on this machine, of one thread each; 0 is one for"
        " every core.",
    )

    @field_validator("address")
    @classmethod
    def _address_holds_no_secret(cls, address: str | None) -> str | None:
        # Here, before a run exists: Prefect records the parameters of every run.
        if address and any(mark in address for mark in "@?#"):
            raise ValueError(
                "address must be without a password or a token, for logs and the Prefect database"
                " keep it; Dask and Ray take certificates and tokens from their own settings"
            )
        return address or None

    @model_validator(mode="after")
    def _fits_the_kind(self) -> Self:
        if self.kind == "local" and (self.address or self.workers):
            raise ValueError("address and workers must be left out where kind is 'local'")
        if self.address and self.workers:
            raise ValueError(
                "workers must be left out where address names a cluster, which has some"
            )
        if self.address:
            pattern, words = _ADDRESSES[self.kind]
            if not pattern.fullmatch(self.address):
                raise ValueError(f"address must be {words}, got {self.address!r}")
        return self
