/**
 * What is said, as captions: the newest lines, whoever says them.
 *
 * @import { Final, Partial } from "../protocol/types.js"
 *
 * @typedef {{id: number, stable: string, faint: string}} Caption
 */
import { splitAt } from "../transcript/text.js";

export class Captions {
  /** @type {Caption[]} the newest last */
  lines = [];
  #most;
  #serial = 0;
  /** @type {Map<string, Caption>} without their final, by channel and utterance */
  #open = new Map();

  /** @param {number} most lines that are kept */
  constructor(most) {
    this.#most = most;
  }

  /** @param {Partial | Final | {type: "done"}} message */
  take(message) {
    if (message.type === "done") {
      this.#open.clear(); // the next stream numbers its utterances anew
      return;
    }
    const key = `${message.channel} ${message.utterance}`;
    let line = this.#open.get(key);
    if (!line) {
      this.#serial += 1;
      line = { id: this.#serial, stable: "", faint: "" };
      this.#open.set(key, line);
      this.lines.push(line);
    }
    const partial = message.type === "partial";
    [line.stable, line.faint] = partial ? splitAt(message.text, message.stable) : [message.text.trim(), ""];
    if (!partial) this.#open.delete(key);
    this.lines = this.lines.filter(({ stable, faint }) => stable || faint).slice(-this.#most);
  }

  /** Everything is about to be told again. */
  clear() {
    this.lines = [];
    this.#open.clear();
  }
}
