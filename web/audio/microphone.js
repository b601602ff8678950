/**
 * The microphone: permission, device, and a steady flow of 16-bit blocks at the device's own rate.
 *
 * @typedef {object} MicrophoneChoice
 * @property {string} device id, or "" for the browser's default
 * @property {string} source "both": beside it a tab or the system, as the second channel
 * @property {number} channels 1 or 2
 * @property {boolean} echoCancellation
 * @property {boolean} noiseSuppression
 * @property {boolean} autoGainControl
 *
 * @typedef {object} MicrophoneListener
 * @property {(samples: Int16Array) => void} samples interleaved
 * @property {() => void} unplugged the device is gone; nothing more comes
 * @property {(muted: boolean) => void} muted by the system or a key on the device
 */

const BLOCK_S = 0.04;
/** What the protocol takes. */
const LOWEST_RATE = 8000;
const HIGHEST_RATE = 48000;

export class Microphone {
  #stream;
  #context;

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   */
  constructor(stream, context) {
    this.#stream = stream;
    this.#context = context;
  }

  /**
   * @param {MicrophoneChoice} choice
   * @param {MicrophoneListener} listener
   * @param {MediaStream | null} beside what is heard on the second channel, the microphone on the first
   * @param {number} [wantedRate] that of a take which this device goes on with
   * @returns {Promise<Microphone>}
   * @throws {DOMException} as getUserMedia does
   */
  static async open(choice, listener, beside, wantedRate) {
    const { device, source: _, ...asked } = choice;
    const { channels: chosen, ...processing } = asked;
    const channels = beside ? 2 : chosen;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { ...processing, channelCount: beside ? 1 : channels, ...(device && { deviceId: { exact: device } }) },
    });
    const [track] = stream.getAudioTracks();
    if (!track) throw new DOMException("no audio track", "NotFoundError");
    const own = track.getSettings().sampleRate;
    const sampleRate = wantedRate ?? (own && Math.min(HIGHEST_RATE, Math.max(LOWEST_RATE, own)));
    const context = new AudioContext(sampleRate ? { sampleRate } : {});
    const microphone = new Microphone(stream, context);
    try {
      await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
      const node = new AudioWorkletNode(context, "capture", {
        numberOfOutputs: 0,
        channelCount: channels,
        channelCountMode: "explicit",
        processorOptions: { channels, frames: Math.round(context.sampleRate * BLOCK_S) },
      });
      node.port.onmessage = ({ data }) => listener.samples(data);
      const sound = context.createMediaStreamSource(stream);
      if (beside) {
        const both = context.createChannelMerger(2);
        sound.connect(both, 0, 0);
        context.createMediaStreamSource(beside).connect(both, 0, 1);
        both.connect(node);
      } else sound.connect(node);
      await context.resume();
    } catch (error) {
      microphone.close();
      throw error;
    }
    track.onended = () => listener.unplugged();
    track.onmute = () => listener.muted(true);
    track.onunmute = () => listener.muted(false);
    return microphone;
  }

  get rate() {
    return this.#context.sampleRate;
  }

  /** The device's name, as the system gives it. */
  get label() {
    return this.#stream.getAudioTracks()[0]?.label ?? "";
  }

  /** After the tab has slept the browser may have paused the sound. */
  async wake() {
    if (this.#context.state !== "running") await this.#context.resume();
  }

  close() {
    for (const track of this.#stream.getTracks()) {
      track.onended = track.onmute = track.onunmute = null;
      track.stop();
    }
    void this.#context.close();
  }
}
