// Short remarks, copies, watches, and what people have decided.

function restSection(content, hueOf) {
  const remarks = content.themes.filter((it) => it.kind === "remarks");
  const parts = [copiesPart(content), watchesPart(content.watches), curationPart(content.curation)];
  const isEmpty = !remarks.length && !parts.some(Boolean);
  return section("rest", "Remarks, copies, watches, curation",
    remarks.map((it) => themeCard(it, hueOf, "h3")),
    isEmpty ? el("p", { class: "quiet" }, "No short remarks, no copies of texts, no watches, no curation.")
      : el("div", { class: "columns" }, parts));
}

function copiesPart(content) {
  const copies = content.copies;
  if (!copies.n_documents) return null;
  const nameOf = new Map(content.themes.map((it) => [it.id, it.name]));
  return el("div", {}, el("h3", {}, "Copies"),
    el("p", {}, `${count(copies.n_documents, "document")} are copies of ${count(copies.n_groups, "text")},`,
      " word for word or nearly."),
    el("ul", {}, copies.largest.map((it) => el("li", {}, `${whole.format(it.n_documents)} × `,
      said(it.example, "q"), " in ",
      el("a", { href: `#theme-${it.cluster_id}` }, said(nameOf.get(it.cluster_id) ?? it.cluster_id))))));
}

function watchesPart(watches) {
  if (!watches.length) return null;
  return el("div", {}, el("h3", {}, "Watches"), watches.map((it) => el("div", { class: "watch" },
    el("h4", {}, said(it.name)),
    el("p", {}, `${count(it.n_documents, "document")}, ${whole.format(it.n_new)} of them new`,
      it.n_before === null ? "" : `, ${whole.format(it.n_before)} on the last night`, "."),
    it.examples.map((text) => quote({ text })))));
}

function curationPart(curation) {
  const rules = [...curation.in_force.map((it) => said(it, "li")),
    ...curation.resting.map((it) => el("li", { class: "quiet" }, "Rests: ", said(it)))];
  return rules.length ? el("div", {}, el("h3", {}, "Curation in force"), el("ul", {}, rules)) : null;
}
