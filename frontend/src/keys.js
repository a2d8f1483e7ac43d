// The keys, the same everywhere: an element says its own with data-key="F2".

export function isEditable(element) {
  return Boolean(element?.matches?.("input:not([type=checkbox],[type=radio],[type=button],[type=submit],[type=file]), textarea, select, [contenteditable=true]"));
}

function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${key}`;
}

function visible(element) {
  return !element.disabled && element.getClientRects().length > 0;
}

export function shortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const editing = isEditable(document.activeElement);
    const line = document.getElementById("scan-code");
    const active = document.activeElement;
    const lineIsEmpty = active?.name === "code" && active.value === "";
    const name = nameOf(event);
    if (name === "?" && (!editing || lineIsEmpty)) {
      event.preventDefault();
      document.getElementById("bo-keys")?.togglePopover();
      return;
    }
    if (name === "/" && !editing && line) {
      event.preventDefault();
      line.focus();
      return;
    }
    if (name === "Escape" && active === line) {
      line.value = "";
      line.blur();
    }
    if (document.querySelector("dialog[open]")) return;
    if (name === "Ctrl+Enter") {
      const main = [...document.querySelectorAll("main .btn-primary")].find(visible);
      if (main) {
        event.preventDefault();
        main.click();
        return;
      }
    }
    // A letter is a word in a field, unless Alt says otherwise; a function key never is.
    const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isLetter && editing) return;
    if (name === "Ctrl+z" && editing && active.value) return;
    // Enter belongs to the field or the button that has the focus; an empty scan line lends it.
    if (name === "Enter" && (editing ? !lineIsEmpty : active?.matches("a, button, summary, [role=button]"))) return;
    const wanted = name.replace(/^Alt\+(?=.$)/, "").toLowerCase();
    const target = [...document.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key.split(" ").some((key) => key.toLowerCase() === wanted) && visible(one),
    );
    if (target) {
      event.preventDefault();
      if (isEditable(target)) target.focus();
      else target.click();
    }
  });
}
