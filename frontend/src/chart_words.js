// What charts say: figures and days in the page's language, and the small panel under the pointer.

export const FONT_SIZE = 12;

const language = document.documentElement.lang || "fr";
const formats = new Map();

function formatOf(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new kind(language, options));
  return formats.get(key);
}

/** A figure as the house writes it: « 12 boîtes », « 1 842 € », « 97,5 % ». `bare`, for an axis, leaves the word out. */
export function figureWords(value, unit, { bare = false } = {}) {
  if (value === null || value === undefined) return "–";
  const style = { number: {}, euros: bare ? {} : { style: "currency", currency: "EUR" }, percent: { style: "percent" } }[unit.form];
  // An axis may fall between two figures of its unit: it then shows what it must, no more.
  const decimals = { minimumFractionDigits: bare ? 0 : unit.decimals, maximumFractionDigits: Math.max(unit.decimals, bare ? 1 : 0) };
  const text = formatOf(Intl.NumberFormat, { ...style, ...decimals }).format(value).replace("-", "−");
  const word = Math.abs(value) < (language.startsWith("fr") ? 2 : 1.001) && unit.single ? unit.single : unit.word;
  return word && !bare ? `${text}\u00a0${word}` : text;
}

/** A civil day, from an instant at midnight UTC: « 23 nov. ». */
export function dateWords(moment, more = {}) {
  return formatOf(Intl.DateTimeFormat, { day: "numeric", month: "short", timeZone: "UTC", ...more }).format(moment).replaceAll(" ", "\u00a0");
}

/** The hatching that tells an outlined bar from a full one in black and white. */
export const hatched = (color) => ({ symbol: "rect", symbolSize: 1, dashArrayX: [1, 0], dashArrayY: [1.25, 4], rotation: -Math.PI / 4, color });

/** The panel under the pointer, made of text alone: a name is never markup. */
export function tipOf(title, rows) {
  const panel = document.createElement("div");
  const head = document.createElement("b");
  head.textContent = title;
  const list = document.createElement("dl");
  for (const [name, figure] of rows) {
    const term = document.createElement("dt");
    const value = document.createElement("dd");
    term.textContent = name;
    value.textContent = figure;
    list.append(term, value);
  }
  panel.append(head, list);
  return panel;
}
