/**
 * What was said: the lines, from the first word of a partial to the final text.
 *
 * @import { UtteranceEvent, Word } from "../protocol/types.js"
 *
 * @typedef {{id: number, offset: number, language: string, channels: number}} TakeFacts
 *
 * @typedef {object} Line
 * @property {string} id
 * @property {number} take which recording
 * @property {number} channel
 * @property {boolean} stereo whether its take has more than this channel
 * @property {number} start seconds on the page's clock: all takes one after the other
 * @property {number} end
 * @property {string} text
 * @property {number} stable code points of `text` that will not change
 * @property {string} language
 * @property {number | null} confidence 0 to 1; null until final
 * @property {Word[]} words of a final, in the page's clock; none where the model cannot tell them
 * @property {string} speaker as the server tells voices apart; empty where it does not
 * @property {boolean} edited whether the text is the user's
 * @property {"open" | "orphaned" | "final" | "unconfirmed"} state orphaned: its session was lost and
 *   the next one is hearing it again; unconfirmed: a partial that no session ever finished
 */

/** A line heard again in a new session may begin this much elsewhere. */
const SAME_LINE_S = 1;

export class Transcript {
  /** @type {Line[]} in order of their start */
  lines = [];
  #changed;
  #removed;
  #serial = 0;
  /** @type {Map<string, Line>} by take and event key */
  #byKey = new Map();

  /**
   * @param {(line: Line) => void} changed
   * @param {(line: Line) => void} removed nothing recognisable was in it
   */
  constructor(changed, removed) {
    this.#changed = changed;
    this.#removed = removed;
  }

  /**
   * @param {UtteranceEvent} event in the take's time
   * @param {TakeFacts} take `offset`: when it began on the page's clock
   */
  apply(event, take) {
    if (event.type === "turn_paused" || event.type === "turn_resumed") return; // changes no text
    const key = `${take.id}:${event.key}`;
    const at = take.offset + ("start" in event ? event.start : event.at);
    const line =
      this.#byKey.get(key) ??
      this.#adopt(key, take.id, event.channel, at) ??
      this.#add(key, take, event.channel, at);
    if (event.type === "speech_started") line.start = at;
    else line.end = take.offset + ("end" in event ? event.end : event.at);
    if (event.type === "partial") {
      line.start = at;
      line.text = event.text;
      line.stable = event.stable;
    }
    if (event.type === "final") {
      Object.assign(line, { start: at, text: event.text, stable: Infinity, state: "final" });
      line.language = event.language || line.language;
      line.confidence = event.confidence;
      line.speaker = event.speaker ?? "";
      line.words = (event.words ?? []).map((word) => ({
        ...word,
        start: take.offset + word.start,
        end: take.offset + word.end,
      }));
      this.#byKey.delete(key);
      if (!event.text.trim()) {
        this.#remove(line);
        return;
      }
    }
    this.#changed(line);
  }

  /**
   * The session of a take's open lines was lost: the next one will hear them again.
   * @param {number} take
   */
  interrupted(take) {
    for (const line of this.#openLines(take)) line.state = "orphaned";
    this.#byKey.clear();
  }

  /**
   * The server has dealt with everything before this moment, so no line before it is still coming.
   * @param {number} take
   * @param {number} until seconds on the page's clock
   */
  settle(take, until) {
    for (const line of this.#openLines(take)) {
      if (line.state !== "orphaned" || line.end > until) continue;
      if (line.text) {
        line.state = "unconfirmed";
        this.#changed(line);
      } else this.#remove(line);
    }
  }

  /**
   * The take is over: what is still open stays as it was last heard, and is marked so.
   * @param {number} take
   */
  close(take) {
    this.interrupted(take);
    this.settle(take, Infinity);
  }

  /**
   * A line of an earlier visit.
   * @param {Omit<Line, "id">} line
   */
  restore(line) {
    this.#changed(this.#insert(line));
  }

  /**
   * @param {Line} line
   * @param {string} text empty: the line goes
   */
  edit(line, text) {
    if (!text) this.#remove(line);
    else if (text !== line.text) {
      Object.assign(line, { text, edited: true, state: "final" });
      this.#changed(line);
    }
  }

  /** @param {number} take all of its lines go; it must not be running */
  removeTake(take) {
    for (const line of this.of(take)) this.#remove(line);
  }

  /** @param {number} take */
  of(take) {
    return this.lines.filter((line) => line.take === take);
  }

  /** @param {number} take */
  #openLines(take) {
    return this.lines.filter(
      (line) => line.take === take && (line.state === "open" || line.state === "orphaned"),
    );
  }

  /**
   * @param {string} key
   * @param {number} take
   * @param {number} channel
   * @param {number} at
   */
  #adopt(key, take, channel, at) {
    const line = this.#openLines(take).find(
      (line) =>
        line.state === "orphaned" &&
        line.channel === channel &&
        at < Math.max(line.end, line.start + SAME_LINE_S),
    );
    if (!line) return undefined;
    line.state = "open";
    this.#byKey.set(key, line);
    return line;
  }

  /**
   * @param {string} key
   * @param {TakeFacts} take
   * @param {number} channel
   * @param {number} at
   * @returns {Line}
   */
  #add(key, take, channel, at) {
    const line = this.#insert({
      take: take.id,
      channel,
      stereo: take.channels > 1,
      start: at,
      end: at,
      text: "",
      stable: 0,
      language: take.language,
      confidence: null,
      words: [],
      speaker: "",
      edited: false,
      state: "open",
    });
    this.#byKey.set(key, line);
    return line;
  }

  /**
   * @param {Omit<Line, "id">} facts
   * @returns {Line}
   */
  #insert(facts) {
    this.#serial += 1;
    const line = { id: `line-${this.#serial}`, ...facts };
    const before = this.lines.findLastIndex((other) => other.start <= line.start);
    this.lines.splice(before + 1, 0, line);
    return line;
  }

  /** @param {Line} line */
  #remove(line) {
    this.lines = this.lines.filter((other) => other !== line);
    this.#removed(line);
  }
}
