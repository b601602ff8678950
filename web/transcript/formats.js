/**
 * The transcript as files. Only finished lines are written.
 *
 * @import { Cue } from "./subtitles.js"
 * @import { Line } from "./transcript.js"
 *
 * @typedef {"txt" | "srt" | "vtt" | "json"} Format
 */
import { cuesOf } from "./subtitles.js";

/** @typedef {(line: Line) => string} Who names who says a line; empty: nobody in particular */

/** @type {Record<Format, {mime: string, write: (lines: Line[], who: Who) => string}>} */
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

/**
 * @param {Line[]} lines
 * @param {Who} who
 */
export function toText(lines, who) {
  return finished(lines)
    .map((line) => `${who(line) && `${who(line)}: `}${line.text.trim()}\n`)
    .join("");
}

/**
 * @param {Line[]} lines
 * @param {Who} who
 */
export function toSrt(lines, who) {
  return cues(lines, who, true)
    .map(({ cue, speaker }, n) => {
      const [first, ...rest] = cue.lines;
      const text = [`${speaker && `${speaker}: `}${first}`.trimEnd(), ...rest].join("\n");
      return `${n + 1}\n${span(cue, ",")}\n${text}\n`;
    })
    .join("\n");
}

/**
 * @param {Line[]} lines
 * @param {Who} who
 */
export function toVtt(lines, who) {
  const written = cues(lines, who, false).map(({ cue, speaker }) => {
    const text = cue.lines.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `\n${span(cue, ".")}\n${speaker && `<v ${speaker.replace(/[<>&]/g, " ")}>`}${text}\n`;
  });
  return `WEBVTT\n${written.join("")}`;
}

/**
 * @param {Line[]} lines
 * @param {Who} who
 */
export function toJson(lines, who) {
  const plain = finished(lines).map((line) => ({
    start: milli(line.start),
    end: milli(line.end),
    channel: line.channel,
    ...(who(line) && { speaker: who(line) }),
    language: line.language,
    confidence: line.confidence,
    text: line.text.trim(),
    ...(line.words.length > 0 && {
      words: line.words.map((word) => ({ ...word, start: milli(word.start), end: milli(word.end) })),
    }),
    ...(line.state === "unconfirmed" && { unconfirmed: true }),
    ...(line.edited && { edited: true }),
  }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/**
 * All speakers' cues in the order of their starts.
 * @param {Line[]} lines
 * @param {Who} who
 * @param {boolean} labelled whether the name takes room in the text
 * @returns {{cue: Cue, speaker: string}[]}
 */
function cues(lines, who, labelled) {
  const speakers = [...new Set(lines.map(who))];
  return speakers
    .flatMap((speaker) => {
      const label = speaker && labelled ? `${speaker}: ` : "";
      const own = finished(lines).filter((line) => who(line) === speaker);
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
