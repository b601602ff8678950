/**
 * Sees to it that what the store has of each take is what the page has.
 *
 * @import { KeptTake, Store } from "./store.js"
 * @import { KnownTake } from "./takes.js"
 * @import { Line } from "../transcript/transcript.js"
 *
 * @typedef {Pick<Store, "put" | "remove" | "wipe">} Keeping
 */
import { lengthOf } from "./takes.js";

/** What changes meanwhile is written in one go. */
const SOON_MS = 1000;

export class Keeper {
  #store;
  #linesOf;
  #trouble;
  /** @type {Map<KnownTake, boolean>} to be written; whether the take is over */
  #changed = new Map();
  /** @type {Map<string, number>} parts of its sound that are written, by the take's key */
  #written = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #soon;
  /** @type {Promise<unknown>} one after the other */
  #work = Promise.resolve();

  /**
   * @param {Keeping | null} store null: nothing is kept
   * @param {(take: KnownTake) => Line[]} linesOf
   * @param {(full: boolean) => void} trouble it could not be written; `full`: since there is no room
   */
  constructor(store, linesOf, trouble) {
    this.#store = store;
    this.#linesOf = linesOf;
    this.#trouble = trouble;
  }

  /** @param {KnownTake} take whose sound is all in the store */
  known(take) {
    this.#written.set(take.key, Infinity);
  }

  /**
   * @param {KnownTake} take
   * @param {boolean} over whether its sound is complete
   */
  change(take, over) {
    if (!this.#store) return;
    this.#changed.set(take, over || (this.#changed.get(take) ?? false));
    this.#soon ??= setTimeout(() => void this.write(), SOON_MS);
  }

  /** Write now what has changed. */
  write() {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const [take, over] of changed) this.#do((store) => this.#write(store, take, over));
    return this.#work;
  }

  /** @param {KnownTake} take */
  remove(take) {
    this.#changed.delete(take);
    this.#do((store) => store.remove(take.key));
  }

  /** @returns {Promise<unknown>} when nothing is kept any more; nor will anything be */
  wipe() {
    this.#changed.clear();
    this.#do((store) => store.wipe());
    return this.#work;
  }

  /** @param {(store: Keeping) => Promise<void>} work */
  #do(work) {
    const store = this.#store;
    if (!store) return;
    this.#work = this.#work
      .then(() => work(store))
      .catch((error) => this.#trouble(error?.name === "QuotaExceededError"));
  }

  /**
   * @param {Keeping} store
   * @param {KnownTake} take
   * @param {boolean} over
   */
  async #write(store, take, over) {
    const from = this.#written.get(take.key) ?? 0;
    const parts = take.tape && from !== Infinity ? take.tape.parts(from, over) : [];
    await store.put(kept(take, this.#linesOf(take)), parts, from);
    this.#written.set(take.key, over ? Infinity : from + parts.length);
  }
}

/**
 * @param {KnownTake} take
 * @param {Line[]} lines
 * @returns {KeptTake}
 */
function kept(take, lines) {
  const { name, began, language, live, channels, names, key, offset, tape } = take;
  return {
    ...{ name, began, language, live, channels, names, key },
    seconds: lengthOf(take),
    rate: tape?.rate ?? 0,
    lines: lines.map(({ id: _, ...line }) => shifted(line, -offset)),
  };
}

/**
 * @template {Omit<Line, "id">} T
 * @param {T} line
 * @param {number} by seconds
 * @returns {T} with its times shifted
 */
export function shifted(line, by) {
  return {
    ...line,
    start: line.start + by,
    end: line.end + by,
    words: line.words.map((word) => ({ ...word, start: word.start + by, end: word.end + by })),
  };
}
