/**
 * One recording from its start to the server's `done`, over as many connections as it takes.
 *
 * A connection that drops is followed by another that resumes the session: the server keeps what the
 * page lacks, and says how much it has heard. Where it does not know the session any more, a new one
 * is sent again what is not settled.
 *
 * @import { Settings, ServerMessage, Ready, Failure, Warning, UtteranceEvent } from "./types.js"
 *
 * @typedef {{resume: string, last_seq: number}} Resumption a session, and the last message of it
 *
 * @typedef {Pick<WebSocket, "send" | "close" | "bufferedAmount" | "onopen" | "onmessage" | "onclose">} Socket
 *
 * @typedef {"connecting" | "open" | "waiting" | "finishing" | "done" | "failed"} TakeState
 *
 * @typedef {object} TakeListener
 * @property {(state: TakeState) => void} state
 * @property {(ready: Ready, again: number) => void} ready `again`: seconds of audio sent a second time
 * @property {(event: UtteranceEvent) => void} event
 * @property {(seconds: number) => void} acknowledged audio of the take that is wholly transcribed
 * @property {() => void} interrupted the session was lost; open utterances will be heard again
 * @property {(failure: Failure | Warning) => void} trouble as the server tells it
 */
import { waitBefore } from "./backoff.js";
import { Continuity } from "./continuity.js";
import { Outbox } from "./outbox.js";

const FRAME_S = 0.25;
/** Bytes that may wait in the browser before sending pauses, so that a file does not fill memory. */
const BUFFERED_LIMIT = 256 * 1024;
const PUMP_MS = 50;
const KEEPALIVE_MS = 5000;
/** The server acknowledges once a second: a line this long silent while audio flows is dead. */
const SILENT_LINE_MS = 15000;
/** With this close code after `stop`, a session is not kept for its client to come back. */
const FOR_GOOD = 1000;
/** After these, a new attempt may go well; after any other fatal error it would end the same way. */
const PASSING = new Set(["idle_timeout", "overloaded", "draining", "unknown_session"]);

export class Take {
  #connect;
  #settings;
  #listener;
  #rate;
  #channels;
  #outbox;
  #continuity;
  /** @type {Socket | null} */
  #socket = null;
  /** @type {Failure | null} */
  #fatal = null;
  /** @type {Resumption | null} */
  #session = null;
  /** @type {Settings} */
  #changes = {};
  #attempt = 0;
  #begun = false;
  #ready = false;
  #ended = false;
  #stopped = false;
  #lastAudio = 0;
  #lastTold = 0;
  #lastHeard = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pumping;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse;

  /**
   * @param {object} options
   * @param {(resumption: Resumption | null) => Socket} options.connect
   * @param {Settings} options.settings
   * @param {number} options.rate frames a second
   * @param {number} options.channels
   * @param {TakeListener} options.listener
   */
  constructor({ connect, settings, rate, channels, listener }) {
    this.#connect = connect;
    this.#settings = { ...settings };
    this.#rate = rate;
    this.#channels = channels;
    this.#listener = listener;
    this.#outbox = new Outbox(channels);
    this.#continuity = new Continuity(channels);
    this.#pulse = setInterval(() => this.#beat(), 1000);
    this.#open();
  }

  /** Seconds of audio captured but not yet known to be transcribed. */
  get pending() {
    return this.#outbox.end / this.#rate - this.#continuity.keepFrom;
  }

  /** @param {Int16Array} samples interleaved */
  push(samples) {
    this.#outbox.append(samples);
    this.#pump();
  }

  /** No more audio will come; `done` follows once all of it is transcribed. */
  end() {
    this.#ended = true;
    if (this.#ready) this.#listener.state("finishing");
    this.#pump();
  }

  /** Give up at once: what is not transcribed by now never will be, and the server may forget it. */
  abandon() {
    if (this.#ready && !this.#stopped) this.#tell({ type: "stop" });
    this.#finish("failed", FOR_GOOD);
  }

  /** @param {Settings} changes in force from the next utterance on, and in later sessions */
  configure(changes) {
    Object.assign(this.#settings, changes);
    Object.assign(this.#changes, changes);
    if (this.#ready && !this.#stopped) this.#tell({ type: "configure", ...changes });
  }

  /** Close the open utterance now. */
  flush() {
    if (this.#ready && !this.#stopped) this.#tell({ type: "flush", id: String(this.#outbox.sent) });
  }

  /** Do not wait for the next attempt's time: the network or the tab has just come back. */
  retryNow() {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#open();
  }

  /** The network is known to be gone: do not wait for the socket to notice. */
  drop() {
    if (this.#socket) this.#lost();
  }

  #open() {
    this.#retry = undefined;
    this.#listener.state("connecting");
    const socket = this.#connect(this.#session);
    this.#socket = socket;
    this.#fatal = null;
    this.#lastHeard = Date.now();
    socket.onopen = () => {
      const format = { encoding: "pcm_s16le", sample_rate: this.#rate, channels: this.#channels };
      this.#tell({ type: "start", ...format, ...this.#settings });
    };
    socket.onmessage = ({ data }) => {
      this.#lastHeard = Date.now();
      this.#hear(JSON.parse(data));
    };
    socket.onclose = () => this.#lost();
  }

  /** @param {ServerMessage} message */
  #hear(message) {
    const resumed = message.type === "ready" && message.resumed;
    if (this.#session && message.seq !== undefined && !resumed) this.#session.last_seq = message.seq;
    switch (message.type) {
      case "ready":
        // Where `start` is long on its way, a first `ready` tells the defaults, a second ours.
        if (!this.#ready) this.#begin(message);
        break;
      case "acknowledged":
        this.#continuity.acknowledge(message.audio);
        this.#listener.acknowledged(this.#continuity.keepFrom);
        break;
      case "speech_started":
      case "partial":
      case "turn_paused":
      case "turn_resumed":
      case "speech_ended":
      case "final": {
        const event = this.#continuity.place(message);
        if (event) this.#listener.event(event);
        break;
      }
      case "error":
        if (message.fatal) this.#fatal = message;
        if (message.code !== "unknown_session") this.#listener.trouble(message);
        break;
      case "warning":
        this.#listener.trouble(message);
        break;
      case "done":
        if (this.#stopped) this.#finish("done");
        // A server that goes away ends the session by itself: the take goes on with the next one.
        else {
          this.#continuity.acknowledge(message.audio);
          this.#session = null;
        }
        break;
    }
    this.#outbox.forget(Math.floor(this.#continuity.keepFrom * this.#rate));
  }

  /** @param {Ready} ready */
  #begin(ready) {
    const before = this.#outbox.sent;
    let again = 0;
    if (ready.resumed && this.#session) {
      this.#outbox.rewind(Math.round((this.#continuity.origin + (ready.audio_received ?? 0)) * this.#rate));
    } else {
      if (this.#begun) this.#listener.interrupted();
      this.#begun = true;
      this.#outbox.rewind(Math.floor(this.#continuity.reopen() * this.#rate));
      this.#session = { resume: ready.session, last_seq: ready.seq ?? -1 };
      again = (before - this.#outbox.sent) / this.#rate;
    }
    this.#attempt = 0;
    this.#ready = true;
    this.#stopped = false;
    // A change may have been on its way when the line broke; to hear of it twice does no harm.
    if (ready.resumed && Object.keys(this.#changes).length) this.#tell({ type: "configure", ...this.#changes });
    this.#listener.ready(ready, again);
    this.#listener.state(this.#ended ? "finishing" : "open");
    this.#pump();
  }

  #pump() {
    clearTimeout(this.#pumping);
    if (!this.#ready || !this.#socket || this.#stopped) return;
    while (this.#socket.bufferedAmount < BUFFERED_LIMIT) {
      const samples = this.#outbox.next(Math.round(FRAME_S * this.#rate));
      if (!samples) break;
      this.#lastAudio = Date.now();
      this.#socket.send(/** @type {Int16Array<ArrayBuffer>} */ (samples));
    }
    if (this.#outbox.sent < this.#outbox.end) {
      this.#pumping = setTimeout(() => this.#pump(), PUMP_MS);
    } else if (this.#ended) {
      this.#stopped = true;
      this.#tell({ type: "stop" });
    }
  }

  #beat() {
    const now = Date.now();
    if (!this.#ready || this.#stopped) return;
    const unanswered = this.#lastAudio > this.#lastHeard;
    if (unanswered && now - this.#lastHeard > SILENT_LINE_MS) this.#lost();
    else if (now - this.#lastTold > KEEPALIVE_MS) {
      this.#tell({ type: "keepalive", last_seq: this.#session?.last_seq });
    }
  }

  #lost() {
    const fatal = this.#fatal;
    if (fatal) this.#session = null;
    if (fatal?.code === "unknown_session") this.#attempt = 0;
    this.#disconnect();
    if (fatal && !PASSING.has(fatal.code)) {
      this.#finish("failed");
      return;
    }
    this.#retry = setTimeout(() => this.#open(), waitBefore(this.#attempt, Math.random()));
    this.#attempt += 1;
    this.#listener.state("waiting");
  }

  /**
   * @param {"done" | "failed"} state
   * @param {number} [code]
   */
  #finish(state, code) {
    this.#disconnect(code);
    clearTimeout(this.#retry);
    this.#retry = undefined;
    clearInterval(this.#pulse);
    this.#listener.state(state);
  }

  /** @param {number} [code] without one the session waits for us on the server */
  #disconnect(code) {
    clearTimeout(this.#pumping);
    this.#ready = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  /** @param {object} message */
  #tell(message) {
    this.#lastTold = Date.now();
    this.#socket?.send(JSON.stringify(message));
  }
}
