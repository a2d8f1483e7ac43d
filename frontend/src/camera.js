// The phone's camera as a scanner. Loaded when the Scan button is first used, never before.
import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";

const FORMATS = ["data_matrix", "ean_13", "ean_8", "code_128", "qr_code", "code_39"];
const EVERY_MS = 120;
const SAME_MS = 2000;
let detector = null;

function detectorWith(wasm) {
  if (detector) return detector;
  // Our own copy of the reader, never a host of someone else.
  prepareZXingModule({ overrides: { locateFile: (path, prefix) => (path.endsWith(".wasm") ? wasm : prefix + path) } });
  detector = new BarcodeDetector({ formats: FORMATS });
  return detector;
}

/** Open the camera in `dialog` and give each code read to `onCode`; the dialog closes on the first. */
export async function readCodes({ dialog, wasm, onCode }) {
  const reader = detectorWith(wasm);
  const video = dialog.querySelector("video");
  const says = dialog.querySelector("[data-camera-says]");
  const photo = dialog.querySelector("[data-camera-photo]");
  const typed = dialog.querySelector("[data-camera-typed]");
  const stays = "stays" in dialog.dataset;
  let stream = null;
  let timer = 0;
  let last = { code: "", at: 0 };
  const listening = new AbortController();

  const tell = (words) => {
    says.textContent = words;
    says.hidden = !words;
  };
  const take = (code) => {
    const now = performance.now();
    if (code === last.code && now - last.at < SAME_MS) return;
    last = { code, at: now };
    onCode(code);
    if (!stays) dialog.close();
  };
  const look = async () => {
    try {
      const [found] = video.readyState >= 2 ? await reader.detect(video) : [];
      if (found) take(found.rawValue);
    } finally {
      if (stream) timer = setTimeout(look, EVERY_MS);
    }
  };

  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    listening.abort();
  }, { once: true });
  dialog.querySelector("[data-camera-close]").addEventListener("click", () => dialog.close(), { signal: listening.signal });
  typed.addEventListener("submit", () => {
    const field = typed.querySelector("input");
    const code = field.value;
    field.value = "";
    if (code.trim()) onCode(code);
  }, { signal: listening.signal });
  photo.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    const [found] = await reader.detect(await createImageBitmap(file));
    if (found) take(found.rawValue);
    else tell(dialog.dataset.nothing);
  }, { signal: listening.signal });

  tell("");
  photo.hidden = true;
  dialog.showModal();
  try {
    if (!navigator.mediaDevices) throw new Error("no camera on this address");
    const found = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    if (!dialog.open) {
      for (const track of found.getTracks()) track.stop();
      return;
    }
    stream = found;
    video.srcObject = stream;
    await video.play();
    look();
  } catch {
    // Without HTTPS, or when refused: a photo does the same work.
    tell(dialog.dataset.denied);
    photo.hidden = false;
  }
}
