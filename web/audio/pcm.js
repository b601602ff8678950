/** Samples as the browser has them (planar floats) and as the wire wants them (16-bit, interleaved). */

/**
 * @param {number} value nominally -1 to 1; louder is clipped
 * @returns {number}
 */
export function toInt16(value) {
  return Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
}

/**
 * @param {Float32Array[]} planes one a channel, of equal length
 * @returns {Int16Array}
 */
export function interleave(planes) {
  const samples = new Int16Array(planes.length * (planes[0]?.length ?? 0));
  planes.forEach((plane, channel) => {
    plane.forEach((value, frame) => {
      samples[frame * planes.length + channel] = toInt16(value);
    });
  });
  return samples;
}

/**
 * @param {Int16Array} samples interleaved
 * @param {number} channels
 * @returns {Float32Array<ArrayBuffer>[]} one plane a channel
 */
export function separate(samples, channels) {
  const frames = samples.length / channels;
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, frame) => (samples[frame * channels + channel] ?? 0) / 32768),
  );
}

/**
 * The loudest sample, from 0 to 1.
 * @param {Int16Array} samples
 * @returns {number}
 */
export function peakOf(samples) {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak / 32768;
}

/**
 * Where a meter should stand: loudness in decibels, from -60 (0) to 0 (1).
 * @param {number} peak from 0 to 1
 * @returns {number}
 */
export function meterOf(peak) {
  return peak <= 0.001 ? 0 : Math.min(1, 1 + (20 * Math.log10(peak)) / 60);
}
