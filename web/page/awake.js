/** A screen that stays lit while somebody is listened to. */
export class Awake {
  /** @type {WakeLockSentinel | undefined} */
  #lock;

  async hold() {
    if (document.visibilityState !== "visible") return;
    // Not every browser has it, and an empty battery forbids it: then the screen may go dark.
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
  }

  release() {
    void this.#lock?.release();
  }
}
