// What every page does by itself: theme, keys, clocks, messages, the dialog, and the scan line.
import { keepDrafts } from "./drafts.js";
import { shortcuts } from "./keys.js";
import { startScanLine } from "./scan.js";
import { listenForTones, play } from "./sound.js";

const root = document.documentElement;

function toggleTheme() {
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = theme;
  // The server writes the attribute from this cookie, so that no page flashes.
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("theme-changed", { detail: { theme } }));
}

// Ages move once a minute, never each second: a page must not fidget.
const PIE = 53.4071;
const started = performance.now();

function inWords(minutes) {
  const whole = Math.max(0, Math.floor(minutes));
  const [days, hours, rest] = [Math.floor(whole / 1440), Math.floor((whole % 1440) / 60), whole % 60];
  const dayLetter = root.lang.startsWith("fr") ? "j" : "d";
  if (days) return `${days}\u00a0${dayLetter}${hours ? `\u00a0${hours}\u00a0h` : ""}`;
  if (hours) return `${hours}\u00a0h${rest ? `\u00a0${String(rest).padStart(2, "0")}` : ""}`;
  return `${whole}\u00a0min`;
}

function tick() {
  for (const clock of document.querySelectorAll(".clock[data-elapsed]")) {
    clock.dataset.since ??= String(performance.now());
    const passed = (performance.now() - Number(clock.dataset.since)) / 60000;
    if (passed < 0.5) continue;
    const elapsed = Number(clock.dataset.elapsed) + passed;
    const limit = Number(clock.dataset.limit);
    const share = Math.min(1, elapsed / limit);
    const call = "call" in clock.dataset;
    clock.classList.toggle("now", share >= 1);
    clock.classList.toggle("today", share < 1 && (share >= 0.7 || call));
    clock.querySelector(".fg").setAttribute("stroke-dasharray", `${(PIE * share).toFixed(1)} ${PIE}`);
    const words = clock.querySelector(".age");
    const remains = "left" in clock.dataset && share < 1;
    const now = inWords(remains ? limit - elapsed : elapsed);
    // Only the figure changes; the sentence around it came from the server.
    words.textContent = words.textContent.replace(/\d+[\u00a0 ]?(?:min|h(?:[\u00a0 ]\d+)?|[jd](?:[\u00a0 ]\d+[\u00a0 ]h)?)/, now);
  }
  for (const place of document.querySelectorAll("[data-shop-clock]")) {
    const moment = new Date(place.dataset.shopClock);
    // The text is the server's; it advances by what has passed since the page came.
    const [hour, minute] = (place.dataset.shopStart ??= place.textContent).match(/\d+/g).map(Number);
    if (Number.isNaN(moment.getTime())) continue;
    const seconds = moment.getSeconds() + (performance.now() - started) / 1000;
    const total = (hour * 60 + (minute || 0) + Math.floor(seconds / 60)) % 1440;
    const [h, m] = [Math.floor(total / 60), String(total % 60).padStart(2, "0")];
    place.textContent = root.lang.startsWith("fr") ? `${h}\u00a0h\u00a0${m}` : `${h}:${m}`;
  }
}

function rememberBirth() {
  for (const clock of document.querySelectorAll(".clock[data-elapsed]")) clock.dataset.since ??= String(performance.now());
}

function dismissLater(toast) {
  const words = toast.textContent.trim().length;
  const stays = toast.matches("[role=alert]") ? 0 : 4000 + words * 60;
  if (stays) setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); else dismissLater(toast); }, stays);
}

// The script that draws is heavy: it comes with the first chart, of a page or of a swap.
function drawCharts() {
  for (const figure of document.querySelectorAll("figure[data-chart]:not([data-drawn])")) {
    figure.dataset.drawn = "soon";
    import(new URL(figure.dataset.chart, location.href).href)
      .then(({ draw }) => draw(figure))
      .catch(() => { figure.dataset.drawn = "never"; }); // its table stays open
  }
}

function prepare(within) {
  rememberBirth();
  drawCharts();
  within.querySelector?.("[data-takes-focus]")?.focus();
  for (const toast of document.querySelectorAll("#toasts > [data-toast]:not([data-seen])")) {
    toast.dataset.seen = "";
    dismissLater(toast);
  }
}

// A submit that cannot be undone asks once, in its own dialog; without a script it simply submits.
let agreed = null;
document.addEventListener("submit", (event) => {
  const opener = event.submitter;
  if (!opener?.dataset.confirm || agreed === opener) {
    agreed = null;
    return;
  }
  const dialog = document.getElementById(opener.dataset.confirm);
  if (!dialog) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "confirm") return;
    agreed = opener;
    opener.form.requestSubmit(opener);
  }, { once: true });
}, true);

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest?.(selector);
  if (hit("[data-theme-toggle]")) toggleTheme();
  else if (hit("[data-dismiss]")) hit("[data-toast]")?.remove();
  else if (hit("[data-print]")) window.print();
  else if (hit("[data-try-sound]")) play(hit("[data-try-sound]").dataset.trySound);
});

shortcuts();
listenForTones();
startScanLine();
keepDrafts();
prepare(document);
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
setInterval(tick, 60000);
