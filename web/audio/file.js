/** Sound from a file instead of a microphone. */
import { interleave } from "./pcm.js";

/** The models' own rate: nothing is gained by sending a file at a higher one. */
export const FILE_RATE = 16000;

/**
 * @param {ArrayBuffer} bytes any audio (or video with sound) that the browser can play
 * @returns {Promise<AudioBuffer>} at FILE_RATE
 * @throws {DOMException} EncodingError if the browser cannot decode it
 */
export function decode(bytes) {
  return new OfflineAudioContext(1, 1, FILE_RATE).decodeAudioData(bytes);
}

/**
 * @param {AudioBuffer} sound
 * @param {number} channels 1 mixes all channels into one; 2 keeps left and right where there are two
 * @returns {{samples: Int16Array, channels: number}} interleaved
 */
export function samplesOf(sound, channels) {
  const planes = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  if (channels === 2 && planes.length === 2) return { samples: interleave(planes), channels: 2 };
  return { samples: interleave([mix(planes, sound.sampleRate)]), channels: 1 };
}

/** In seconds: within which energies are compared. */
const MEMORY = 0.1;

/**
 * Mixes channels to one. Where the mean would have less than 1/32 of the loudest channel's energy,
 * which is cancelled by another, that channel alone is taken: as the server does (`audio/mixing.py`).
 * @param {Float32Array[]} planes
 * @param {number} rate
 */
export function mix(planes, rate) {
  const length = planes[0]?.length ?? 0;
  const mixed = new Float32Array(length);
  for (const plane of planes) {
    for (let frame = 0; frame < length; frame++) {
      mixed[frame] = (mixed[frame] ?? 0) + (plane[frame] ?? 0) / planes.length;
    }
  }
  const block = Math.max(1, Math.round(rate * MEMORY));
  for (let begin = 0; begin < length; begin += block) {
    const end = Math.min(length, begin + block);
    const energies = planes.map((plane) => energy(plane, begin, end));
    const most = Math.max(...energies);
    if (energy(mixed, begin, end) < most / 32) {
      const loudest = planes[energies.indexOf(most)];
      if (loudest) mixed.set(loudest.subarray(begin, end), begin);
    }
  }
  return mixed;
}

/**
 * @param {Float32Array} plane
 * @param {number} begin
 * @param {number} end
 */
function energy(plane, begin, end) {
  let sum = 0;
  for (let frame = begin; frame < end; frame++) sum += (plane[frame] ?? 0) ** 2;
  return sum;
}
