// The page of orders by keyboard: arrows go from line to line, Enter keeps or validates.

const LINE = "input[data-line]";

const lines = () => [...document.querySelectorAll(LINE)];
const current = () => document.activeElement?.closest?.(".order-line")?.querySelector(LINE);

function go(to) {
  if (!to) return false;
  to.focus({ preventScroll: true });
  to.select();
  to.closest("tr").scrollIntoView({ block: "nearest" });
  return true;
}

function step(by) {
  const all = lines();
  const here = all.indexOf(current());
  return go(all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + by))]);
}

// The reason is asked as soon as what is typed leaves the proposal; its list comes from the page.
function askReason(input) {
  const differs = input.dataset.proposed !== "0" && input.value.trim() !== input.dataset.proposed;
  let reason = input.form.querySelector("[data-reason]");
  if (!differs) {
    reason?.remove();
    return false;
  }
  if (!reason) {
    reason = document.getElementById("reasons").content.firstElementChild.cloneNode(true);
    input.after(reason);
  }
  return !reason.value;
}

document.addEventListener("input", (event) => {
  if (event.target.matches(LINE)) askReason(event.target);
});

let next = null;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const line = current();
  const inLine = event.target.matches?.(LINE);
  // The scan line holds the focus when nothing else does: while it is empty, arrows are ours.
  const idle = event.target.matches?.("input[name=code]") && !event.target.value;
  const free = inLine || idle || event.target === document.body || event.target.matches?.(".order-line a, .order-line button");
  if (event.altKey && event.key === "ArrowDown" && line) {
    event.preventDefault();
    line.closest(".order-line").querySelector("[data-why]").click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !free) return;
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 1, PageUp: -1 }[event.key];
  if (by && step(by)) event.preventDefault();
  else if (event.key === "Escape" && inLine) {
    line.value = line.defaultValue;
    askReason(line);
  } else if (event.key === "Enter" && inLine && !event.shiftKey) {
    if (askReason(line)) {
      event.preventDefault();
      line.form.querySelector("[data-reason]").focus();
      return;
    }
    const all = lines();
    next = all[all.indexOf(line) + 1]?.id ?? line.id;
  }
});

// After the answer: on to the next line, unless the server has something to say about this one.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!next) return;
  const refused = document.querySelector(".order-line [aria-invalid=true]");
  go(refused ?? document.getElementById(next));
  next = null;
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-reason]") || !event.target.value) return;
  const line = event.target.form.querySelector(LINE);
  const all = lines();
  next = all[all.indexOf(line) + 1]?.id ?? line.id;
  event.target.form.requestSubmit();
});

// The time left before the cut-off goes down by itself; past it, nothing here would leave.
const countdown = document.querySelector("[data-left]");
if (countdown) {
  const end = performance.now() + Number(countdown.dataset.left) * 1000;
  const ticking = setInterval(() => {
    const minutes = Math.floor((end - performance.now()) / 60000);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    countdown.classList.toggle("today", minutes >= 0 && minutes < 30);
    countdown.classList.toggle("now", minutes < 0);
    if (minutes < 0) {
      countdown.textContent = countdown.dataset.past;
      clearInterval(ticking);
    } else if (hours < 24) countdown.textContent = hours ? `${hours}\u00a0h${rest ? `\u00a0${String(rest).padStart(2, "0")}` : ""}` : `${rest}\u00a0min`;
  }, 20000);
}
