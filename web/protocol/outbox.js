/** The audio of a take that the server may still have to be sent, or be sent again. */

export class Outbox {
  #channels;
  /** @type {{at: number, samples: Int16Array}[]} */
  #blocks = [];
  #sent = 0;
  #end = 0;

  /** @param {number} channels interleaved in every block; a frame is one sample of each */
  constructor(channels) {
    this.#channels = channels;
  }

  /** Frames appended since the take began. */
  get end() {
    return this.#end;
  }

  /** The frame that the next `next` begins with. */
  get sent() {
    return this.#sent;
  }

  /** The first frame still held. */
  get first() {
    return this.#blocks[0]?.at ?? this.#end;
  }

  /** @param {Int16Array} samples interleaved; kept, not copied */
  append(samples) {
    if (samples.length === 0) return;
    this.#blocks.push({ at: this.#end, samples });
    this.#end += samples.length / this.#channels;
  }

  /**
   * The next audio to send, or null when all has been.
   * @param {number} frames at most
   * @returns {Int16Array | null}
   */
  next(frames) {
    const block = this.#blocks.findLast(({ at }) => at <= this.#sent);
    if (!block || this.#sent >= this.#end) return null;
    const from = (this.#sent - block.at) * this.#channels;
    const part = block.samples.subarray(from, from + frames * this.#channels);
    this.#sent += part.length / this.#channels;
    return part;
  }

  /**
   * Everything from this frame on will be sent (again).
   * @param {number} frame
   */
  rewind(frame) {
    this.#sent = Math.min(this.#end, Math.max(this.first, frame));
  }

  /**
   * Nothing before this frame will be asked for again.
   * @param {number} frame
   */
  forget(frame) {
    const keep = this.#blocks.findIndex(({ at, samples }) => at + samples.length / this.#channels > frame);
    this.#blocks.splice(0, keep < 0 ? this.#blocks.length : keep);
  }
}
