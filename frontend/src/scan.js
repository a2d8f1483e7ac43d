// The scan line of every page: it hears, queues, sends in order, and loses nothing.
import { isEditable } from "./keys.js";
import { play } from "./sound.js";
import { listenToWedge } from "./wedge.js";

const STORE = "backofficine.scans";
const RETRY_MS = 3000;
const DOWN = new Set([0, 502, 503, 504]);

let line;
let state;
let sending = false;
let retry = null;

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)) ?? [];
  } catch {
    return [];
  }
}

function store(scans) {
  sessionStorage.setItem(STORE, JSON.stringify(scans));
  show();
}

function show(words = "") {
  if (!state) return;
  const waiting = stored().length - (sending ? 1 : 0);
  const { ready, busy, waitingOne, waiting: waitingMany } = state.dataset;
  const sentence = words || (waiting > 1 ? waitingMany.replace("{n}", waiting) : waiting === 1 ? waitingOne : sending ? busy : ready);
  state.querySelector(".rdy-text").textContent = sentence;
  state.classList.toggle("waits", waiting > 0 || Boolean(words));
}

const here = () => location.pathname + location.search;
const pageForm = () => document.querySelector("form[data-scan-target]");

/** Take one code in. Its `request_id` makes sending it twice harmless. */
export function enqueue(code) {
  const clean = code.replace(/[\r\n]+/g, "").trim();
  if (!clean) return;
  line?.classList.remove("flash");
  void line?.offsetWidth;
  line?.classList.add("flash");
  store([...stored(), { code: clean, page: here(), request_id: crypto.randomUUID?.() ?? uuid(), at: Date.now() }]);
  // Later, because a form ignores a second submit while it tells of the first.
  setTimeout(flush);
}

// Plain HTTP on the shop's network has no randomUUID.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function flush() {
  if (sending || retry || asksWho(location.search)) return;
  const [first] = stored();
  if (!first) return;
  sending = true;
  show();
  let outcome = "later";
  try {
    outcome = first.page === here() && pageForm() ? await sendToPage(first) : await sendToHouse(first);
  } catch (error) {
    console.error(error);
  }
  sending = false;
  if (outcome === "done") {
    store(stored().filter((scan) => scan.request_id !== first.request_id));
    flush();
  } else if (outcome === "later") {
    show();
    retry = setTimeout(again, RETRY_MS);
  } else if (outcome === "closed") {
    show(state?.dataset.closed);
  }
  // "left": the page is going away, the rest of the queue goes with the next one.
}

function again() {
  clearTimeout(retry);
  retry = null;
  flush();
}

function setHidden(form, name, value) {
  let input = form.elements.namedItem(name);
  if (!input) {
    input = Object.assign(document.createElement("input"), { type: "hidden", name });
    form.append(input);
  }
  input.value = value;
}

// The page takes scans itself: fill its form, let htmx send it, wait for its answer.
function sendToPage(scan) {
  const form = pageForm();
  const code = form.elements.namedItem("code");
  const typed = code.value;
  code.value = scan.code;
  setHidden(form, "request_id", scan.request_id);
  const withHtmx = window.htmx && (form.matches("[hx-post],[data-hx-post],[hx-get],[data-hx-get]"));
  if (!withHtmx) {
    store(stored().filter((one) => one.request_id !== scan.request_id));
    form.dataset.scanSending = "1";
    form.requestSubmit();
    return Promise.resolve("left");
  }
  return new Promise((resolve) => {
    const finish = (outcome) => {
      form.removeEventListener("htmx:afterRequest", onAnswer);
      delete form.dataset.scanSending;
      if (code.isConnected && code.value === scan.code) code.value = typed === scan.code ? "" : typed;
      resolve(outcome);
    };
    const onAnswer = (event) => {
      if (event.detail.elt !== form) return;
      const answer = event.detail.xhr;
      const goes = answer.getResponseHeader("HX-Redirect");
      if (goes && !asksWho(goes)) forget(scan);
      finish(outcomeOf(answer.status, goes));
    };
    form.addEventListener("htmx:afterRequest", onAnswer);
    form.dataset.scanSending = "1";
    form.requestSubmit();
  });
}

function outcomeOf(status, redirect) {
  if (DOWN.has(status)) return "later";
  if (status === 401) return "closed";
  if (redirect) return "left";
  if (status >= 400 && status !== 422) refuse();
  return "done";
}

// The post is locked: the scan was not taken in, it waits until someone says who they are.
function asksWho(address) {
  return /[?&]next=/.test(address);
}

function refuse() {
  const place = document.getElementById("scan-result");
  if (place && state) {
    const said = Object.assign(document.createElement("div"), { className: "said stop", textContent: state.dataset.refused });
    said.setAttribute("role", "alert");
    place.replaceChildren(said);
  }
  play("stop");
}

// No page takes it: the house decides where the code leads.
async function sendToHouse(scan) {
  if (!line) return "done";
  const body = new FormData(line);
  body.set("code", scan.code);
  body.set("page", scan.page);
  body.set("request_id", scan.request_id);
  let answer;
  try {
    answer = await fetch(line.action, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { "HX-Request": "true", "HX-Target": "scan-result", "HX-Current-URL": location.href },
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    return "later";
  }
  if (answer.redirected) {
    // A page came instead of a fragment: the login, most of the time. Nothing was done.
    if (asksWho(answer.url)) return "closed";
    forget(scan);
    location.assign(answer.url);
    return "left";
  }
  const goes = answer.headers.get("HX-Redirect") ?? answer.headers.get("HX-Location");
  const triggers = answer.headers.get("HX-Trigger");
  if (goes) {
    if (!asksWho(goes)) forget(scan);
    location.assign(goes.startsWith("{") ? JSON.parse(goes).path : goes);
    return "left";
  }
  const text = await answer.text();
  const outcome = outcomeOf(answer.status, "");
  if ((answer.ok || answer.status === 422) && text.trim()) {
    const place = document.getElementById("scan-result");
    if (window.htmx) window.htmx.swap(place, text, { swapStyle: "innerHTML" });
    else place.innerHTML = text;
    const said = place.querySelector("[data-sound]");
    if (said && !said.dataset.sounded) {
      said.dataset.sounded = "1";
      play(said.dataset.sound);
    }
    place.scrollIntoView({ block: "nearest" });
  }
  if (triggers) fire(triggers);
  return outcome;
}

function forget(scan) {
  store(stored().filter((one) => one.request_id !== scan.request_id));
}

function fire(header) {
  let events;
  try {
    events = JSON.parse(header);
  } catch {
    events = Object.fromEntries(header.split(",").map((name) => [name.trim(), null]));
  }
  for (const [name, detail] of Object.entries(events)) {
    document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

async function openCamera() {
  const { readCodes } = await import(new URL(line.dataset.camera, location.href).href);
  await readCodes({ dialog: document.getElementById("bo-camera"), wasm: line.dataset.wasm, onCode: enqueue });
}

export function startScanLine() {
  line = document.getElementById("scan-form");
  state = document.getElementById("scan-state");
  if (!line && !pageForm()) return;
  const field = document.getElementById("scan-code");

  listenToWedge({ onScan: enqueue, gap: Number(document.body.dataset.scanGap) || 35 });

  // What is typed and sent by hand goes through the same queue, for the line and for the page's own form.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form === line) {
      event.preventDefault();
      const code = field.value;
      field.value = "";
      enqueue(code);
    } else if (form.matches("[data-scan-target]") && !form.dataset.scanSending) {
      const code = form.elements.namedItem("code");
      const mainSubmit = event.submitter && event.submitter.name && event.submitter.name !== "code";
      if (!code?.value.trim() || mainSubmit) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const typed = code.value;
      code.value = "";
      enqueue(typed);
    }
  }, true);

  document.addEventListener("paste", (event) => {
    if (isEditable(document.activeElement) && document.activeElement !== field) return;
    const text = event.clipboardData?.getData("text") ?? "";
    const lines = text.split(/[\r\n]+/).filter((one) => one.trim());
    if (document.activeElement === field && lines.length < 2) return;
    event.preventDefault();
    for (const one of lines) enqueue(one);
  });

  // The line takes the keyboard whenever no field has it.
  const desk = matchMedia("(min-width: 992px) and (pointer: fine)");
  if (field && desk.matches && (!document.activeElement || document.activeElement === document.body)) {
    const wanted = pageForm()?.elements.namedItem("code");
    (wanted && wanted.type !== "hidden" ? wanted : field).focus({ preventScroll: true });
  }
  document.addEventListener("keydown", (event) => {
    if (!field || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1 || event.key === " ") return;
    if (!isEditable(document.activeElement) && !document.querySelector("dialog[open]")) field.focus({ preventScroll: true });
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-camera-open]");
    if (!opener || !line) return;
    event.preventDefault();
    openCamera().catch((error) => {
      console.error(error);
      line.classList.add("shown");
      field.focus();
    });
  });

  addEventListener("online", again);
  addEventListener("pageshow", again);
  show();
  flush();
}
