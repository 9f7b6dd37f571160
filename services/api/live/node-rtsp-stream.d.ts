/** The part of node-rtsp-stream 0.0.9, which has no types, that services/api/live/mpeg1-muxer.ts uses. */
declare module "node-rtsp-stream/mpeg1muxer.js" {
  import { EventEmitter } from "node:events";

  export default class Mpeg1Muxer extends EventEmitter {
    constructor(options: { url: string; ffmpegPath: string; ffmpegOptions?: Record<string, string | number> });
  }
}
