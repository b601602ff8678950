/** Plays kept audio and the sample; one sound at a time. */
import { separate } from "./pcm.js";

/** @type {AudioContext | undefined} */
let context;
/** @type {AudioBufferSourceNode | undefined} */
let playing;
let began = 0;

/**
 * @param {Int16Array} samples interleaved
 * @param {number} rate
 * @param {number} channels
 * @param {() => void} ended also called when something else is played instead
 */
export async function play(samples, rate, channels, ended) {
  stop();
  if (samples.length === 0) {
    ended();
    return;
  }
  context ??= new AudioContext();
  await context.resume();
  const sound = context.createBuffer(channels, samples.length / channels, rate);
  separate(samples, channels).forEach((plane, channel) => sound.copyToChannel(plane, channel));
  const source = context.createBufferSource();
  source.buffer = sound;
  source.connect(context.destination);
  source.onended = ended;
  source.start();
  began = context.currentTime;
  playing = source;
}

/** @returns {number} seconds of the sound that is playing, or was last */
export function position() {
  return context ? context.currentTime - began - context.outputLatency : 0;
}

export function stop() {
  playing?.stop();
  playing = undefined;
}
