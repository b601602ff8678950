/** Files that are dropped or chosen: one after the other, in the order in which they came. */
import { Queue } from "../takes/queue.js";
import { byId } from "./elements.js";
import { setUpDrop } from "./surroundings.js";

/**
 * @param {(file: File) => Promise<void>} transcribe resolves when it is over; does not reject
 * @param {() => boolean} may whether one may begin now
 */
export function setUpFiles(transcribe, may) {
  const list = byId("queue");
  /** @type {Queue<File>} */
  const queue = new Queue(transcribe, may, () => {
    list.replaceChildren(...queue.waiting.map((file) => entry(file, () => queue.remove(file))));
    list.hidden = queue.waiting.length === 0;
  });
  const input = byId("file", HTMLInputElement);
  byId("file-open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    queue.add(...(input.files ?? []));
    input.value = "";
  });
  setUpDrop((files) => queue.add(...files));
  return queue;
}

/**
 * @param {File} file
 * @param {() => void} remove
 */
function entry(file, remove) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet round";
  button.textContent = "✕";
  button.ariaLabel = `Do not transcribe ${file.name}`;
  button.addEventListener("click", remove);
  item.append(name, button);
  return item;
}
