/**
 * This page's own server.
 *
 * @import { Ready, Settings } from "../protocol/types.js"
 * @import { Resumption } from "../protocol/take.js"
 */
import { waitBefore } from "../protocol/backoff.js";

/**
 * Where keys are set, the page is opened as …/#api_key=KEY: what follows # stays in the browser.
 * @param {Resumption | null} [resumption] in the query, since a full server must know it at once
 */
export function openSocket(resumption) {
  const address = streamAddress();
  address.protocol = address.protocol.replace("http", "ws");
  for (const [name, value] of Object.entries(resumption ?? {})) address.searchParams.set(name, String(value));
  return new WebSocket(address);
}

function streamAddress() {
  const address = new URL("v1/stream", document.baseURI);
  if (apiKey()) address.searchParams.set("api_key", apiKey());
  return address;
}

/** @returns {string} empty where there is none */
export function apiKey() {
  return new URLSearchParams(location.hash.slice(1)).get("api_key") ?? "";
}

/**
 * Ask, with an empty session, what the server is and which languages it has; again until it answers.
 * @param {(why: string) => void} unreached
 * @returns {Promise<Ready>}
 */
export async function introduce(unreached) {
  for (let attempt = 0; ; attempt += 1) {
    const ready = await askOnce();
    if (ready) return ready;
    unreached(await whyRefused());
    await new Promise((resolve) => setTimeout(resolve, waitBefore(attempt, Math.random())));
  }
}

/**
 * Open an empty session.
 * @param {Settings} [settings]
 * @returns {Promise<Ready | null>} null if the server does not open it
 */
export function askOnce(settings = {}) {
  return new Promise((resolve) => {
    const socket = openSocket();
    socket.onopen = () => socket.send(JSON.stringify({ type: "start", ...settings }));
    socket.onclose = () => resolve(null);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type !== "ready") return;
      resolve(message);
      socket.send('{"type":"stop"}');
    };
  });
}

/**
 * A browser does not tell why a WebSocket was refused: a plain request does. It is a POST, since that says which
 * page asks; behind a proxy the server may learn by it that the page is its own, and let the next one in.
 * @returns {Promise<string>}
 */
export async function whyRefused() {
  try {
    const answer = await fetch("readyz", { cache: "no-store" });
    return answer.ok ? await whoRefused() : explainUnready(answer.status, await answer.text());
  } catch {
    return "The server cannot be reached. Trying again.";
  }
}

/**
 * @param {number} status
 * @param {string} text that `/readyz` answered
 */
export function explainUnready(status, text) {
  const why = text.trim();
  if (status !== 503) return `The server, or a proxy before it, answers with status ${status}. Trying again.`;
  if (why === "loading") return "The server is started, and still loads its model. Trying again.";
  if (why === "draining")
    return "The server is about to stop, or to be started again: it takes nobody new. Trying again.";
  if (why && why.length < 200 && !why.startsWith("<")) return `The server is not ready: ${why}. Trying again.`;
  return "A proxy answers, but not the server behind it. Trying again.";
}

async function whoRefused() {
  const answer = await fetch(streamAddress(), { method: "POST" }).catch(() => null);
  if (answer?.status === 401)
    return apiKey()
      ? "The server does not know this page’s API key (what follows #api_key= in its address). Trying again."
      : "The server wants an API key: open this page as …/#api_key=KEY. Trying again.";
  if (answer?.status === 403) {
    const { message } = await answer.json();
    return `The server does not let this page in: ${message}. Trying again.`;
  }
  return "The server is full, or this key or address has as many streams as it may. Trying again.";
}
