/** How fast the words come: measured in the page, from sound captured to text arrived. */

/**
 * @param {string} metrics the server's, in Prometheus' text format
 * @returns {number | null} jobs that wait for the engine, finals and partials; null if it does not tell
 */
export function queueIn(metrics) {
  const counts = [...metrics.matchAll(/^streamer_queue_jobs\{[^}]*\} (\S+)$/gm)];
  return counts.length ? counts.reduce((sum, [, count]) => sum + Number(count), 0) : null;
}

export class Figures {
  /** @type {{position: number, at: number}[]} */
  #captured = [];
  #heardUntil = 0;
  /** @type {number | null} milliseconds from the last speech sample to the newest final */
  finalLatency = null;

  /**
   * @param {number} position seconds of the take captured so far
   * @param {number} at milliseconds, any clock
   */
  captured(position, at) {
    this.#captured.push({ position, at });
  }

  /** @param {number} end of the newest partial or final, seconds of the take */
  heard(end) {
    this.#heardUntil = Math.max(this.#heardUntil, end);
  }

  /**
   * @param {number} end seconds of the take
   * @param {number} at milliseconds, the clock of `captured`
   */
  final(end, at) {
    this.heard(end);
    const moment = this.#captured.findIndex(({ position }) => position >= end);
    if (moment < 0) return;
    this.finalLatency = at - (this.#captured[moment]?.at ?? at);
    this.#captured.splice(0, moment);
  }

  /**
   * Seconds of captured audio that the newest text does not cover yet: meaningful while speech lasts.
   * @returns {number}
   */
  get lag() {
    return Math.max(0, (this.#captured.at(-1)?.position ?? 0) - this.#heardUntil);
  }
}
