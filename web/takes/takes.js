/**
 * Takes: each recording or file by its name, with its sound as far as the page has that.
 *
 * @import { Tape } from "../audio/tape.js"
 *
 * @typedef {object} TakeFacts
 * @property {string} name
 * @property {number} began milliseconds since 1970
 * @property {string} language as chosen when it began
 * @property {boolean} live as fast as life, so that latencies mean something
 * @property {number} channels
 * @property {Record<string, string>} names that the user has given to voices
 *
 * @typedef {TakeFacts & {
 *   id: number,
 *   key: string,
 *   offset: number,
 *   tape: Tape | null,
 *   seconds: number,
 * }} KnownTake `key`: of all visits; `offset`: seconds on the page's clock, on which all takes lie one
 *   after the other; `seconds`: how long, where there is no tape
 */

export class Takes {
  /** @type {KnownTake[]} in the order in which they came */
  all = [];
  #serial = 0;

  get last() {
    return this.all.at(-1);
  }

  /**
   * @param {TakeFacts} facts
   * @param {Tape | null} tape
   * @param {number} [seconds]
   * @param {string} [key]
   * @returns {KnownTake}
   */
  add(facts, tape, seconds = 0, key = newKey()) {
    const offset = Math.max(0, ...this.all.map((take) => take.offset + lengthOf(take)));
    this.#serial += 1;
    const take = { ...facts, id: this.#serial, key, offset, tape, seconds };
    this.all.push(take);
    return take;
  }

  /** @param {number} id */
  get(id) {
    return this.all.find((take) => take.id === id);
  }

  /** @param {KnownTake} take */
  remove(take) {
    this.all = this.all.filter((other) => other !== take);
  }
}

/** @param {KnownTake} take seconds */
export function lengthOf({ tape, seconds }) {
  return tape?.duration ?? seconds;
}

/**
 * Whom a line names: a voice that the server tells apart, or the channel.
 * @param {{speaker: string, stereo: boolean, channel: number}} line
 * @returns {string} empty where there is nobody to tell apart
 */
export function voiceOf({ speaker, stereo, channel }) {
  return speaker || (stereo ? `channel ${channel}` : "");
}

/**
 * @param {string} voice as `voiceOf` gives it
 * @param {Record<string, string>} names
 */
export function nameOf(voice, names) {
  const given = names[voice];
  if (given || !voice) return given ?? "";
  if (voice === "channel 0") return "Left";
  return voice === "channel 1" ? "Right" : `Speaker ${voice}`;
}

/** Unlike any other's, in other tabs and on other days. */
function newKey() {
  return `${Date.now()}-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
}
