/**
 * Files that the browser cannot play are read by the server (`/v1/audio/transcriptions`).
 *
 * @import { Final } from "../protocol/types.js"
 */
import { apiKey } from "./server.js";

/**
 * @param {ArrayBuffer} bytes
 * @param {string} name
 * @param {string} language empty for the model's first
 * @returns {Promise<{finals: Final[], seconds: number, warning: string | null}>}
 * @throws {Error} with the server's words, if it cannot read them either
 */
export async function transcribeThere(bytes, name, language) {
  const address = new URL("v1/audio/transcriptions", document.baseURI);
  if (apiKey()) address.searchParams.set("api_key", apiKey());
  const form = new FormData();
  form.set("model", "any");
  form.set("response_format", "verbose_json");
  if (language) form.set("language", language);
  form.set("file", new Blob([bytes]), name);
  const answer = await fetch(address, { method: "POST", body: form });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error.message);
  return {
    finals: told.segments.map(finalOf),
    seconds: told.duration,
    warning: answer.headers.get("x-streamer-warning"),
  };
}

/**
 * @param {{text: string, start: number, end: number, avg_logprob: number | null}} segment
 * @param {number} utterance
 * @returns {Final}
 */
function finalOf({ text, start, end, avg_logprob }, utterance) {
  const confidence = avg_logprob === null ? null : Math.exp(avg_logprob);
  const said = { text: text.trim(), start, end, confidence, language: "" };
  return { type: "final", channel: 0, utterance, reason: "silence", ...said };
}
