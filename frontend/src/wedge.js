// A scanner is a very fast keyboard: this tells its bursts from a person's typing.

const SEPARATOR = "\x1d";
const SHORTEST = 6;
const SILENT = new Set(["Shift", "Control", "Alt", "AltGraph", "CapsLock", "NumLock", "Meta", "Dead"]);

/**
 * Call `onScan(code)` for each burst of keys that ends with Enter or Tab and holds at least six
 * characters, half of them or more under `gap` milliseconds apart. A person types at 90 ms; a busy
 * computer may hold back one key of a scanner, so a single pause under `pause` does not cut a burst.
 * What the burst had typed in a field is taken back.
 */
export function listenToWedge({ onScan, gap = 35, pause = 120 }) {
  let buffer = "";
  let gaps = [];
  let last = -Infinity;
  let altDigits = "";
  let before = null;

  function median() {
    const sorted = [...gaps].sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  }

  function forget() {
    buffer = "";
    gaps = [];
    last = -Infinity;
  }

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
    const passed = event.timeStamp - last;
    if (passed < pause) gaps.push(passed);
    else {
      forget();
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
      // A scanner too slow to be told from a person still keeps its separator in the scan field.
      const field = document.activeElement;
      if (field?.name === "code") field.setRangeText(SEPARATOR, field.selectionStart, field.selectionEnd, "end");
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
      const isScan = code.length >= SHORTEST && median() < gap && event.timeStamp - last < pause * 2;
      forget();
      if (isScan) {
        event.preventDefault();
        event.stopImmediatePropagation();
        takeBack();
        onScan(code);
      }
      return;
    }
    if (SILENT.has(event.key)) {
      // The shift of a capital must not cut the burst.
      if (event.timeStamp - last < pause) last = event.timeStamp;
      return;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey) {
      forget();
      return;
    }
    add(event.key, event);
    // Inside a burst, no shortcut may take the key.
    if (gaps.at(-1) < gap) event.stopPropagation();
  }, true);

  document.addEventListener("keyup", (event) => {
    if (event.key !== "Alt" || !altDigits) return;
    if (Number(altDigits) === 29) add(SEPARATOR, event);
    altDigits = "";
  }, true);
}
