import JSMpeg from "@cycjimmy/jsmpeg-player";

const BUFFER_BYTES = 2 * 1024 * 1024;

/** Decodes MPEG-1 in an MPEG transport stream as it arrives, and draws each picture at once. */
export class Mpeg1Player {
  readonly #demuxer: InstanceType<typeof JSMpeg.Demuxer.TS>;
  readonly #decoder: InstanceType<typeof JSMpeg.Decoder.MPEG1Video>;
  readonly #onPicture: () => void;

  constructor(canvas: HTMLCanvasElement, onPicture: () => void) {
    this.#onPicture = onPicture;
    this.#demuxer = new JSMpeg.Demuxer.TS({});
    // A streaming buffer drops what does not fit; the next entry point is half a second away.
    this.#decoder = new JSMpeg.Decoder.MPEG1Video({ streaming: true, videoBufferSize: BUFFER_BYTES });
    this.#demuxer.connect(JSMpeg.Demuxer.TS.STREAM.VIDEO_1, this.#decoder);
    this.#decoder.connect(new JSMpeg.Renderer.Canvas2D({ canvas }));
  }

  append(bytes: ArrayBuffer): void {
    this.#demuxer.write(bytes);
    while (this.#decoder.decode()) this.#onPicture();
  }
}
