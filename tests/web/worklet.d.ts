// The audio thread's globals, which TypeScript's DOM library does not have.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor();
}
declare function registerProcessor(name: string, processor: new (options: never) => AudioWorkletProcessor): void;
