/** A take's audio, kept in the page alone, so that any line can be heard again. */

/** Seconds after which audio goes into a Blob, which the browser may move out of memory. */
const BLOB_S = 10;

export class Tape {
  /** @type {Blob[]} */
  #blobs = [];
  /** @type {Int16Array[]} */
  #tail = [];
  #tailSamples = 0;
  #samples = 0;

  /**
   * @param {number} rate frames a second
   * @param {number} channels interleaved
   */
  constructor(rate, channels) {
    this.rate = rate;
    this.channels = channels;
  }

  /**
   * A tape of an earlier visit.
   * @param {number} rate
   * @param {number} channels
   * @param {Blob[]} blobs
   */
  static of(rate, channels, blobs) {
    const tape = new Tape(rate, channels);
    tape.#blobs = blobs;
    tape.#samples = blobs.reduce((sum, { size }) => sum + size / 2, 0);
    return tape;
  }

  /**
   * @param {number} from how many parts are known already
   * @param {boolean} whole with the newest sound, too, after which nothing may be appended
   * @returns {Blob[]} the parts since
   */
  parts(from, whole) {
    const parts = this.#blobs.slice(from);
    return whole && this.#tailSamples > 0 ? [...parts, this.#asBlob()] : parts;
  }

  /** Seconds kept. */
  get duration() {
    return this.#samples / this.channels / this.rate;
  }

  /** @param {Int16Array} samples interleaved; not copied at once */
  append(samples) {
    this.#tail.push(samples);
    this.#tailSamples += samples.length;
    this.#samples += samples.length;
    if (this.#tailSamples > BLOB_S * this.rate * this.channels) {
      this.#blobs.push(this.#asBlob());
      this.#tail = [];
      this.#tailSamples = 0;
    }
  }

  /**
   * @param {number} start seconds
   * @param {number} end seconds
   * @returns {Promise<Int16Array>} interleaved
   */
  async cut(start, end) {
    /** @param {number} seconds */
    const byteAt = (seconds) => Math.max(0, Math.floor(seconds * this.rate)) * this.channels * 2;
    const all = new Blob([...this.#blobs, this.#asBlob()]);
    return new Int16Array(await all.slice(byteAt(start), byteAt(end)).arrayBuffer());
  }

  #asBlob() {
    return new Blob(/** @type {Int16Array<ArrayBuffer>[]} */ (this.#tail));
  }
}
