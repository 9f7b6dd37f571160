/** What mpeg1-player.ts uses of @cycjimmy/jsmpeg-player, which comes without types. */
declare module "@cycjimmy/jsmpeg-player" {
  interface Renderer {
    resize(width: number, height: number): void;
  }
  interface Decoder {
    connect(renderer: Renderer): void;
    /** Decodes and renders the next picture; returns false when no complete one is buffered. */
    decode(): boolean;
  }
  interface Demuxer {
    connect(stream: number, decoder: Decoder): void;
    write(bytes: ArrayBuffer): void;
  }
  const JSMpeg: {
    Demuxer: { TS: { new (options: object): Demuxer; STREAM: { VIDEO_1: number } } };
    Decoder: { MPEG1Video: new (options: { streaming: boolean; videoBufferSize: number }) => Decoder };
    Renderer: { Canvas2D: new (options: { canvas: HTMLCanvasElement }) => Renderer };
  };
  export default JSMpeg;
}
