// The page: its parts in order, and the map once they stand.

const LIGHT = ["#4269d0", "#d9822b", "#2f9e75", "#c8506d", "#7b5ea7", "#1f8fa3", "#a5762b", "#8a9a2c",
  "#b45aa8", "#5b7f95", "#d0604a", "#4d9b3f"];
const DARK = ["#7d9ef5", "#f0a85e", "#5fcf9f", "#f0839c", "#b199e0", "#5cc7da", "#d6ab62", "#bccb5c",
  "#dd8fd2", "#96b7cb", "#f4937f", "#86cf78"];

function coloursOf(content) {
  const groups = groupsOf(content).map((it) => it.themes ?? [it.id]);
  const groupOf = new Map(groups.flatMap((ids, at) => ids.map((id) => [id, at])));
  const palette = () => (matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT);
  const hueOf = (id) => (groupOf.has(id) ? palette()[groupOf.get(id) % LIGHT.length] : "#8b8f97");
  const bytes = () => {
    const hexes = [...content.themes.map((it) => hueOf(it.id)), "#8b8f97"];
    return new Uint8Array(hexes.flatMap((hex) =>
      [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).concat(255)));
  };
  return { hueOf, bytes };
}

function head(content) {
  return el("header", { class: "top" },
    el("p", { class: "feed" }, said(content.feed)),
    el("h1", {}, longDate(content.night)),
    el("p", { class: "headline" }, content.headline));
}

function contents(parts) {
  return el("nav", { "aria-label": "Parts of the report" },
    el("ul", {}, parts.map(([id, name]) => el("li", {}, el("a", { href: `#${id}` }, name)))));
}

const content = read("content"), colours = coloursOf(content);
const map = mapSection(content, read("points"), colours);
document.getElementById("page").append(head(content),
  contents([["changes", "What changed"], ["trust", "Can I trust it"], ["map", "Map"],
    ["themes", "Themes"], ["rest", "The rest"]]),
  el("main", {}, changesSection(content), trustSection(content), map.made ?? map,
    themesSection(content, colours.hueOf), restSection(content, colours.hueOf)),
  el("footer", {}, el("p", {}, `nightfold · ${content.night} · this file loads nothing from elsewhere.`)));
map.start?.();
document.documentElement.dataset.state = "ready";
