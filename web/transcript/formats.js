/**
 * The transcript as files. Only finished lines are written.
 *
 * @import { Cue } from "./subtitles.js"
 * @import { Line } from "./transcript.js"
 *
 * @typedef {"txt" | "srt" | "vtt" | "json"} Format
 */
import { cuesOf } from "./subtitles.js";

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
  return cues(lines, true)
    .map(({ cue, speaker }, n) => {
      const [first, ...rest] = cue.lines;
      const text = [`${speaker && `${speaker}: `}${first}`.trimEnd(), ...rest].join("\n");
      return `${n + 1}\n${span(cue, ",")}\n${text}\n`;
    })
    .join("\n");
}

/** @param {Line[]} lines */
export function toVtt(lines) {
  const written = cues(lines, false).map(({ cue, speaker }) => {
    const text = cue.lines.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `\n${span(cue, ".")}\n${speaker && `<v ${speaker}>`}${text}\n`;
  });
  return `WEBVTT\n${written.join("")}`;
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
 * All channels' cues in the order of their starts; channels are named where there are several.
 * @param {Line[]} lines
 * @param {boolean} labelled whether the name takes room in the text
 * @returns {{cue: Cue, speaker: string}[]}
 */
function cues(lines, labelled) {
  const channels = [...new Set(lines.map(({ channel }) => channel))].sort((a, b) => a - b);
  return channels
    .flatMap((channel) => {
      const speaker = channels.length > 1 ? `Channel ${channel + 1}` : "";
      const label = speaker && labelled ? `${speaker}: ` : "";
      const own = finished(lines).filter((line) => line.channel === channel);
      return cuesOf(own, label.length).map((cue) => ({ cue, speaker }));
    })
    .sort((a, b) => a.cue.start - b.cue.start);
}

/**
 * @param {{start: number, end: number}} times
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
