/**
 * Takes on this device, in IndexedDB: what is known of each, and its sound in parts.
 *
 * @import { Line } from "../transcript/transcript.js"
 * @import { TakeFacts } from "./takes.js"
 *
 * @typedef {TakeFacts & {
 *   key: string,
 *   seconds: number,
 *   rate: number,
 *   lines: Omit<Line, "id">[],
 * }} KeptTake `rate` 0: without sound; the lines' times count from the take's start
 */

const TAKES = "takes";
const SOUND = "sound";

export class Store {
  #database;

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /** @returns {Promise<Store | null>} null where the browser keeps nothing */
  static async open() {
    try {
      const request = indexedDB.open("streamer", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(TAKES, { keyPath: "key" });
        request.result.createObjectStore(SOUND);
      };
      return new Store(await answer(request));
    } catch {
      return null; // Firefox in private windows, or storage refused
    }
  }

  /** @returns {Promise<KeptTake[]>} in the order in which they began */
  async takes() {
    const store = this.#database.transaction(TAKES).objectStore(TAKES);
    /** @type {KeptTake[]} */
    const takes = await answer(store.getAll());
    return takes.sort((a, b) => a.began - b.began);
  }

  /**
   * @param {string} key
   * @returns {Promise<Blob[]>}
   */
  sound(key) {
    return answer(this.#database.transaction(SOUND).objectStore(SOUND).getAll(partsOf(key)));
  }

  /**
   * @param {KeptTake} take
   * @param {Blob[]} parts of its sound that are new
   * @param {number} from how many there were before
   * @throws {DOMException} QuotaExceededError where there is no room
   */
  async put(take, parts, from) {
    const transaction = this.#database.transaction([TAKES, SOUND], "readwrite");
    transaction.objectStore(TAKES).put(take);
    parts.forEach((part, n) => transaction.objectStore(SOUND).put(part, [take.key, from + n]));
    await end(transaction);
  }

  /** @param {string} key */
  async remove(key) {
    const transaction = this.#database.transaction([TAKES, SOUND], "readwrite");
    transaction.objectStore(TAKES).delete(key);
    transaction.objectStore(SOUND).delete(partsOf(key));
    await end(transaction);
  }

  async wipe() {
    const transaction = this.#database.transaction([TAKES, SOUND], "readwrite");
    transaction.objectStore(TAKES).clear();
    transaction.objectStore(SOUND).clear();
    await end(transaction);
  }
}

/** @param {string} key */
function partsOf(key) {
  return IDBKeyRange.bound([key, 0], [key, Infinity]);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function end(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
