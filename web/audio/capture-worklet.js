/** Runs on the audio thread: gathers the device's samples into blocks of 16-bit PCM. */
import { toInt16 } from "./pcm.js";

class Capture extends AudioWorkletProcessor {
  /** @param {{processorOptions: {channels: number, frames: number}}} options */
  constructor({ processorOptions: { channels, frames } }) {
    super();
    this.channels = channels;
    this.length = channels * frames;
    this.block = new Int16Array(this.length);
    this.filled = 0;
  }

  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean}
   */
  process([planes = []]) {
    const frames = planes[0]?.length ?? 0;
    for (let frame = 0; frame < frames; frame += 1) {
      for (let channel = 0; channel < this.channels; channel += 1) {
        this.block[this.filled] = toInt16(planes[channel]?.[frame] ?? 0);
        this.filled += 1;
      }
      if (this.filled === this.length) this.send();
    }
    return true;
  }

  send() {
    this.port.postMessage(this.block, [this.block.buffer]);
    this.block = new Int16Array(this.length);
    this.filled = 0;
  }
}

registerProcessor("capture", Capture);
