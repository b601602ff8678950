/**
 * From a source of sound (microphone, sample, file) to a take.
 *
 * @import { TakeListener } from "../protocol/take.js"
 * @import { Choices } from "./settings.js"
 *
 * @typedef {object} Recording
 * @property {number} id
 * @property {number} offset seconds on the page's clock at which it begins
 * @property {string} language as chosen when it began
 * @property {boolean} live as fast as life, so that latencies mean something
 * @property {number} rate
 * @property {number} channels
 * @property {Tape} tape
 *
 * @typedef {object} RecorderListener
 * @property {(recording: Recording) => TakeListener} begin
 * @property {(samples: Int16Array) => void} samples of the running recording
 * @property {(subject: string, text: string) => void} problem in the user's words
 */
import { samplesOf } from "../audio/file.js";
import { Microphone } from "../audio/microphone.js";
import * as player from "../audio/player.js";
import {
  DEAD_SILENCE,
  DEVICE_GONE,
  explainAsleep,
  explainInsecure,
  explainMicrophone,
  explainUnplugged,
} from "../audio/problems.js";
import { Tape } from "../audio/tape.js";
import { Watch } from "../audio/watch.js";
import { Take } from "../protocol/take.js";
import { Awake } from "./awake.js";
import { openSocket } from "./server.js";
import { sessionSettings } from "./settings.js";

const PACE_MS = 40;
/** After a pause of the page, blocks that came meanwhile arrive within this time. */
const CATCH_UP_MS = 1000;
/** A double click on Stop does not mean to give up what was said. */
const SECOND_THOUGHT_MS = 1500;

export class Recorder {
  #choices;
  #listener;
  /** @type {string[]} */
  languages = [];
  /** @type {Recording[]} */
  recordings = [];
  /** Up to where on the page's clock something was transcribed without a recording. */
  #elsewhere = 0;
  /** @type {Take | null} */
  #take = null;
  /** @type {Microphone | null} */
  #microphone = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pacer;
  #awake = new Awake();
  #watch = new Watch(0, 0);
  #ended = 0;
  #serial = 0;

  /**
   * @param {Choices} choices
   * @param {RecorderListener} listener
   */
  constructor(choices, listener) {
    this.#choices = choices;
    this.#listener = listener;
  }

  get running() {
    return this.#take !== null;
  }

  /** Seconds said but not yet transcribed. */
  get pending() {
    return this.#take?.pending ?? 0;
  }

  /** @returns {Promise<boolean>} whether it listens now */
  async listen() {
    if (!isSecureContext || !navigator.mediaDevices) {
      this.#listener.problem("microphone", explainInsecure(location));
      return false;
    }
    /** @type {Int16Array[]} */
    const early = [];
    const microphone = await this.#openMicrophone(this.#choices.device, (samples) => early.push(samples));
    if (!microphone) return false;
    this.#microphone = microphone;
    this.#begin(microphone.rate, this.#choices.channels, true, this.#choices.language);
    this.#watch = new Watch(performance.now(), 0);
    early.forEach((samples) => this.#heard(samples));
    await this.#awake.hold();
    return true;
  }

  /**
   * @param {AudioBuffer} sound
   * @param {boolean} aloud play it, and send it as fast as it plays; otherwise as fast as it goes
   * @param {string} language
   */
  transcribe(sound, aloud, language) {
    const { samples, channels } = samplesOf(sound, this.#choices.channels);
    const rate = sound.sampleRate;
    this.#begin(rate, channels, aloud, language);
    if (!aloud) {
      this.#push(samples);
      this.#end();
      return;
    }
    void player.play(samples, rate, channels, () => {});
    const began = performance.now();
    let sent = 0;
    this.#pacer = setInterval(() => {
      const until = Math.min(
        samples.length,
        Math.floor(((performance.now() - began) / 1000) * rate) * channels,
      );
      this.#push(samples.subarray(sent, until));
      sent = until;
      if (sent === samples.length) this.#end();
    }, PACE_MS);
  }

  /** No more sound; what was said is still transcribed. Once more, later: do not wait for that. */
  stop() {
    if (this.#microphone || this.#pacer !== undefined) {
      player.stop();
      this.#end();
    } else if (performance.now() - this.#ended > SECOND_THOUGHT_MS) this.#take?.abandon();
  }

  /** The page goes for good: nobody will read what is still to be said. */
  leave() {
    this.#take?.abandon();
  }

  /** Drop the sound of all takes; none may be running. */
  forget() {
    this.recordings = [];
    this.#elsewhere = 0;
  }

  /**
   * Something was transcribed without a recording here: it takes its place on the page's clock.
   * @param {number} seconds
   * @returns {{id: number, offset: number}}
   */
  makeRoom(seconds) {
    const last = this.recordings.at(-1);
    const offset = Math.max(this.#elsewhere, last ? last.offset + last.tape.duration : 0);
    this.#elsewhere = offset + seconds;
    return { id: (this.#serial += 1), offset };
  }

  flush() {
    this.#take?.flush();
  }

  /** @param {import("../protocol/types.js").Settings} changes */
  configure(changes) {
    this.#take?.configure(changes);
  }

  /** The tab is looked at again, or the network is back. */
  async wake() {
    this.#take?.retryNow();
    if (!this.#microphone) return;
    await this.#microphone.wake();
    await this.#awake.hold();
  }

  /** The network is gone. */
  offline() {
    this.#take?.drop();
  }

  /**
   * @param {number} rate
   * @param {number} channels
   * @param {boolean} live
   * @param {string} language
   */
  #begin(rate, channels, live, language) {
    const last = this.recordings.at(-1);
    /** @type {Recording} */
    const recording = {
      id: (this.#serial += 1),
      offset: Math.max(this.#elsewhere, last ? last.offset + last.tape.duration : 0),
      language,
      live,
      rate,
      channels,
      tape: new Tape(rate, channels),
    };
    this.recordings.push(recording);
    const listener = this.#listener.begin(recording);
    this.#take = new Take({
      connect: openSocket,
      settings: sessionSettings({ ...this.#choices, language }, this.languages),
      rate,
      channels,
      listener: {
        ...listener,
        state: (state) => {
          if (state === "failed") this.#silence();
          if (state === "done" || state === "failed") this.#take = null;
          listener.state(state);
        },
      },
    });
  }

  /** @param {Int16Array} samples */
  #push(samples) {
    this.recordings.at(-1)?.tape.append(samples);
    this.#listener.samples(samples);
    this.#take?.push(samples);
  }

  /** @param {Int16Array} samples from the microphone */
  #heard(samples) {
    this.#push(samples);
    const { rate, channels } = this.recordings.at(-1) ?? { rate: 1, channels: 1 };
    const seconds = samples.length / channels / rate;
    const silent = samples.every((sample) => sample === 0);
    const { paused, silence } = this.#watch.block(performance.now(), seconds, silent);
    if (paused) setTimeout(() => this.#tellMissed(), CATCH_UP_MS);
    if (silence) this.#listener.problem("silence", silence === "begins" ? DEAD_SILENCE : "");
  }

  get #duration() {
    return this.recordings.at(-1)?.tape.duration ?? 0;
  }

  #tellMissed() {
    const missed = this.#microphone ? this.#watch.missed(performance.now(), this.#duration) : 0;
    if (missed) this.#listener.problem("asleep", explainAsleep(missed));
  }

  #end() {
    this.#ended = performance.now();
    this.#silence();
    this.#take?.end();
  }

  #silence() {
    clearInterval(this.#pacer);
    this.#pacer = undefined;
    this.#microphone?.close();
    this.#microphone = null;
    this.#awake.release();
  }

  /**
   * @param {string} device
   * @param {(samples: Int16Array) => void} early where blocks go while no take has begun
   * @param {number} [rate]
   * @returns {Promise<Microphone | null>}
   */
  async #openMicrophone(device, early, rate) {
    try {
      return await Microphone.open(
        { ...this.#choices, device },
        {
          samples: (samples) => (this.#microphone ? this.#heard(samples) : early(samples)),
          unplugged: () => void this.#goOn(),
          muted: (muted) => this.#listener.problem("muted", muted ? "The microphone is muted." : ""),
        },
        rate,
      );
    } catch (error) {
      const name = error instanceof Error ? error.name : String(error);
      if (name === "OverconstrainedError" && device) {
        this.#listener.problem("device", DEVICE_GONE);
        return this.#openMicrophone("", early, rate);
      }
      this.#listener.problem("microphone", explainMicrophone(name));
      return null;
    }
  }

  /** The device is gone: go on with the one that the browser now takes by default. */
  async #goOn() {
    this.#microphone?.close();
    this.#microphone = null;
    const rate = this.recordings.at(-1)?.rate;
    const other = await this.#openMicrophone("", () => {}, rate);
    if (!other) {
      this.#end();
      return;
    }
    this.#microphone = other;
    this.#watch = new Watch(performance.now(), this.#duration);
    this.#listener.problem("unplugged", explainUnplugged(other.label));
  }
}
