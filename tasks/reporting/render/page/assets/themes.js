// The themes, under their topics: what they are called, how they stand, what is said in them.

function themesSection(content, hueOf) {
  const byId = new Map(content.themes.map((it) => [it.id, it]));
  const cards = (ids) => ids.map((id) => byId.get(id)).filter(Boolean).map((it) => themeCard(it, hueOf, content.topics.length ? "h4" : "h3"));
  const under = new Set(content.topics.flatMap((it) => it.themes));
  const themes = content.themes.filter((it) => it.kind !== "remarks");
  const alone = themes.filter((it) => !under.has(it.id)).map((it) => it.id);
  const topics = content.topics.map((it) => el("div", { class: "topic", id: `topic-${it.id}` },
    el("h3", {}, said(it.name), " ", el("small", {},
      `${count(it.themes.length, "theme")}, ${count(it.size, "document")}`)), cards(it.themes)));
  return section("themes", "Themes",
    el("p", { class: "quiet" }, `${count(themes.length, "theme")}`,
      content.topics.length ? ` in ${count(content.topics.length, "topic")}` : "",
      content.n_ignored ? `; ${content.n_ignored} ignored by curation` : "", "."),
    topics, topics.length && alone.length ? el("h3", {}, "Under no topic") : null, cards(alone));
}

// Two texts are read at a glance; of pictures five are seen, which is a line.
function shownOf(it) {
  if (it.typical) return it.exemplars.length - 1;
  return it.exemplars[0]?.picture ? it.exemplars.length : 2;
}

function themeCard(it, hueOf, heading) {
  const dot = el("span", { class: "dot", "aria-hidden": "true" });
  dot.style.setProperty("background", hueOf(it.id));
  const nights = it.sizes.map((size) => size.night), mentions = it.sizes.map((size) => size.mentions);
  const line = sparkline(`Mentions over ${count(nights.length, "night")}: ${mentions.join(", ")}`,
    nights, [mentions]);
  return el("article", { class: "theme", id: `theme-${it.id}`, tabindex: -1 },
    el("header", {}, el(heading, { class: "name" }, dot, said(it.title ?? it.name)), nights.length > 1 ? line : null),
    it.title ? el("p", { class: "quiet" }, said(it.name)) : null,
    el("p", { class: "keywords" }, (it.keywords ?? []).slice(0, 8).map((word) => said(word))),
    el("dl", { class: "figures" }, figuresOf(it).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("div", { class: "quotes" }, typicalOf(it), it.exemplars.slice(0, shownOf(it)).map(quote)),
    moreOf(it));
}

// Of series: the usual one, and how far they stray from it.
function typicalOf(it) {
  if (!it.typical) return null;
  const told = "mean, and one standard deviation to either side";
  return el("figure", { class: "item typical" }, picture(it.typical, `${it.name}: ${told}`), el("figcaption", {}, told));
}

function figuresOf(it) {
  const rating = it.rating && it.rating.mean_rating !== null ? it.rating : null;
  return [
    ["documents", el("span", {}, whole.format(it.size), " ",
      el("small", {}, it.growth ? signed(it.growth) : "±0"))],
    it.mentions ? ["mentions", whole.format(it.mentions)] : null,
    it.emergence ? ["new tonight", el("span", {}, whole.format(it.emergence.n_new), " ",
      el("small", {}, `usual ${it.emergence.low}–${it.emergence.high}`))] : null,
    rating ? ["rating", el("span", {}, fixed(rating.mean_rating, 1), " ",
      el("small", {}, rating.low === null ? "" : `${fixed(rating.low, 1)}–${fixed(rating.high, 1)}`))] : null,
    rating && rating.impact !== null ? ["impact", signed(rating.impact, 2)] : null,
    ["cohesion", fixed(it.cohesion)],
    ["stability", fixed(it.stability)],
    ["status", it.status],
  ].filter(Boolean);
}

function moreOf(it) {
  const more = it.exemplars.slice(shownOf(it)).map(quote);
  const where = (it.breakdown ?? []).map((row) => el("li", {}, said(row.feed_column), ": ",
    said(row.feed_value), ` – ${percent(row.share)} here, ${percent(row.overall_share)} of all`));
  const nearest = it.nearest.map((row) =>
    el("li", {}, el("a", { href: `#theme-${row.id}` }, said(row.name)), ` ${fixed(row.similarity)}`));
  return details("More", el("span", { class: "unseen" }, ` of ${it.name}`),
    more.length ? el("div", { class: "quotes" }, more) : null,
    where.length ? [el("p", { class: "part" }, "More often here"), el("ul", {}, where)] : null,
    nearest.length ? [el("p", { class: "part" }, "Nearest themes"), el("ul", {}, nearest)] : null,
    el("p", { class: "part" }, "History"), el("ul", {}, it.history.map(historyLine)),
    el("p", { class: "quiet" }, "Id ", el("code", {}, it.id), `, first seen ${it.first_seen}.`));
}

function historyLine(it) {
  const events = it.events.map((event) => {
    const from = event.event === "merged" ? ` from ${event.from.join(", ")}` : "";
    const to = event.event === "split" ? ` into ${event.to.join(", ")}` : "";
    return event.event + from + to;
  });
  return el("li", {}, `${it.night}: ${events.join(", ") || "there"}`,
    it.name ? [" – ", said(it.name)] : null);
}
