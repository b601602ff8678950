/**
 * Watch along: …/watch.html#TOKEN shows what is said in the session that gave the link.
 * After the token may stand `&lines=5` (of 1 to 20) and `&clear`, for a source of OBS over a picture.
 */
import { waitBefore } from "../protocol/backoff.js";
import { Captions } from "./captions.js";

const [token = "", query = ""] = location.hash.slice(1).split(/&(.*)/s);
const options = new URLSearchParams(query);
const captions = new Captions(Math.min(20, Math.max(1, Number(options.get("lines") ?? 4) || 4)));
const list = /** @type {HTMLElement} */ (document.getElementById("said"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
document.body.classList.toggle("clear", options.has("clear"));

let attempt = 0;

function open() {
  const address = new URL(`v1/watch/${encodeURIComponent(token)}`, document.baseURI);
  const socket = new WebSocket(address.href.replace("http", "ws"));
  let admitted = false;
  socket.onopen = () => {
    admitted = true;
    attempt = 0;
    captions.clear();
    show();
  };
  socket.onmessage = ({ data }) => {
    captions.take(JSON.parse(data));
    show();
  };
  socket.onclose = ({ code }) => void lost(address, code, admitted);
}

/**
 * @param {URL} address
 * @param {number} code
 * @param {boolean} wasIn
 */
async function lost(address, code, wasIn) {
  const gone = code === 1008 || (!wasIn && (await refused(address)));
  if (gone) {
    tell("This link has expired, or it is none of this server. Ask for a new one.");
    return;
  }
  tell("The server cannot be reached now. Trying again.");
  setTimeout(open, waitBefore(attempt, Math.random()));
  attempt += 1;
}

/**
 * A browser does not tell why a WebSocket was refused; a plain request to the same address does.
 * @param {URL} address
 */
async function refused(address) {
  const answer = await fetch(address, { method: "POST" }).catch(() => null);
  return answer?.status === 404;
}

function show() {
  tell(captions.lines.length ? "" : "Words will appear here as soon as somebody speaks.");
  list.replaceChildren(
    ...captions.lines.map(({ stable, faint }) => {
      const item = document.createElement("li");
      item.dir = "auto";
      const text = document.createElement("span");
      const rest = document.createElement("span");
      rest.className = "faint";
      rest.textContent = faint;
      text.append(stable, rest);
      item.append(text);
      return item;
    }),
  );
}

/** @param {string} text */
function tell(text) {
  if (status.textContent !== text) status.textContent = text;
}

open();
