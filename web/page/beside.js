/** What is heard beside the microphone: a tab or the system, if that is chosen. */
import { shareSound } from "../audio/display.js";
import { explainDisplay, SHARED_NO_MORE } from "../audio/problems.js";

/** The names of a take's channels then. */
export const BOTH = { "channel 0": "Microphone", "channel 1": "Tab" };

export class Beside {
  /** @type {MediaStream | null} */
  stream = null;
  #problem;

  /** @param {(subject: string, text: string) => void} problem in the user's words */
  constructor(problem) {
    this.#problem = problem;
  }

  /** @returns {Promise<boolean>} whether there is something beside the microphone now */
  async open() {
    try {
      this.stream = await shareSound(() => this.#problem("tab", SHARED_NO_MORE));
      return true;
    } catch (error) {
      this.#problem("tab", explainDisplay(error instanceof Error ? error.name : String(error)));
      return false;
    }
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }
}
