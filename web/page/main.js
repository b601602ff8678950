/** Puts the page together: what the user does goes to the recorder, what the server says to the views. */
import { decode } from "../audio/file.js";
import { meterOf, peakOf } from "../audio/pcm.js";
import * as player from "../audio/player.js";
import { setUpTools } from "../transcript/tools.js";
import { setUpBar } from "./bar.js";
import { setUpCaptions } from "./captions.js";
import { listDevices, setUpControls, showDetector, showWordTimings } from "./controls.js";
import { setUpCode } from "./code.js";
import { byId } from "./elements.js";
import { setUpFiles } from "./files.js";
import { Inside } from "./inside.js";
import { Library } from "./library.js";
import { notice, unnotice } from "./notices.js";
import { Playback } from "./playback.js";
import { Recorder } from "./recorder.js";
import { introduce, whyRefused } from "./server.js";
import { chosenSettings, LIVE, load, save } from "./settings.js";
import { Share } from "./share.js";
import { setUpShortcuts } from "./shortcuts.js";
import { showRecording, showState } from "./status.js";
import { setUpHelp, setUpTheme } from "./surroundings.js";
import { transcribeThere } from "./upload.js";

/** @import { State } from "./status.js" */

const SAMPLE_LANGUAGE = "en";
/** @type {Record<string, string>} what tells speech from noise, in words */
const DETECTORS = { silero: "Silero VAD", webrtc: "WebRTC’s detector" };
const REAL_MODEL = "“streamer models pull moonshine” on the server brings the real one";

const choices = load();
const record = byId("record", HTMLButtonElement);
const language = byId("language", HTMLSelectElement);
const inside = new Inside();
const share = new Share();

/** @type {State} */
let state = "connecting";
let microphone = false;
/** Whether a button had the focus when the buttons were switched off. */
let focused = false;
/** Called when the running take is over. */
let over = () => {};

const library = new Library(choices, {
  play: (line) => void playback.hear(line),
  changed: () => refreshTools(),
  trouble: (text) => notice("keep", text),
});
const { takes, transcript, view } = library;
const playback = new Playback(takes, view);

const recorder = new Recorder(choices, takes, share, {
  begin: (recording) => {
    inside.begin(recording);
    library.begin(recording);
    return {
      state: enter,
      ready: (_, again) => {
        if (again > 0.5)
          notice(
            "connection",
            `Connected again. The last ${Math.round(again)} s were sent once more; nothing was lost.`,
            "note",
          );
      },
      event: (event) => {
        transcript.apply(event, recording);
        inside.event(event);
      },
      acknowledged: (seconds) => transcript.settle(recording.id, recording.offset + seconds),
      interrupted: () => {
        transcript.interrupted(recording.id);
        inside.interrupted();
      },
      trouble: ({ type, code, message }) => {
        if (code === "not_watched") share.end();
        notice(code, `The server says: ${message}.`, type === "warning" ? "note" : "warning");
      },
    };
  },
  samples: (samples) => {
    inside.samples(samples);
    setLevel(meterOf(peakOf(samples)));
  },
  problem: (subject, text) => (text ? notice(subject, text) : unnotice(subject)),
});

const refreshTools = setUpTools(
  transcript,
  takes,
  view,
  () => recorder.running,
  () => library.clear(),
);

const files = setUpFiles(
  (file) => transcribe(() => file.arrayBuffer(), file.name, false),
  () => !recorder.running && !record.disabled,
);

/** @param {boolean} may whether a recording can be begun or ended now */
function allow(may) {
  // A button that is switched off, or goes, loses the focus.
  if (!may) focused = document.activeElement instanceof HTMLButtonElement;
  record.disabled = !may;
  for (const id of ["sample", "file-open"]) byId(id, HTMLButtonElement).disabled = !may;
  if (may && focused) record.focus();
  if (may) files.next();
}

/** @param {State} next */
function enter(next) {
  state = next;
  showState(state);
  if (state === "waiting") void explainWaiting();
  if (state === "done" || state === "failed") {
    library.end();
    setLevel(0);
    inside.end();
    over();
  }
  refresh();
  refreshTools();
  files.next();
}

async function explainWaiting() {
  const why = await whyRefused();
  if (state === "waiting")
    notice("connection", `The connection to the server was lost. ${why} What you say is kept meanwhile.`);
}

function refresh() {
  const seconds = recorder.duration;
  showRecording({ state, microphone, seconds, pending: recorder.pending, waiting: files.waiting.length });
  inside.showFigures();
}

/** @param {number} level 0 to 1 */
function setLevel(level) {
  const text = level.toFixed(2);
  record.style.setProperty("--level", text);
  byId("meter").querySelector("span")?.style.setProperty("--level", text);
}

async function toggle() {
  if (record.disabled) return;
  if (recorder.running) {
    recorder.stop();
    return;
  }
  unnotice("microphone");
  unnotice("tab");
  unnotice("connection");
  allow(false);
  microphone = true;
  const listening = await recorder.listen();
  allow(true);
  if (listening) await listDevices(choices);
}

/**
 * @param {() => Promise<ArrayBuffer>} bytes
 * @param {string} name
 * @param {boolean} aloud
 */
async function transcribe(bytes, name, aloud) {
  unnotice("file");
  microphone = false;
  allow(false);
  enter("reading");
  const given = await bytes();
  const sound = await decode(given.slice(0)).catch(() => null);
  const end = new Promise((resolve) => (over = () => resolve(undefined)));
  if (sound) recorder.transcribe(name, sound, aloud, aloud ? SAMPLE_LANGUAGE : choices.language);
  else await transcribeByServer(given, name);
  allow(true);
  if (sound) await end;
}

/**
 * @param {ArrayBuffer} bytes that the browser cannot play
 * @param {string} name
 */
async function transcribeByServer(bytes, name) {
  try {
    const { finals, seconds, warning } = await transcribeThere(bytes, name, choices.language);
    const facts = { name, began: Date.now(), language: choices.language, live: false, channels: 1, names: {} };
    const take = takes.add(facts, null, seconds);
    library.begin(take);
    for (const final of finals) transcript.apply({ ...final, key: `0:${final.utterance}` }, take);
    if (warning) notice("file", `“${name}”: ${warning}.`, "note");
    library.end();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    notice("file", `Neither the browser nor the server can read “${name}” as sound: ${why}.`);
  }
  enter("ready");
}

async function meet() {
  await library.restore();
  const ready = await introduce((why) => {
    showState("unreached");
    notice("connection", why);
  });
  unnotice("connection");
  recorder.server = ready;
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  language.replaceChildren(...ready.languages.map((code) => new Option(names.of(code), code)));
  if (!ready.languages.includes(choices.language)) choices.language = ready.languages[0] ?? "";
  language.value = choices.language;
  // Said here too: above, the first words take the place of it.
  const model = ready.demonstration ? `${ready.model}, for demonstration only: ${REAL_MODEL}` : ready.model;
  byId("model").textContent = `Heard by ${ready.model}${ready.demonstration ? ", for demonstration only" : ""}.`;
  const detector = ready.settings?.vad ?? "";
  const listener = DETECTORS[detector] ?? detector;
  byId("about").append(` Model: ${model}.${listener && ` Speech is told from noise by ${listener}.`}`);
  share.allow(ready.watchable ?? false);
  showDetector(detector);
  showWordTimings(ready.word_timings ?? false);
  byId("demonstration").hidden = !ready.demonstration;
  allow(true);
  enter("ready");
}

record.addEventListener("click", () => void toggle());
language.addEventListener("change", () => {
  choices.language = language.value;
  save(choices);
  recorder.configure({ language: language.value });
});
byId("sample").addEventListener(
  "click",
  () => void transcribe(async () => (await fetch("sample/sample.flac")).arrayBuffer(), "The sample", true),
);
setUpControls(choices, (name) => {
  save(choices);
  if (LIVE.has(name)) recorder.configure({ [name]: choices[name] });
});
setUpTheme(choices);
setUpCode(() => chosenSettings(choices));
const captions = setUpCaptions();
const fold = setUpBar();
setUpHelp(choices);
setUpShortcuts(
  {
    " ": () => void toggle(),
    e: () => recorder.flush(),
    c: captions.toggle,
    "/": () => byId("search").focus(),
    escape: () => {
      captions.leave();
      fold();
      player.stop();
    },
  },
  () => choices.shortcuts,
);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void recorder.wake();
});
addEventListener("online", () => void recorder.wake());
addEventListener("offline", () => recorder.offline());
addEventListener("beforeunload", (event) => {
  if (recorder.running) event.preventDefault();
});
// A page that the browser keeps (`persisted`) may be looked at again, and its session is waited for.
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) recorder.leave();
});
setInterval(() => recorder.running && refresh(), 250);
refreshTools();
void meet();
