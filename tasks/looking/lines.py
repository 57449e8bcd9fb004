"""What a look at nights has found, in lines for people; every text in them is inert already."""

from collections.abc import Iterator

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.looking.explain import Candidate, Explanation
from tasks.looking.history import ClusterHistory, Happened, Named, NightOfCluster
from tasks.looking.search import Found

_NAME_CHARS = 80


def explained(found: Explanation) -> Iterator[str]:
    """Yield the lines of an explanation."""
    where = f"night {found.night} of feed {found.feed}"
    yield f"document {_short(found.doc_id)} in {where}{', new' if found.is_new else ''}"
    yield f"  {found.text}"
    yield f"in {_candidate(found.cluster)}"
    outlier = ", an outlier" if found.is_outlier else ""
    yield f"  published: confidence {found.confidence:.3f}, margin {found.margin:.3f}{outlier}"
    if found.runner_up:
        yield f"runner-up {_candidate(found.runner_up)}"
    if found.exemplars:
        yield "nearest examples of clusters:"
    for it in found.exemplars:
        yield f"  {it.cosine:.3f} {it.cluster_id} {_short(it.name)}: {_short(it.doc_id)}: {it.text}"
    if len(found.passages) > 1:
        yield "passages:"
        for said in found.passages:
            theme = f"{said.cluster_id} {_short(said.name)}"
            yield f"  {said.confidence:.3f} {theme}: {said.text}"


def history(found: ClusterHistory) -> Iterator[str]:
    """Yield the lines of a cluster's history, a night each and its events below."""
    yield f"cluster {found.cluster_id} of feed {found.feed}, nights from {found.first_readable} on"
    for night in found.nights:
        yield _night(night)
        for event in night.events:
            yield f"    {_event(event, found.cluster_id)}"


def searched(found: Found) -> Iterator[str]:
    """Yield the lines of what a search has found."""
    yield (
        f"night {found.night} of feed {found.feed}:"
        f" {counted(found.n_with_a_word, 'document')} with a word of {_short(found.text)!r}"
    )
    if not found.by_meaning:
        yield f"by word alone, not by meaning: {found.why_not}"
    if found.clusters:
        yield "clusters:"
    for it in found.clusters:
        yield f"  {_by(it.by, it.cosine)} {it.cluster_id} {_short(it.name)} ({it.size:,})"
    if found.documents:
        yield "documents:"
    for hit in found.documents:
        where = f"{hit.cluster_id} {_short(hit.name)}"
        yield f"  {_by(hit.by, hit.cosine)} {_short(hit.doc_id)} in {where}: {hit.text}"
    if not found.clusters and not found.documents:
        yield "nothing found"


def _short(text: str) -> str:
    return excerpt(text, _NAME_CHARS)


def _by(by: str, cosine: float | None) -> str:
    return by if cosine is None else f"{by} {cosine:.3f}"


def _candidate(it: Candidate) -> str:
    topic = f", topic {it.topic_id}" if it.topic_id else ""
    found = "" if it.membership is None else f", {it.membership:.3f} by the models alone"
    shared = ", ".join(map(_short, it.shared_terms))
    terms = f"; shares {shared}" if shared else "; shares no keyword"
    return f"{it.cluster_id} {_short(it.name)}{topic}{found}{terms}"


def _night(night: NightOfCluster) -> str:
    if night.size is None:
        return f"  {night.night}  not among the clusters"
    mentions = f", mentioned by {night.mentions:,}" if night.mentions is not None else ""
    topic = f", topic {night.topic_id}" if night.topic_id else ""
    share = f" ({night.share:.1%})" if night.share is not None else ""
    return f"  {night.night}  {night.size:,}{share}{mentions}{topic}  {_short(night.name or '')}"


def _event(event: Happened, looked_at: str) -> str:
    """Return an event in words; the cluster that is looked at needs no mention by itself."""
    own = event.cluster.cluster_id == looked_at
    whose = "" if own else f": {_named(event.cluster)}"
    sides = "".join(
        f" {word} {', '.join(map(_named, side))}"
        for word, side in (("from", event.before), ("to", event.after))
        if any(it.cluster_id != looked_at for it in side)
    )
    overlap = "" if event.overlap is None else f", overlap {event.overlap:.2f}"
    return f"{event.event}{whose}{sides}{overlap}"


def _named(it: Named) -> str:
    return f"{it.cluster_id} ({_short(it.name)})" if it.name else it.cluster_id
