/**
 * One transcript out of several sessions: what to send again when a session was lost, and how the
 * next one's times and utterances fit onto those of the last.
 *
 * @import { UtteranceMessage, UtteranceEvent } from "./types.js"
 */

/** Speech that the server had not yet told of when the line broke began at most so long before. */
const MARGIN_S = 0.5;
/** Sessions may place the same moment this much apart. */
const JITTER_S = 0.1;

export class Continuity {
  #session = -1;
  #origin = 0;
  #acknowledged = 0;
  /** @type {number[]} per channel: the end of its last final */
  #finished;
  /** @type {Map<number, number>[]} per channel: utterances without their final, and their starts */
  #open;
  /** @type {Set<string>} utterances of this session that seem to repeat one of an earlier session */
  #suspects = new Set();

  /** @param {number} channels */
  constructor(channels) {
    this.#finished = Array.from({ length: channels }, () => 0);
    this.#open = this.#finished.map(() => new Map());
  }

  /** The second of the take that the session began with. */
  get origin() {
    return this.#origin;
  }

  /** Audio before this second of the take will never be needed again. */
  get keepFrom() {
    const channels = this.#finished.map((finished, channel) => {
      const earliest = Math.min(this.#acknowledged, ...(this.#open[channel]?.values() ?? []));
      return Math.max(finished, earliest - MARGIN_S);
    });
    return Math.min(...channels);
  }

  /**
   * A new session begins; its first sample is the one at the returned second of the take.
   * @returns {number}
   */
  reopen() {
    this.#origin = this.keepFrom;
    this.#session += 1;
    this.#open.forEach((open) => open.clear());
    this.#suspects.clear();
    return this.#origin;
  }

  /** @param {number} audio as the server acknowledged it, in seconds of its session */
  acknowledge(audio) {
    this.#acknowledged = Math.max(this.#acknowledged, this.#origin + audio);
  }

  /**
   * The message in the take's time, or null when an earlier session has already told it.
   * @param {UtteranceMessage} message
   * @returns {UtteranceEvent | null}
   */
  place(message) {
    const { channel } = message;
    const key = `${this.#session}.${channel}.${message.utterance}`;
    const event = { ...message, key };
    if ("at" in event) event.at += this.#origin;
    if ("start" in event) {
      event.start += this.#origin;
      event.end += this.#origin;
    }
    if (event.type === "final" && event.words)
      event.words = event.words.map((word) => ({
        ...word,
        start: word.start + this.#origin,
        end: word.end + this.#origin,
      }));
    const finished = this.#finished[channel] ?? 0;
    if (event.type === "speech_started") {
      this.#open[channel]?.set(event.utterance, event.at);
      if (event.at < finished - JITTER_S) this.#suspects.add(key);
    }
    if (event.type === "final") {
      this.#open[channel]?.delete(event.utterance);
      this.#finished[channel] = Math.max(finished, event.end);
      if (this.#suspects.has(key)) return (event.start + event.end) / 2 < finished ? null : event;
    }
    return this.#suspects.has(key) ? null : event;
  }
}
