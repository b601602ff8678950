/**
 * What is going on, in words: the pill above, the headline, the button.
 *
 * @import { TakeState } from "../protocol/take.js"
 * @typedef {"unreached" | "ready" | "reading" | TakeState} State
 */
import { clock } from "../transcript/text.js";
import { byId } from "./elements.js";

/** @type {Record<State, string>} */
const PILL = {
  unreached: "Server not reached",
  ready: "Ready",
  reading: "Reading the file",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Reconnecting",
  finishing: "Finishing",
  done: "Ready",
  failed: "Ready",
};

const TITLE = document.title;

/**
 * @param {State} state
 */
export function showState(state) {
  const pill = byId("connection");
  pill.textContent = PILL[state];
  pill.dataset.state = state === "done" || state === "failed" ? "ready" : state;
}

/**
 * @param {object} now
 * @param {State} now.state
 * @param {boolean} now.microphone whether the sound is the microphone's
 * @param {number} now.seconds recorded in this take
 * @param {number} now.pending seconds not yet transcribed
 * @param {number} now.waiting files that come next
 */
export function showRecording({ state, microphone, seconds, pending, waiting }) {
  const running = !["unreached", "ready", "reading", "done", "failed"].includes(state);
  const button = byId("record");
  button.classList.toggle("running", running);
  button.ariaLabel = running ? (state === "finishing" ? "Stop waiting" : "Stop") : "Start listening";
  byId("headline").textContent = running
    ? microphone && state === "finishing"
      ? "Finishing"
      : microphone
        ? "Listening"
        : "Transcribing"
    : "Start talking";
  const title = running ? `● ${byId("headline").textContent} · streamer` : TITLE;
  if (document.title !== title) document.title = title;
  const kept = Math.round(pending);
  byId("hint").textContent = !running
    ? "Click, and words appear."
    : state === "waiting" || state === "connecting"
      ? `${clock(seconds)} · nothing is lost: ${kept} s are kept until the server is back`
      : state !== "finishing"
        ? clock(seconds)
        : microphone
          ? `The last ${kept} s are still being transcribed.`
          : `${clock(seconds - pending)} of ${clock(seconds)} are done.${more(waiting)}`;
  if (running && !microphone)
    byId("meter")
      .querySelector("span")
      ?.style.setProperty("--level", ((seconds - pending) / seconds || 0).toFixed(3));
}

/** @param {number} waiting files */
function more(waiting) {
  if (!waiting) return "";
  return waiting === 1 ? " One more file waits." : ` ${waiting} more files wait.`;
}
