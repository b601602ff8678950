/**
 * The settings as the user sees them, built from one table.
 *
 * @import { Choices } from "./settings.js"
 *
 * @typedef {keyof Choices} Name
 * @typedef {object} Control
 * @property {Name} name
 * @property {string} label
 * @property {[number, number, number]} [range] least, most, step
 * @property {string} [unit]
 * @property {[string | number, string][]} [options]
 */
import { byId } from "./elements.js";
import { LIVE } from "./settings.js";

/** @type {Control[]} */
const MICROPHONE = [
  {
    name: "source",
    label: "What is heard",
    options: [
      ["microphone", "The microphone"],
      ["both", "The microphone, and a tab or the system"],
    ],
  },
  { name: "device", label: "Device", options: [["", "The browser’s default"]] },
  {
    name: "channels",
    label: "Channels",
    options: [
      [1, "One (mono)"],
      [2, "Two, transcribed apart (stereo)"],
    ],
  },
  { name: "echoCancellation", label: "Remove echo" },
  { name: "noiseSuppression", label: "Suppress noise" },
  { name: "autoGainControl", label: "Even out loudness" },
];

/** @type {Control[]} */
const TUNING = [
  {
    name: "turn",
    label: "Who says that a line is over",
    options: [
      ["silence", "Silence alone"],
      ["auto", "Its sound: ½ s, or 1 s"],
      ["fast", "Its sound, fast: ⅕ s, or 1 s"],
      ["patient", "Its sound, patient: 0.7 s, or 3 s"],
    ],
  },
  { name: "endpoint_silence_ms", label: "Silence that ends a line", range: [100, 3000, 50], unit: "ms" },
  { name: "turn_hold_ms", label: "Silence where it sounds unfinished", range: [200, 6000, 100], unit: "ms" },
  {
    name: "partial_interval_ms",
    label: "Time between updates of a line",
    range: [100, 5000, 100],
    unit: "ms",
  },
  { name: "max_utterance_s", label: "Longest line", range: [1, 35, 1], unit: "s" },
  { name: "vad_threshold", label: "How sure it must be that this is speech", range: [0.1, 0.9, 0.05] },
  { name: "vad_aggressiveness", label: "Strictness in telling speech from noise", range: [0, 3, 1] },
  {
    name: "vad",
    label: "Lines end",
    options: [
      ["", "where speech pauses"],
      ["off", "by key E or at the longest line"],
    ],
  },
  { name: "partials", label: "Show words before a line ends" },
  { name: "punctuation", label: "Punctuation" },
  { name: "words", label: "Time of each word, to follow along while it plays" },
];

/**
 * @param {Choices} choices changed in place
 * @param {(name: Name) => void} changed
 */
export function setUpControls(choices, changed) {
  byId("microphone-fields").append(...MICROPHONE.map((control) => build(control, choices, changed)));
  byId("tuning-fields").append(...TUNING.map((control) => build(control, choices, changed)));
  const source = byId("set-source").parentElement;
  if (source) source.hidden = !navigator.mediaDevices?.getDisplayMedia; // phones have none
  if (!navigator.mediaDevices) return;
  const list = () => void listDevices(choices);
  byId("fold-microphone").addEventListener("toggle", list);
  navigator.mediaDevices.addEventListener("devicechange", list);
}

/**
 * Show what the detector at work can be told, and not what another could.
 * @param {string | undefined} detector
 */
export function showDetector(detector) {
  const settings = { vad_threshold: "silero", vad_aggressiveness: "webrtc" };
  for (const [name, whose] of Object.entries(settings)) {
    const field = byId(`set-${name}`).parentElement;
    if (field) field.hidden = detector !== whose;
  }
}

/** @param {boolean} may whether the server's model can tell when each word was said */
export function showWordTimings(may) {
  const field = byId("set-words").parentElement;
  if (field) field.hidden = !may;
}

/**
 * Names of devices are told only to pages that may use them: to be called again after that.
 * @param {Choices} choices
 */
export async function listDevices(choices) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const inputs = devices.filter(
    ({ kind, deviceId }) => kind === "audioinput" && deviceId && deviceId !== "default",
  );
  const select = byId("set-device", HTMLSelectElement);
  select.replaceChildren(
    new Option("The browser’s default", ""),
    ...inputs.map(({ label, deviceId }) => new Option(label || "Unnamed microphone", deviceId)),
  );
  select.value = choices.device;
  if (select.selectedIndex < 0) select.value = choices.device = "";
}

/**
 * @param {Control} control
 * @param {Choices} choices
 * @param {(name: Name) => void} changed
 * @returns {HTMLElement}
 */
function build(control, choices, changed) {
  const { name, label, range, options } = control;
  const box = document.createElement("label");
  const text = document.createElement("span");
  text.textContent = LIVE.has(name) ? label : `${label} *`;
  const input = document.createElement(options ? "select" : "input");
  input.id = `set-${name}`;
  box.className = "field";
  if (input instanceof HTMLSelectElement) {
    input.append(...(options ?? []).map(([value, words]) => new Option(words, String(value))));
    input.value = String(choices[name]);
    input.onchange = () => {
      const chosen = options?.find(([value]) => String(value) === input.value)?.[0] ?? input.value;
      set(choices, name, chosen, changed);
    };
    box.append(text, input);
  } else if (range) {
    const value = document.createElement("span");
    value.className = "value";
    const show = () => (value.textContent = `${input.value} ${control.unit ?? ""}`);
    text.append(value);
    input.type = "range";
    [input.min, input.max, input.step] = /** @type {[string, string, string]} */ (range.map(String));
    input.value = String(choices[name]);
    input.oninput = show;
    input.onchange = () => set(choices, name, input.valueAsNumber, changed);
    show();
    box.append(text, input);
  } else {
    input.type = "checkbox";
    input.checked = Boolean(choices[name]);
    input.onchange = () => set(choices, name, input.checked, changed);
    box.className = "check";
    box.append(input, text);
  }
  return box;
}

/**
 * @param {Choices} choices
 * @param {Name} name
 * @param {string | number | boolean} value
 * @param {(name: Name) => void} changed
 */
function set(choices, name, value, changed) {
  Object.assign(choices, { [name]: value });
  changed(name);
}
