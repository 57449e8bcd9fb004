// Whether to believe the night: its data first, then its clusters.

const PLACES = {
  accepted: "accepted as documents", duplicate: "known already", quarantined: "refused",
  withdrawn: "withdrawn", replaced: "replaced", without_text: "without text",
};

function trustSection(content) {
  const { health, quality } = content.trust;
  return section("trust", "Can I trust it",
    el("div", { class: "columns" }, healthPart(health), qualityPart(quality)),
    refusedPart(health), metricsPart(quality));
}

function healthPart(health) {
  const counts = health.counts;
  const places = Object.entries(PLACES).filter(([name]) => counts[name]);
  const read = health.nights.map((it) => it.read);
  const label = `Rows read on the last ${count(read.length, "night")}: ${read.join(", ")}`;
  return el("div", {}, el("h3", {}, "The data"),
    el("p", {}, el("strong", {}, count(counts.read, "row")), " read: ",
      places.map(([name, words]) => `${whole.format(counts[name])} ${words}`).join(", ") || "none",
      ".", counts.late ? ` ${count(counts.late, "document")} came late.` : ""),
    read.length > 1 ? el("figure", {}, bars(label, read),
      el("figcaption", {}, `Rows read, last ${count(read.length, "night")}`)) : null,
    expectedPart(health), rulesPart(health.rules), languagesPart(health), columnsPart(health));
}

// How much came and how new it is, beside what is usual.
function expectedPart(health) {
  if (!health.expected.length) {
    return el("p", { class: "quiet" }, "How much usually comes, and how new it is, takes some nights to know.");
  }
  return el("ul", { class: "rules" }, health.expected.map((it) =>
    el("li", { class: it.held ? "good" : "warning" }, el("strong", {}, it.what),
      it.held ? " as expected" : " not as expected", " – ", said(it.observed),
      it.what === "volume" ? " rows; expected: " : "; expected: ", said(it.expected), ".")));
}

function rulesPart(rules) {
  if (!rules.length) return el("p", { class: "good" }, "Every check of the feed held.");
  return el("ul", { class: "rules" }, rules.map((it) => el("li", { class: it.severity },
    el("strong", {}, it.rule.replaceAll("_", " ")), " – ", said(it.observed), "; expected: ",
    said(it.expected), ".")));
}

function languagesPart(health) {
  const shares = Object.entries(health.languages);
  if (!shares.length) return null;
  const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
  const told = shares.map(([code, share]) => `${names.of(code)} ${percent(share)}`).join(", ");
  const strange = health.not_learnt.map((code) => names.of(code)).join(", ");
  return el("p", {}, `Languages: ${told}. Encoder: `, said(health.encoder),
    strange ? [", which has not learnt ", el("strong", {}, strange),
      ": such texts are told apart by their words alone"] : null, ".");
}

function columnsPart(health) {
  if (!health.columns.length) return null;
  return details(`${count(health.n_columns_changed, "column")} changed`,
    el("ul", {}, health.columns.map((it) => said(it, "li"))));
}

function qualityPart(quality) {
  const nights = quality.nights.map((it) => it.night);
  const series = [quality.nights.map((it) => it.value), quality.nights.map((it) => it.baseline)];
  const last = quality.nights.at(-1) ?? {};
  const label = `Silhouette on ${nights.at(-1)}: ${fixed(last.value, 3)}, k-means ${fixed(last.baseline, 3)}`;
  const line = nights.length > 1 ? sparkline(label, nights, series, { width: 320, height: 64, isFromZero: false }) : null;
  const fit = quality.fit;
  return el("div", {}, el("h3", {}, "The clusters"),
    el("p", {}, "Trust: ", said(quality.trust), "."),
    el("p", {}, `Published: the ${quality.published} labels (`, said(quality.reason), ")."),
    line ? el("figure", {}, line, el("figcaption", {},
      el("span", { class: "key-0" }, "nightfold"), " and ", el("span", { class: "key-1" }, "k-means"),
      ": silhouette over the nights")) : null,
    fit ? el("p", {}, fit.kind === "warm" ? `The model goes on from the night before, fitted on ${fit.since}`
      : "The model was fitted from nothing", " (", said(fit.reason), ").") : null);
}

function refusedPart(health) {
  if (!health.refused.length) return null;
  const n = health.refused.reduce((sum, it) => sum + it.n, 0);
  return details(`${count(n, "row")} left out, by rule`, health.refused.map((rule) =>
    el("div", { class: "refused" },
      el("h4", {}, `${rule.rule.replaceAll("_", " ")}: ${whole.format(rule.n)}`),
      el("ul", {}, rule.examples.map((it) => el("li", {}, said(it.reason), " – ",
        el("span", { class: "where" }, said(it.file), `, row ${it.row}`),
        said(it.raw, "code")))))));
}

function metricsPart(quality) {
  const rows = quality.metrics.map((it) =>
    [it.metric.replaceAll("_", " "), it.space, fixed(it.value, 3), fixed(it.baseline_value, 3)]);
  const drift = quality.drift.map((it) =>
    [it.measure.replaceAll("_", " "), fixed(it.value, 3), fixed(it.limit, 3), it.is_alarm ? "alarm" : ""]);
  return details("All figures",
    table("Quality beside k-means", ["figure", "space", "nightfold", "k-means"], rows),
    drift.length ? table("Drift since the last full fit", ["measure", "value", "limit", "state"], drift) : null);
}
