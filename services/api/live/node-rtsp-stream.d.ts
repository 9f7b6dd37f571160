/** What services/api/live/mpeg1-muxer.ts uses of node-rtsp-stream 0.0.9, which brings no types. */
declare module "node-rtsp-stream/mpeg1muxer.js" {
  import { EventEmitter } from "node:events";

  export default class Mpeg1Muxer extends EventEmitter {
    constructor(options: { url: string; ffmpegPath: string; ffmpegOptions?: Record<string, string | number> });
  }
}
