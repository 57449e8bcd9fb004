"""The rules of a curation: what a person has decided about the clusters of a feed."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

DEFAULT_FEED: Final = "default"
"""The name of a feed that nobody has named, as in the configuration of a night."""

_DIGEST_CHARS: Final = 8
"""Enough to tell the splits of one cluster apart."""


def _said(text: str) -> str:
    if not any(map(str.isalnum, text)):
        raise ValueError(f"must be a text with a letter or digit in it, got {text!r}")
    return text.strip()


Said = Annotated[str, AfterValidator(_said)]


class Rule(BaseModel):
    """One decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed: str = DEFAULT_FEED
    """Ids are those of one feed, and a store may have several."""

    def said(self) -> str:
        """Return the decision as a sentence."""
        raise NotImplementedError


class OfCluster(Rule):
    """One decision on one cluster."""

    cluster: Said

    @property
    def clusters(self) -> tuple[str, ...]:
        """The cluster, as rules on several have them."""
        return (self.cluster,)


class Pin(OfCluster):
    """A cluster is called by this name."""

    name: Said

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"{self.cluster} is called “{self.name}”"


class Merge(Rule):
    """Clusters are one."""

    clusters: tuple[Said, ...] = Field(min_length=1)
    into: Said

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"{', '.join(self.clusters)} belongs to {self.into}"


class Split(OfCluster):
    """Documents of a cluster that hold one of some terms are a cluster of their own."""

    terms: Said
    name: Said

    @property
    def part(self) -> str:
        """The id of the part, the same on every night."""
        content = "\n".join(sorted(it.strip().casefold() for it in self.terms.split(",")))
        return f"{self.cluster}-{hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_CHARS]}"

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"what holds {self.terms} in {self.cluster} is “{self.name}”, {self.part}"


class Ignore(OfCluster):
    """A cluster is not shown."""

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"{self.cluster} is ignored"


class Category(Rule):
    """Clusters stand under one heading."""

    name: Said
    clusters: tuple[Said, ...] = Field(min_length=1)

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"{', '.join(self.clusters)} under “{self.name}”"


class Exclude(OfCluster):
    """A document, and all with its text, is not in a cluster."""

    doc_id: str

    def said(self) -> str:
        """Return the decision as a sentence."""
        return f"document {self.doc_id} is not in {self.cluster}"


class Curation(BaseModel):
    """All decisions of a file; the names of its parts are those of its tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: tuple[Split, ...] = ()
    merge: tuple[Merge, ...] = ()
    exclude: tuple[Exclude, ...] = ()
    pin: tuple[Pin, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    category: tuple[Category, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Curation":
        for feed in {rule.feed for rule in self.rules()}:
            for problem in _contradictions(self.of_feed(feed)):
                raise ValueError(problem)
        return self

    def rules(self) -> list[Rule]:
        """Return all rules, in the order in which they are applied."""
        kinds: Iterable[Sequence[Rule]] = (getattr(self, it) for it in type(self).model_fields)
        return list(chain.from_iterable(kinds))

    def of_feed(self, feed: str) -> "Curation":
        """Return the rules of one feed."""
        own = {
            kind: tuple(rule for rule in getattr(self, kind) if rule.feed == feed)
            for kind in type(self).model_fields
        }
        return self.model_copy(update=own)


def _contradictions(rules: Curation) -> Iterator[str]:
    """Yield what cannot hold at once, each as a sentence that says what to write instead."""
    yield from _tangled_merges(rules.merge)
    into = {cluster: merge.into for merge in rules.merge for cluster in merge.clusters}
    ignored = {rule.cluster for rule in rules.ignore}
    for merge in rules.merge:
        if merge.into in ignored:
            yield (
                f"merge into {merge.into} and ignore {merge.into} cannot both hold: what was"
                " merged would be hidden too; drop one of them"
            )
    for kind, cluster in _named_later(rules):
        if cluster in into:
            yield (
                f"{kind} of {cluster} cannot hold, for a merge puts {cluster} into"
                f" {into[cluster]}; write {into[cluster]}"
            )
    yield from _repeated("pin", [rule.cluster for rule in rules.pin], "is named")
    yield from _repeated("split", [rule.part for rule in rules.split], "is made")
    headed = [cluster for rule in rules.category for cluster in rule.clusters]
    yield from _repeated("category", headed, "is put under a heading")
    names = [*(rule.name for rule in rules.pin), *(rule.name for rule in rules.split)]
    yield from _repeated("pin or split", names, "is given as a name")


def _tangled_merges(merges: Sequence[Merge]) -> Iterator[str]:
    """Yield where a cluster is merged twice, into itself, or into one that is merged itself."""
    yield from _repeated("merge", [it for merge in merges for it in merge.clusters], "is merged")
    into = {cluster: merge.into for merge in merges for cluster in merge.clusters}
    for cluster, target in into.items():
        if cluster == target:
            yield f"merge of {cluster} into itself does nothing; drop it"
        elif into.get(target) == cluster:
            yield f"merges of {cluster} into {target} and back are a circle; drop one of them"
        elif target in into:
            yield (
                f"merge of {cluster} into {target} cannot hold, for another merge puts {target}"
                f" into {into[target]}; write into = {into[target]!r}"
            )


def _named_later(rules: Curation) -> Iterator[tuple[str, str]]:
    """Yield the clusters of all rules that are applied after the merges, each with its kind."""
    for kind in ("exclude", "pin", "ignore", "category"):
        for rule in getattr(rules, kind):
            yield from ((kind, cluster) for cluster in rule.clusters)


def _repeated(kind: str, values: Sequence[str], what: str) -> Iterator[str]:
    for value in dict.fromkeys(values):
        if values.count(value) > 1:
            yield f"{kind}: {value!r} {what} {values.count(value)} times; keep one"
