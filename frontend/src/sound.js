// Three sounds: yes is one low note, look two middle ones, stop three sharp ones. A phone also buzzes.

const NOTES = {
  yes: [[330, 0, 0.09]],
  look: [[523, 0, 0.1], [659, 0.14, 0.12]],
  stop: [[1568, 0, 0.11], [1568, 0.16, 0.11], [1568, 0.32, 0.22]],
};
const BUZZ = { yes: [35], look: [60, 60, 60], stop: [400] };
let context = null;

export function play(tone) {
  if (!NOTES[tone]) return;
  navigator.vibrate?.(BUZZ[tone]);
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume();
    for (const [pitch, delay, length] of NOTES[tone]) {
      const start = context.currentTime + delay;
      const note = new OscillatorNode(context, { type: tone === "stop" ? "square" : "sine", frequency: pitch });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(tone === "stop" ? 0.16 : 0.3, start + 0.008);
      volume.gain.setValueAtTime(tone === "stop" ? 0.16 : 0.3, start + length - 0.03);
      volume.gain.linearRampToValueAtTime(0, start + length);
      note.connect(volume).connect(context.destination);
      note.start(start);
      note.stop(start + length);
    }
  } catch {
    // No sound card, or the browser waits for a gesture: the colour and the word remain.
  }
}

export function listenForTones() {
  // Sent by the server in HX-Trigger: {"scan-said": {"tone": "yes"}}.
  document.addEventListener("scan-said", (event) => play(event.detail?.tone));
  const sound = (within) => {
    const said = within?.matches?.("[data-sound]") ? within : within?.querySelector?.("[data-sound]");
    if (!said || said.dataset.sounded) return;
    said.dataset.sounded = "1";
    play(said.dataset.sound);
  };
  document.addEventListener("htmx:afterSwap", (event) => sound(event.detail?.target ?? event.target));
  document.addEventListener("htmx:oobAfterSwap", (event) => sound(event.detail?.target ?? event.target));
  sound(document.querySelector("main"));
}
