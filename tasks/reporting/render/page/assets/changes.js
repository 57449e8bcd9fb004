// What changed: a sentence for each event and alarm, the worst first.

const SHOWN_CHANGES = 12;
const LEVELS = { alarm: "Alarm", watch: "Watch", event: "Event", note: "Note" };

function changesSection(content) {
  const items = content.changes.map(change);
  const rest = items.slice(SHOWN_CHANGES);
  return section("changes", "What changed",
    items.length ? el("ol", { class: "changes" }, items.slice(0, SHOWN_CHANGES))
      : el("p", { class: "quiet" }, "Nothing but sizes: no alarm, no event."),
    rest.length ? details(`${count(rest.length, "smaller change")}`,
      el("ol", { class: "changes", start: SHOWN_CHANGES + 1 }, rest)) : null);
}

function change(it) {
  const link = it.theme
    ? el("a", { href: `#theme-${it.theme}`, class: "to" }, "Read the theme",
      el("span", { class: "unseen" }, ` ${it.theme}`)) : null;
  return el("li", { class: `change ${it.level}` },
    el("p", { class: "sentence" }, el("span", { class: "level" }, LEVELS[it.level]), " ",
      said(it.sentence), "."),
    it.examples.length ? el("div", { class: "quotes" }, it.examples.map(quote)) : null, link);
}
