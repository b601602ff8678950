/**
 * The transcript as files. Only finished lines are written.
 *
 * @import { Line } from "./transcript.js"
 *
 * @typedef {"txt" | "srt" | "vtt" | "json"} Format
 */

/** @type {Record<Format, {mime: string, write: (lines: Line[]) => string}>} */
export const FORMATS = {
  txt: { mime: "text/plain", write: toText },
  srt: { mime: "application/x-subrip", write: toSrt },
  vtt: { mime: "text/vtt", write: toVtt },
  json: { mime: "application/json", write: toJson },
};

/**
 * @param {Line[]} lines
 * @returns {Line[]}
 */
export function finished(lines) {
  return lines.filter(({ state }) => state === "final" || state === "unconfirmed");
}

/** @param {Line[]} lines */
export function toText(lines) {
  return finished(lines)
    .map(({ text }) => `${text.trim()}\n`)
    .join("");
}

/** @param {Line[]} lines */
export function toSrt(lines) {
  return finished(lines)
    .map((line, n) => `${n + 1}\n${span(line, ",")}\n${line.text.trim()}\n`)
    .join("\n");
}

/** @param {Line[]} lines */
export function toVtt(lines) {
  const stereo = lines.some(({ channel }) => channel > 0);
  const cues = finished(lines).map((line) => {
    const text = line.text.trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `\n${span(line, ".")}\n${stereo ? `<v Channel ${line.channel + 1}>` : ""}${text}\n`;
  });
  return `WEBVTT\n${cues.join("")}`;
}

/** @param {Line[]} lines */
export function toJson(lines) {
  const plain = finished(lines).map(({ start, end, channel, language, confidence, text, state }) => ({
    start: milli(start),
    end: milli(end),
    channel,
    language,
    confidence,
    text: text.trim(),
    ...(state === "unconfirmed" && { unconfirmed: true }),
  }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/**
 * @param {Line} line
 * @param {string} point "," in SRT, "." in WebVTT
 */
function span({ start, end }, point) {
  return `${stamp(start, point)} --> ${stamp(end, point)}`;
}

/**
 * @param {number} seconds
 * @param {string} point
 * @returns {string} hh:mm:ss.mmm
 */
function stamp(seconds, point) {
  const all = Math.round(seconds * 1000);
  const fields = [all / 3600000, (all / 60000) % 60, (all / 1000) % 60];
  const [h, m, s] = fields.map((value) => String(Math.floor(value)).padStart(2, "0"));
  return `${h}:${m}:${s}${point}${String(all % 1000).padStart(3, "0")}`;
}

/** @param {number} seconds */
function milli(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
