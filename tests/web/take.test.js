// A take goes from its start to `done`, whatever happens to its connections.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Take } from "../../web/protocol/take.js";

const RATE = 1000;

class FakeSocket {
  /** @type {(object | number)[]} messages, and of audio the number of samples */
  sent = [];
  bufferedAmount = 0;
  closed = false;
  onopen = () => {};
  onmessage = () => {};
  onclose = () => {};

  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data.length);
  }

  /** @param {number} [code] */
  close(code) {
    this.closed = true;
    this.code = code;
  }

  tell(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  get samples() {
    return this.sent.filter((entry) => typeof entry === "number").reduce((sum, n) => sum + n, 0);
  }

  get orders() {
    return this.sent.filter((entry) => typeof entry === "object").map(({ type }) => type);
  }
}

const ready = { type: "ready", session: "s", model: "m", languages: ["en"] };

describe("a take", () => {
  /** @type {FakeSocket[]} */
  let sockets;
  let told;
  let take;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    sockets = [];
    told = [];
    const note =
      (kind) =>
      (...rest) =>
        told.push([kind, ...rest]);
    take = new Take({
      connect: (resumption) => {
        const socket = new FakeSocket();
        socket.resumption = resumption;
        sockets.push(socket);
        return socket;
      },
      settings: { language: "en" },
      rate: RATE,
      channels: 1,
      listener: {
        state: note("state"),
        ready: note("ready"),
        event: note("event"),
        acknowledged: note("acknowledged"),
        interrupted: note("interrupted"),
        trouble: note("trouble"),
      },
    });
  });
  afterEach(() => mock.timers.reset());

  const states = () => told.filter(([kind]) => kind === "state").map(([, state]) => state);
  const open = (socket) => {
    socket.onopen();
    socket.tell(ready);
  };

  it("sends its settings first, and audio only once the server is ready", () => {
    take.push(new Int16Array(100));
    sockets[0].onopen();
    assert.deepEqual(sockets[0].sent, [
      { type: "start", encoding: "pcm_s16le", sample_rate: RATE, channels: 1, language: "en" },
    ]);
    sockets[0].tell(ready);
    assert.equal(sockets[0].samples, 100);
    assert.deepEqual(states(), ["connecting", "open"]);
  });

  it("sends nothing twice when the server is ready twice", () => {
    open(sockets[0]);
    take.push(new Int16Array(100));
    sockets[0].tell(ready);
    assert.equal(sockets[0].samples, 100);
  });

  it("pauses while too much waits in the browser", () => {
    open(sockets[0]);
    sockets[0].bufferedAmount = 1e6;
    take.push(new Int16Array(500));
    assert.equal(sockets[0].samples, 0);
    sockets[0].bufferedAmount = 0;
    mock.timers.tick(50);
    assert.equal(sockets[0].samples, 500);
  });

  it("stops after the last audio, and is done when the server says so", () => {
    open(sockets[0]);
    take.push(new Int16Array(300));
    take.end();
    assert.deepEqual(sockets[0].orders, ["start", "stop"]);
    assert.equal(sockets[0].sent.at(-1).type, "stop");
    sockets[0].tell({ type: "done", audio: 0.3, utterances: 0 });
    assert.deepEqual(states(), ["connecting", "open", "finishing", "done"]);
    assert.ok(sockets[0].closed);
  });

  it("connects again after a loss and sends what was not settled", () => {
    open(sockets[0]);
    take.push(new Int16Array(10 * RATE));
    sockets[0].tell({ type: "acknowledged", audio: 8 });
    sockets[0].onclose();
    take.push(new Int16Array(RATE));
    mock.timers.tick(500);
    assert.equal(sockets.length, 2);
    open(sockets[1]);
    assert.equal(sockets[1].samples, 3.5 * RATE, "from half a second before the acknowledged");
    assert.deepEqual(told.findLast(([kind]) => kind === "ready")[2], 2.5);
    sockets[1].tell({ type: "speech_started", channel: 0, utterance: 0, at: 1 });
    assert.equal(told.at(-1)[1].at, 8.5, "times go on from where the take was");
  });

  it("resumes its session, and sends what the server has not heard of it", () => {
    open(sockets[0]);
    take.push(new Int16Array(10 * RATE));
    sockets[0].tell({ type: "acknowledged", seq: 1, audio: 8 });
    sockets[0].tell({ type: "speech_started", seq: 2, channel: 0, utterance: 0, at: 8.2 });
    sockets[0].onclose();
    mock.timers.tick(500);
    assert.deepEqual(sockets[1].resumption, { resume: "s", last_seq: 2 });
    sockets[1].onopen();
    sockets[1].tell({ ...ready, seq: 2, resumed: true, audio_received: 9.25 });
    assert.equal(sockets[1].samples, 0.75 * RATE);
    sockets[1].tell({ type: "final", seq: 3, channel: 0, utterance: 0, text: "x", start: 8.2, end: 9.5 });
    const [started, final] = told.filter(([kind]) => kind === "event").map(([, event]) => event);
    assert.equal(final.key, started.key);
    assert.equal(final.end, 9.5);
    assert.deepEqual(told.filter(([kind]) => kind === "interrupted"), []);
    assert.equal(told.findLast(([kind]) => kind === "ready")[2], 0, "nothing is sent a second time");
    sockets[1].onclose();
    mock.timers.tick(500);
    assert.deepEqual(sockets[2].resumption, { resume: "s", last_seq: 3 });
  });

  it("tells a resumed session what was changed meanwhile", () => {
    open(sockets[0]);
    take.configure({ partials: false });
    sockets[0].onclose();
    take.configure({ language: "de" });
    mock.timers.tick(500);
    sockets[1].onopen();
    sockets[1].tell({ ...ready, resumed: true, audio_received: 0 });
    assert.deepEqual(sockets[1].sent.at(-1), { type: "configure", partials: false, language: "de" });
  });

  it("begins anew when the server does not know its session, and does not complain", () => {
    open(sockets[0]);
    take.push(new Int16Array(RATE));
    sockets[0].onclose();
    mock.timers.tick(500);
    assert.equal(sockets[1].resumption.resume, "s");
    sockets[1].onopen();
    sockets[1].tell({ type: "error", code: "unknown_session", message: "no such", fatal: true });
    sockets[1].onclose();
    mock.timers.tick(1000);
    assert.equal(sockets[2].resumption, null);
    open(sockets[2]);
    assert.equal(sockets[2].samples, RATE);
    assert.deepEqual(told.filter(([kind]) => kind === "trouble"), []);
    assert.equal(told.filter(([kind]) => kind === "interrupted").length, 1);
  });

  it("waits longer with every attempt that fails", () => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const before = sockets.length;
      sockets.at(-1).onclose();
      mock.timers.tick(149 * 2 ** Math.min(attempt, 4));
      assert.equal(sockets.length, before, `attempt ${attempt} came too early`);
      mock.timers.tick(10_000);
      assert.equal(sockets.length, before + 1);
    }
  });

  it("tries again at once when the network is back", () => {
    sockets[0].onclose();
    take.retryNow();
    assert.equal(sockets.length, 2);
    mock.timers.tick(10_000);
    assert.equal(sockets.length, 2);
  });

  it("drops a line that stays silent while audio flows", () => {
    open(sockets[0]);
    for (let second = 0; second < 17; second += 1) {
      take.push(new Int16Array(RATE));
      mock.timers.tick(1000);
    }
    assert.ok(sockets[0].closed);
    assert.equal(sockets.length, 2);
  });

  it("gives signs of life while no audio comes", () => {
    open(sockets[0]);
    sockets[0].tell({ type: "acknowledged", seq: 4, audio: 0 });
    for (let second = 0; second < 14; second += 1) mock.timers.tick(1000);
    assert.deepEqual(sockets[0].orders, ["start", "keepalive", "keepalive"]);
    assert.equal(sockets[0].sent.at(-1).last_seq, 4, "what need not be kept for it");
  });

  it("ends with a fatal error that would come again", () => {
    sockets[0].onopen();
    sockets[0].tell({ type: "error", code: "invalid_setting", message: "no such language", fatal: true });
    sockets[0].onclose();
    mock.timers.tick(60_000);
    assert.equal(sockets.length, 1);
    assert.equal(states().at(-1), "failed");
    assert.equal(told.find(([kind]) => kind === "trouble")[1].message, "no such language");
  });

  it("goes on after a fatal error that passes", () => {
    open(sockets[0]);
    sockets[0].tell({ type: "error", code: "idle_timeout", message: "nothing came", fatal: true });
    sockets[0].onclose();
    mock.timers.tick(1000);
    assert.equal(sockets.length, 2);
  });

  it("goes on in a new session when the server ends one by itself", () => {
    open(sockets[0]);
    take.push(new Int16Array(2 * RATE));
    sockets[0].tell({ type: "done", audio: 2, utterances: 0 });
    sockets[0].onclose();
    mock.timers.tick(500);
    open(sockets[1]);
    assert.equal(sockets[1].samples, RATE / 2);
    assert.deepEqual(states(), ["connecting", "open", "waiting", "connecting", "open"]);
  });

  it("finishes over a new connection what was cut off while finishing", () => {
    open(sockets[0]);
    take.push(new Int16Array(RATE));
    take.end();
    sockets[0].onclose();
    mock.timers.tick(500);
    open(sockets[1]);
    assert.equal(sockets[1].samples, RATE);
    assert.deepEqual(sockets[1].orders, ["start", "stop"]);
    assert.equal(states().at(-1), "finishing");
  });

  it("carries changed settings over into the next session", () => {
    open(sockets[0]);
    take.configure({ endpoint_silence_ms: 900 });
    assert.deepEqual(sockets[0].sent.at(-1), { type: "configure", endpoint_silence_ms: 900 });
    sockets[0].onclose();
    mock.timers.tick(500);
    sockets[1].onopen();
    assert.equal(sockets[1].sent[0].endpoint_silence_ms, 900);
  });

  it("says nothing after stop", () => {
    open(sockets[0]);
    take.end();
    take.flush();
    take.configure({ partials: false });
    mock.timers.tick(20_000);
    assert.deepEqual(sockets[0].orders, ["start", "stop"]);
  });

  it("tells the server when it is given up, so that nobody waits for it", () => {
    open(sockets[0]);
    take.push(new Int16Array(100));
    take.abandon();
    assert.equal(sockets[0].sent.at(-1).type, "stop");
    assert.equal(sockets[0].code, 1000);
  });

  it("asks the server to wait for it when a line is dropped", () => {
    open(sockets[0]);
    take.end();
    take.drop();
    assert.ok(sockets[0].closed);
    assert.equal(sockets[0].code, undefined);
  });

  it("can be given up", () => {
    sockets[0].onclose();
    take.abandon();
    mock.timers.tick(60_000);
    assert.equal(sockets.length, 1);
    assert.equal(states().at(-1), "failed");
  });
});
