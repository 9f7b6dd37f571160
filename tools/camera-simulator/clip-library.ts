import { type Clip, loadClip } from "./clip.ts";
import type { ClipBuilder } from "./clip-builder.ts";
import type { ClipParameters } from "./clip-parameters.ts";

/** The clips in memory: cameras with equal parameters share one. */
export class ClipLibrary {
  private readonly builder: ClipBuilder;
  private readonly clips = new Map<string, Promise<Clip>>();

  constructor(builder: ClipBuilder) {
    this.builder = builder;
  }

  /** Loads a clip, after building it if it is not in the cache. */
  get(parameters: ClipParameters): Promise<Clip> {
    const key = JSON.stringify(Object.entries(parameters).sort());
    let clip = this.clips.get(key);
    if (!clip) {
      clip = this.builder.build(parameters).then((folder) => loadClip(folder, parameters));
      this.clips.set(key, clip);
      clip.catch(() => this.clips.delete(key));
    }
    return clip;
  }
}
