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
    const { ok, status } = await fetch("readyz", { cache: "no-store" });
    if (ok) return await whoRefused();
    if (status === 503) return "The server is still loading its model, or is about to stop. Trying again.";
    return `The server answers with status ${status}. Trying again.`;
  } catch {
    return "The server cannot be reached. Trying again.";
  }
}

async function whoRefused() {
  const answer = await fetch(streamAddress(), { method: "POST" }).catch(() => null);
  if (answer?.status === 401)
    return "The server wants an API key: open this page as …/#api_key=KEY. Trying again.";
  if (answer?.status === 403) {
    const { message } = await answer.json();
    return `The server does not let this page in: ${message}. Trying again.`;
  }
  return "The server takes no further stream now. Trying again.";
}
