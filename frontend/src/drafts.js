// What was typed when the post locks, or changes hands, is typed again when the page comes back.

const STORE = "backofficine.draft";
const SKIPPED = new Set(["hidden", "password", "file", "submit", "button"]);

const here = () => location.pathname + location.search;
// The page that asks who is there keeps the draft; it never makes one.
const isDoor = () => Boolean(document.querySelector("form.switch, input[type=password]"));

function fields() {
  return [...document.querySelectorAll("main form :is(input, textarea, select)[name]")].filter((field) => !SKIPPED.has(field.type) && field.name !== "code");
}

function stateOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked === field.defaultChecked ? null : field.checked;
  if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected) ? field.value : null;
  return field.value === field.defaultValue ? null : field.value;
}

function keep() {
  if (isDoor()) return;
  const typed = fields().map((field, place) => ({ place, name: field.name, state: stateOf(field) })).filter((one) => one.state !== null);
  if (typed.length) sessionStorage.setItem(STORE, JSON.stringify({ page: here(), typed }));
}

function giveBack({ page, typed }) {
  if (page !== here()) return;
  const all = fields();
  for (const { place, name, state } of typed) {
    const field = all[place];
    if (field?.name !== name) continue;
    if (typeof state === "boolean") field.checked = state;
    else field.value = state;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function keepDrafts() {
  addEventListener("pagehide", keep);
  if (isDoor()) {
    const draft = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
    if (draft) sessionStorage.setItem(STORE, JSON.stringify({ ...draft, atDoor: true }));
    return;
  }
  const draft = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
  sessionStorage.removeItem(STORE);
  if (draft?.atDoor) giveBack(draft);
}
