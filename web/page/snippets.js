/**
 * Programs that do what this page does: with this server's address, the page's settings, and its key.
 *
 * @import { Settings } from "../protocol/types.js"
 *
 * @typedef {object} Place
 * @property {string} address of the server: https://host:port/, or what a proxy makes of it
 * @property {string} key empty where none is needed
 * @property {Settings} settings those that are not the server's own choice
 *
 * @typedef {"Python" | "JavaScript" | "curl" | "Deepgram" | "OpenAI"} Snippet
 */

/** What the page sends beside: clients of other protocols want some key. */
const NO_KEY = "none";

/** @type {Record<Snippet, (place: Place) => string>} each reads speech.wav and prints what is said in it */
export const SNIPPETS = { Python: python, JavaScript: javascript, curl, Deepgram: deepgram, OpenAI: openai };

/** @param {Place} place */
function python({ address, key, settings }) {
  const given = Object.entries(settings).map(([name, value]) => `            "${name}": ${literal(value)},\n`);
  return `# pip install websockets
import asyncio
import json
import wave

from websockets.asyncio.client import connect


async def main():
    with wave.open("speech.wav") as sound:  # 16-bit PCM
        start = {
            "type": "start",
            "sample_rate": sound.getframerate(),
            "channels": sound.getnchannels(),
${given.join("")}        }
        async with connect(${literal(streamOf(address, key))}) as ws:
            await ws.send(json.dumps(start))

            async def speak():
                while chunk := sound.readframes(sound.getframerate() // 10):
                    await ws.send(chunk)
                await ws.send('{"type": "stop"}')

            speaking = asyncio.create_task(speak())
            async for message in ws:
                event = json.loads(message)
                if event["type"] == "final":
                    print(event["text"])
            await speaking


asyncio.run(main())
`;
}

/** @param {Place} place */
function javascript({ address, key, settings }) {
  const given = Object.entries(settings).map(([name, value]) => `      ${name}: ${JSON.stringify(value)},\n`);
  return `// node speech.mjs (Node 22 or newer)
import { readFile } from "node:fs/promises";

const wav = await readFile("speech.wav"); // 16-bit PCM, after a header of 44 bytes
const ws = new WebSocket(${JSON.stringify(streamOf(address, key))});
ws.onopen = () => {
  ws.send(
    JSON.stringify({
      type: "start",
      sample_rate: wav.readUInt32LE(24),
      channels: wav.readUInt16LE(22),
${given.join("")}    }),
  );
  for (let at = 44; at < wav.length; at += 32768) ws.send(wav.subarray(at, at + 32768));
  ws.send(JSON.stringify({ type: "stop" }));
};
ws.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (event.type === "final") console.log(event.text);
};
`;
}

/** @param {Place} place */
function curl({ address, key, settings }) {
  const parts = [
    `curl ${quoted(`${address}v1/audio/transcriptions`)}`,
    ...(key ? [`-H ${quoted(`Authorization: Bearer ${key}`)}`] : []),
    "-F model=any",
    ...(settings.language ? [`-F language=${settings.language}`] : []),
    "-F response_format=text",
    "-F file=@speech.wav",
  ];
  return `${parts.join(" \\\n  ")}\n`;
}

/** @param {Place} place */
function deepgram({ address, key, settings: { language, endpoint_silence_ms: silence } }) {
  const http = address.replace(/\/$/, "");
  const options = [
    ...(language ? [`        "language": ${literal(language)},\n`] : []),
    ...(silence ? [`        "endpointing": ${literal(String(silence))},\n`] : []),
  ];
  return `# pip install deepgram-sdk
import asyncio
import wave

from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

http, ws = ${literal(http)}, ${literal(http.replace("http", "ws"))}
here = DeepgramClientEnvironment(base=http, production=ws, agent=ws, agent_rest=http)


async def main():
    client = AsyncDeepgramClient(api_key=${literal(key || NO_KEY)}, environment=here)
    sound = wave.open("speech.wav")  # 16-bit PCM
    options = {
        "model": "any",
        "encoding": "linear16",
        "sample_rate": str(sound.getframerate()),
        "channels": str(sound.getnchannels()),
${options.join("")}    }
    async with client.listen.v1.connect(**options) as connection:

        async def speak():
            while chunk := sound.readframes(sound.getframerate() // 10):
                await connection.send_media(chunk)
            await connection.send_close_stream()

        speaking = asyncio.create_task(speak())
        async for message in connection:
            if message.type == "Results" and message.is_final:
                print(message.channel.alternatives[0].transcript)
        await speaking


asyncio.run(main())
`;
}

/** @param {Place} place */
function openai({ address, key, settings: { language } }) {
  return `# pip install openai
from openai import OpenAI

client = OpenAI(base_url=${literal(`${address}v1`)}, api_key=${literal(key || NO_KEY)})
with open("speech.wav", "rb") as file:
    answer = client.audio.transcriptions.create(
        model="any",
        file=file,
${language ? `        language=${literal(language)},\n` : ""}    )
print(answer.text)
`;
}

/**
 * @param {string} address
 * @param {string} key
 */
function streamOf(address, key) {
  const stream = new URL("v1/stream", address.replace("http", "ws"));
  if (key) stream.searchParams.set("api_key", key);
  return String(stream);
}

/**
 * @param {string | number | boolean} value
 * @returns {string} as Python writes it
 */
function literal(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

/**
 * @param {string} text
 * @returns {string} as one word of a shell
 */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
