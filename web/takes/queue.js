/**
 * Files that wait to be transcribed, one after the other.
 *
 * @template T
 */
export class Queue {
  /** @type {T[]} in the order in which they came */
  waiting = [];
  #run;
  #may;
  #changed;
  #busy = false;

  /**
   * @param {(item: T) => Promise<void>} run resolves when the next may begin; does not reject
   * @param {() => boolean} may whether one may begin now
   * @param {() => void} changed
   */
  constructor(run, may, changed) {
    this.#run = run;
    this.#may = may;
    this.#changed = changed;
  }

  /** @param {T[]} items */
  add(...items) {
    this.waiting.push(...items);
    this.#changed();
    this.next();
  }

  /** @param {T} item that shall not be run after all */
  remove(item) {
    this.waiting = this.waiting.filter((other) => other !== item);
    this.#changed();
  }

  /** Begin the next one, if one may: to be called whenever that has changed. */
  next() {
    if (this.#busy || !this.#may()) return;
    const item = this.waiting.shift();
    if (item === undefined) return;
    this.#busy = true;
    this.#changed();
    void this.#run(item).then(() => {
      this.#busy = false;
      this.next();
    });
  }
}
