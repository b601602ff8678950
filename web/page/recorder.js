/**
 * From a source of sound (microphone, sample, file) to a take.
 *
 * @import { TakeListener } from "../protocol/take.js"
 * @import { KnownTake, Takes } from "../takes/takes.js"
 * @import { Choices } from "./settings.js"
 *
 * @typedef {KnownTake & {tape: Tape}} Recording
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
import { Beside, BOTH } from "./beside.js";
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
  #takes;
  #share;
  /** @type {{languages: string[], word_timings?: boolean}} what the server can do */
  server = { languages: [] };
  /** @type {Recording | null} the running one, or the last */
  #recording = null;
  /** @type {Take | null} */
  #take = null;
  /** @type {Microphone | null} */
  #microphone = null;
  #beside;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pacer;
  #awake = new Awake();
  #watch = new Watch(0, 0);
  #ended = 0;

  /**
   * @param {Choices} choices
   * @param {Takes} takes to which each recording is added
   * @param {{token: string}} share with whom each recording is shared, if with anybody
   * @param {RecorderListener} listener
   */
  constructor(choices, takes, share, listener) {
    this.#choices = choices;
    this.#takes = takes;
    this.#share = share;
    this.#listener = listener;
    this.#beside = new Beside((subject, text) => listener.problem(subject, text));
  }

  get running() {
    return this.#take !== null;
  }

  /** Seconds said in the running recording, or the last. */
  get duration() {
    return this.#recording?.tape.duration ?? 0;
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
    const both = this.#choices.source === "both";
    if (both && !(await this.#beside.open())) return false;
    /** @type {Int16Array[]} */
    const early = [];
    const microphone = await this.#openMicrophone(this.#choices.device, (samples) => early.push(samples));
    if (!microphone) {
      this.#silence();
      return false;
    }
    this.#microphone = microphone;
    const channels = both ? 2 : this.#choices.channels;
    this.#begin(nameOfNow(), microphone.rate, channels, true, this.#choices.language, both ? BOTH : {});
    this.#watch = new Watch(performance.now(), 0);
    early.forEach((samples) => this.#heard(samples));
    await this.#awake.hold();
    return true;
  }

  /**
   * @param {string} name
   * @param {AudioBuffer} sound
   * @param {boolean} aloud play it, and send it as fast as it plays; otherwise as fast as it goes
   * @param {string} language
   */
  transcribe(name, sound, aloud, language) {
    const { samples, channels } = samplesOf(sound, this.#choices.channels);
    const rate = sound.sampleRate;
    this.#begin(name, rate, channels, aloud, language);
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
   * @param {string} name
   * @param {number} rate
   * @param {number} channels
   * @param {boolean} live
   * @param {string} language
   * @param {Record<string, string>} [names] of the channels
   */
  #begin(name, rate, channels, live, language, names = {}) {
    const tape = new Tape(rate, channels);
    const facts = { name, began: Date.now(), language, live, channels, names };
    const recording = Object.assign(this.#takes.add(facts, tape), { tape });
    this.#recording = recording;
    const listener = this.#listener.begin(recording);
    this.#take = new Take({
      connect: openSocket,
      settings: {
        ...sessionSettings({ ...this.#choices, language }, this.server),
        ...(this.#share.token && { watch: this.#share.token }),
      },
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
    this.#recording?.tape.append(samples);
    this.#listener.samples(samples);
    this.#take?.push(samples);
  }

  /** @param {Int16Array} samples from the microphone */
  #heard(samples) {
    this.#push(samples);
    const { rate, channels } = this.#recording?.tape ?? { rate: 1, channels: 1 };
    const seconds = samples.length / channels / rate;
    const silent = samples.every((sample) => sample === 0);
    const { paused, silence } = this.#watch.block(performance.now(), seconds, silent);
    if (paused) setTimeout(() => this.#tellMissed(), CATCH_UP_MS);
    if (silence) this.#listener.problem("silence", silence === "begins" ? DEAD_SILENCE : "");
  }

  #tellMissed() {
    const missed = this.#microphone ? this.#watch.missed(performance.now(), this.duration) : 0;
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
    this.#beside.close();
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
        this.#beside.stream,
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
    const rate = this.#recording?.tape.rate;
    const other = await this.#openMicrophone("", () => {}, rate);
    if (!other) {
      this.#end();
      return;
    }
    this.#microphone = other;
    this.#watch = new Watch(performance.now(), this.duration);
    this.#listener.problem("unplugged", explainUnplugged(other.label));
  }
}

function nameOfNow() {
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return `Recording of ${time}`;
}
