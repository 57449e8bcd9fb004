// Which documents of the map are lit: by words, by a topic or a theme, by being new.

function choosing(content, points, parts, changed) {
  const chosen = { words: "", group: null, isNew: false };
  const themesOf = new Map([
    ...content.themes.map((it, at) => [it.id, new Set([at])]),
    ...content.topics.map((topic) => [topic.id, new Set(
      topic.themes.map((id) => content.themes.findIndex((it) => it.id === id)))])]);
  const nameOf = new Map([...content.themes, ...content.topics].map((it) => [it.id, it.name]));
  const show = () => {
    const found = light(points, chosen, themesOf.get(chosen.group));
    tell(found, chosen, nameOf.get(chosen.group), points, content, parts);
    for (const it of parts.legend.querySelectorAll("button")) {
      it.setAttribute("aria-pressed", String(it.dataset.group === chosen.group));
    }
    parts.buttons[3].setAttribute("aria-pressed", String(chosen.isNew));
    changed();
  };
  const clear = () => {
    Object.assign(chosen, { words: "", group: null, isNew: false });
    parts.search.value = "";
    show();
  };
  parts.search.addEventListener("input", () => { chosen.words = parts.search.value.trim(); show(); });
  for (const it of [parts.search, parts.surface]) {
    it.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
  }
  parts.legend.addEventListener("click", (event) => {
    const group = event.target.closest("button")?.dataset.group;
    if (!group) return;
    chosen.group = chosen.group === group ? null : group;
    show();
  });
  parts.buttons[3].addEventListener("click", () => { chosen.isNew = !chosen.isNew; show(); });
  return {
    clear,
    ready: show,
    pick(at) {
      const theme = at < 0 ? null : content.themes[points.themes[at]]?.id ?? null;
      chosen.group = theme === chosen.group ? null : theme;
      show();
    },
  };
}

// The state of a point: 0 in the shade, 1 as always, 2 lit.
function light(points, chosen, themes) {
  const isFree = !chosen.words && !themes && !chosen.isNew;
  const words = chosen.words.toLowerCase(), found = [];
  for (let at = 0; at < points.n; at += 1) {
    const fits = !isFree && (!themes || themes.has(points.themes[at]))
      && (!chosen.isNew || points.isNew[at])
      && (!words || points.lower?.[at].includes(words) || points.ids[at] === chosen.words);
    points.state[at] = isFree ? 1 : fits ? 2 : 0;
    if (fits) found.push(at);
  }
  points.layers = isFree ? [1] : [0, 2];
  return isFree ? null : found;
}

function tell(found, chosen, group, points, content, parts) {
  if (found === null) {
    parts.status.replaceChildren(`${count(points.n, "document")}.`);
    parts.list.replaceChildren();
    return;
  }
  const theme = content.themes.find((it) => it.id === chosen.group);
  const about = [group ? [" in ", said(`“${group}”`)] : [], chosen.isNew ? " that are new" : [],
    chosen.words ? [" with ", said(`“${chosen.words}”`)] : []].flat(2);
  parts.status.replaceChildren(count(found.length, "document"), ...about, ". ",
    ...(theme ? [el("a", { href: `#theme-${theme.id}` }, "Read the theme"), "."] : []));
  parts.list.replaceChildren(...found.slice(0, LISTED).map((at) =>
    el("li", {}, points.pictures[at] ? picture(points.pictures[at], "") : null,
      said(points.texts[at] ?? "", "p"), el("cite", {}, said(points.ids[at] ?? "")))));
}
