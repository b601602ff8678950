// The npm package's REST and Realtime with one base URL: BASE_URL SAMPLE. See run.sh.
//
// Its Realtime client makes wss: of every address, so the server needs TLS; Node trusts a certificate of one's own
// by NODE_EXTRA_CA_CERTS.
import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const [baseURL, sample] = process.argv.slice(2);
const client = new OpenAI({ apiKey: "secret", baseURL });
let failed = false;

function judge(name, text) {
  const good = text.toLowerCase().includes("good morning");
  failed ||= !good;
  console.log(`${good ? "ok  " : "FAIL"} openai (npm) ${name}: ${text.slice(0, 90)}`);
}

const create = (more) =>
  client.audio.transcriptions.create({ model: "gpt-4o-transcribe", file: createReadStream(sample), ...more });

judge("models", (await client.models.list()).data.length === 1 ? "good morning, model" : "");
judge("whole", (await create({ response_format: "verbose_json" })).text);

let streamed = "";
for await (const event of await create({ stream: true, include: ["logprobs"] }))
  if (event.type === "transcript.text.delta") streamed += event.delta;
judge("streamed", streamed);

const realtime = new OpenAIRealtimeWS({ model: "gpt-realtime" }, client);
realtime.on("error", (error) => {
  console.log(`FAIL openai (npm) realtime: ${error.message}`);
  process.exit(1);
});
realtime.socket.on("open", () => {
  realtime.send({
    type: "session.update",
    session: {
      type: "transcription",
      audio: { input: { format: { type: "audio/pcm", rate: 24000 }, turn_detection: null } },
    },
  });
  const pcm = execFileSync("ffmpeg", ["-v", "error", "-i", sample, "-ar", "24000", "-ac", "1", "-f", "s16le", "-"]);
  for (let at = 0; at < pcm.length; at += 48000)
    realtime.send({ type: "input_audio_buffer.append", audio: pcm.subarray(at, at + 48000).toString("base64") });
  realtime.send({ type: "input_audio_buffer.commit" });
});
realtime.on("conversation.item.input_audio_transcription.completed", (event) => {
  judge("realtime", event.transcript);
  realtime.close();
  process.exitCode = failed ? 1 : 0;
});
