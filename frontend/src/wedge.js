// A scanner is a very fast keyboard: this tells its bursts from a person's typing.

const SEPARATOR = "\x1d";
const SHORTEST = 6;
const SILENT = new Set(["Shift", "Control", "Alt", "AltGraph", "CapsLock", "NumLock", "Meta", "Dead"]);

/**
 * Call `onScan(code)` for each burst of keys less than `gap` milliseconds apart that ends with
 * Enter or Tab and holds at least six characters. What the burst had typed in a field is taken back.
 */
export function listenToWedge({ onScan, gap = 35 }) {
  let buffer = "";
  let last = -Infinity;
  let altDigits = "";
  let before = null;

  function remember() {
    const field = document.activeElement;
    const keeps = field && "value" in field && typeof field.value === "string" && "selectionStart" in field;
    before = keeps ? { field, value: field.value, start: field.selectionStart, end: field.selectionEnd } : null;
  }

  function takeBack() {
    if (!before || !before.field.isConnected) return;
    const { field, value, start, end } = before;
    if (field.value === value) return;
    field.value = value;
    if (start !== null) {
      try {
        field.setSelectionRange(start, end);
      } catch {
        // Number and date fields have no selection.
      }
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function add(text, event) {
    const quick = event.timeStamp - last < gap;
    if (!quick) {
      buffer = "";
      remember();
    }
    buffer += text;
    last = event.timeStamp;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    // The group separator travels as Ctrl+] (whatever the layout prints there), F8, or Alt+029.
    const isBracket = event.ctrlKey && !event.altKey && (event.key === "]" || event.code === "BracketRight");
    if (isBracket || event.key === "F8" || event.key === SEPARATOR) {
      event.preventDefault();
      event.stopImmediatePropagation();
      add(SEPARATOR, event);
      return;
    }
    if (event.altKey && !event.ctrlKey && /^Numpad\d$/.test(event.code)) {
      event.preventDefault();
      altDigits += event.code.slice(-1);
      last = event.timeStamp;
      return;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      const code = buffer;
      const quick = event.timeStamp - last < gap * 3;
      buffer = "";
      last = -Infinity;
      if (quick && code.length >= SHORTEST) {
        event.preventDefault();
        event.stopImmediatePropagation();
        takeBack();
        onScan(code);
      }
      return;
    }
    if (SILENT.has(event.key)) {
      // The shift of a capital must not open a gap in the burst.
      if (event.timeStamp - last < gap) last = event.timeStamp;
      return;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey) {
      buffer = "";
      last = -Infinity;
      return;
    }
    add(event.key, event);
    // Inside a burst, no shortcut may take the key.
    if (buffer.length > 1) event.stopPropagation();
  }, true);

  document.addEventListener("keyup", (event) => {
    if (event.key !== "Alt" || !altDigits) return;
    if (Number(altDigits) === 29) add(SEPARATOR, event);
    altDigits = "";
  }, true);
}
