/**
 * What the user has chosen, remembered in this browser.
 *
 * @import { Settings } from "../protocol/types.js"
 * @import { MicrophoneChoice } from "../audio/microphone.js"
 *
 * @typedef {Required<Omit<Settings, "watch">> & MicrophoneChoice & {theme: string, shortcuts: boolean, keep: boolean}} Choices
 */

const STORED = "streamer";

/** @type {Choices} the protocol's defaults, and a microphone for one voice */
const DEFAULTS = {
  language: "",
  punctuation: true,
  partials: true,
  partial_interval_ms: 300,
  endpoint_silence_ms: 600,
  turn: "silence",
  turn_hold_ms: 1000,
  max_utterance_s: 35,
  vad: "", // the detector that the server prefers
  vad_threshold: 0.5,
  vad_aggressiveness: 2,
  words: true,
  device: "",
  source: "microphone",
  channels: 1,
  echoCancellation: true,
  noiseSuppression: false,
  autoGainControl: true,
  theme: "",
  shortcuts: true,
  keep: true,
};

/** @typedef {keyof Omit<Settings, "watch">} SettingName */
/** @type {SettingName[]} */
const SENT = [
  "language",
  "punctuation",
  "partials",
  "partial_interval_ms",
  "endpoint_silence_ms",
  "turn",
  "turn_hold_ms",
  "max_utterance_s",
  "vad",
  "vad_threshold",
  "vad_aggressiveness",
  "words",
];
/** Those that a running session takes from its next utterance on; the others wait for the next start. */
export const LIVE = new Set([
  "language",
  "punctuation",
  "partials",
  "partial_interval_ms",
  "endpoint_silence_ms",
  "turn",
  "turn_hold_ms",
  "vad_threshold",
  "words",
]);
/** What a rule for turns brings by itself, as long as the user has not moved it. */
const OF_THE_RULE = ["endpoint_silence_ms", "turn_hold_ms"];

/** @returns {Choices} */
export function load() {
  try {
    const choices = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(STORED) ?? "{}") };
    if (choices.vad !== "off") choices.vad = DEFAULTS.vad; // the page used to ask for one by name
    return choices;
  } catch {
    return { ...DEFAULTS }; // storage refused, or not ours
  }
}

/** @param {Choices} choices */
export function save(choices) {
  try {
    localStorage.setItem(STORED, JSON.stringify(choices));
  } catch {
    // Storage refused: the choices hold until the page is closed.
  }
}

/**
 * What the user has chosen otherwise than the page does.
 * @param {Choices} choices
 * @returns {Settings}
 */
export function chosenSettings(choices) {
  const entries = SENT.map((name) => [name, choices[name]]);
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== DEFAULTS[/** @type {SettingName} */ (name)]),
  );
}

/**
 * What is sent in `start`. An unknown language would be refused, so that one chosen on another
 * server is left out.
 * @param {Choices} choices
 * @param {{languages: string[], word_timings?: boolean}} server what it can do
 * @returns {Settings}
 */
export function sessionSettings(choices, { languages, word_timings }) {
  const sent = SENT.filter((name) => !OF_THE_RULE.includes(name) || choices[name] !== DEFAULTS[name]);
  const entries = sent.map((name) => [name, choices[name]]).filter(([, value]) => value !== "");
  const { language, ...settings } = Object.fromEntries(entries);
  if (!word_timings) delete settings.words;
  return languages.includes(language) ? { language, ...settings } : settings;
}
