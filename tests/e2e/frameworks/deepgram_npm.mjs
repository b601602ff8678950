// Deepgram's npm package, live transcription and Flux: ADDRESS SAMPLE. See run.sh.
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { DeepgramClient } from "@deepgram/sdk";

const [address, sample] = process.argv.slice(2);
const [base, production] = [`http://${address}`, `ws://${address}`];
const environment = { base, production, agent: production, agentRest: base };
const { v1, v2 } = new DeepgramClient({ apiKey: "secret", environment }).listen;
const decode = ["-v", "error", "-t", "9", "-i", sample, "-ar", "16000", "-ac", "1", "-f", "s16le", "-"];
const pcm = execFileSync("ffmpeg", decode);

/** Speak a little faster than people do, and return all messages until the server has closed. */
async function heard(socket, afterSpeech) {
  const messages = [];
  const closed = new Promise((resolve) => socket.on("close", (event) => resolve(event.code)));
  socket.on("message", (message) => messages.push(message));
  socket.on("error", (error) => messages.push({ type: "error", message: error.message }));
  socket.connect();
  await socket.waitForOpen();
  for (let at = 0; at < pcm.length; at += 2560) {
    socket.sendMedia(pcm.subarray(at, at + 2560));
    await sleep(48);
  }
  afterSpeech();
  const code = await Promise.race([closed, sleep(20_000, "no close", { ref: false })]);
  return { messages, code };
}

function judge(name, { messages, code }, finals, ...wanted) {
  const text = finals.join(" ");
  const seen = messages.map((one) => one.event ?? one.type);
  const good = /morning/i.test(text) && code === 1000 && !seen.includes("error") && wanted.every((one) => seen.includes(one));
  const counts = [...new Set(seen)].map((kind) => `${seen.filter((one) => one === kind).length} ${kind}`).join(", ");
  console.log(`${good ? "ok  " : "FAIL"} @deepgram/sdk ${name}: ${counts}, closed with ${code}\n       ${text}`);
  if (!good) process.exitCode = 1;
}

const form = { encoding: "linear16", sample_rate: 16000, reconnectAttempts: 0 };
const listening = await v1.connect({ ...form, model: "nova-3", interim_results: "true", vad_events: "true" });
const live = await heard(listening, () => listening.sendCloseStream({ type: "CloseStream" }));
const results = live.messages.filter((one) => one.type === "Results" && one.is_final);
judge("listen.v1", live, results.map((one) => one.channel.alternatives[0].transcript), "SpeechStarted", "Metadata");

const turns = await v2.connect({ ...form, model: "flux-general-en", eager_eot_threshold: 0.3, keyterm: ["Brian", "a b"] });
const flux = await heard(turns, () => {
  turns.sendConfigure({ type: "Configure", thresholds: { eot_threshold: 0.8 } });
  turns.sendCloseStream({ type: "CloseStream" });
});
const ends = flux.messages.filter((one) => one.event === "EndOfTurn");
judge("listen.v2", flux, ends.map((one) => one.transcript), "Connected", "StartOfTurn", "Update", "ConfigureSuccess");
