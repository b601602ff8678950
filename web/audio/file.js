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
  const mixed = new Float32Array(sound.length);
  for (const plane of planes) {
    plane.forEach((value, frame) => {
      mixed[frame] = (mixed[frame] ?? 0) + value / planes.length;
    });
  }
  return { samples: interleave([mixed]), channels: 1 };
}
