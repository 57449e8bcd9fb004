"""What a channel is told of a night: its alarms first, as text and as HTML."""

from dataclasses import dataclass
from html import escape

from tasks.boundary.counted import counted
from tasks.boundary.inert import inert
from tasks.preparing.counts import rows_said
from tasks.reporting.insights.alarms import alarms_of
from tasks.reporting.night_view import NightView
from tasks.reporting.render.insight_lines import emergence_sentences
from tasks.reporting.render.watches import watch_sentence


@dataclass(frozen=True)
class Message:
    """The first lines of a night's summary.

    Parameters
    ----------
    title
        On one line, without a text of the feed.
    lines
        Inert, each on one line.
    n_alarms
        Clusters that emerge, and figures of drift beyond their limits.
    """

    title: str
    lines: list[str]
    n_alarms: int

    def text(self) -> str:
        """Return the lines as plain text."""
        return "\n".join(self.lines)

    def html(self) -> str:
        """Return the lines as HTML; every text of the feed in them is escaped."""
        items = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return f"<h1>{escape(self.title)}</h1><ul>{items}</ul>"


def message_of(night: NightView) -> Message:
    """Return what is told of a night."""
    manifest = night.manifest
    drift = [it for it in (night.fit.drift if night.fit else []) if it.is_alarm]
    n_alarms = len(alarms_of(night.insights.get("emergence", ()))) + len(drift)
    lines = [
        *emergence_sentences(night),
        *(f"drift: {it.measure} is {it.value:.3f}, above {it.limit:.3f}" for it in drift),
        *(f"watch {it['name']}: {watch_sentence(it)}" for it in manifest.watches),
        f"{counted(len(night.shown), 'cluster')}; {rows_said(manifest.counts)}",
        f"trust {manifest.labels.trust}",
    ]
    said = counted(n_alarms, "alarm") if n_alarms else "no alarm"
    title = f"nightfold: night {manifest.night} of {inert(manifest.feed)}, {said}"
    return Message(title, [inert(line) for line in lines], n_alarms)
