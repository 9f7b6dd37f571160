import type { Footage } from "../footage/footage.ts";
import { Changing } from "../ui/store.ts";
import { ChainPlayer } from "./chain-player.ts";
import type { FrameSource } from "./clock.tsx";
import { nextStep } from "./step.ts";

const LOOK_MS = 100;

/**
 * What a follower shows: its camera's picture, that there is none of this time, nothing yet, or that loading failed.
 */
export type FollowerState = "shown" | "gap" | "loading" | "failed";

/** Plays a further camera in step with the leading player, to within a frame or two, through pauses, jumps and gaps. */
export class Follower extends Changing implements FrameSource {
  readonly #footage: Footage;
  readonly #camera: string;
  readonly #leader: ChainPlayer;
  readonly #player: ChainPlayer;
  readonly #ends: (() => void)[];
  readonly #frameListeners = new Set<(timeMs: number) => void>();
  #state: FollowerState = "loading";
  #isLooking = false;

  constructor(
    footage: Footage,
    camera: string,
    leader: ChainPlayer,
    elements: readonly [HTMLVideoElement, HTMLVideoElement],
  ) {
    super();
    this.#footage = footage;
    this.#camera = camera;
    this.#leader = leader;
    this.#player = new ChainPlayer(footage, elements, true);
    this.#player.onFrame = (timeMs) => {
      for (const listener of this.#frameListeners) listener(timeMs);
    };
    const timer = window.setInterval(() => this.#look(), LOOK_MS);
    this.#ends = [
      () => window.clearInterval(timer),
      leader.subscribe(() => this.#look()),
      this.#player.subscribe(() => this.#look()),
      footage.subscribe(() => this.#look()),
    ];
    this.#look();
  }

  get state(): FollowerState {
    return this.#state;
  }

  onFrame(listener: (timeMs: number) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  get timeMs(): number {
    return this.#player.timeMs;
  }

  /** Retries what failed, for when the api is back. */
  retry(): void {
    this.#player.retry();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#player.close();
  }

  #look(): void {
    // Its own actions change the player, which would call this again.
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#fallIn();
    this.#isLooking = false;
  }

  #fallIn(): void {
    const leader = this.#leader;
    const player = this.#player;
    // A player that has failed retries by itself.
    const { state } = player;
    if ((state === "loading" || state === "failed") && player.camera !== "" && !this.#isFarOff) {
      this.#setState(state);
      return;
    }
    // When paused, the displayed frame counts: a busy browser's picture may be most of a second behind its currentTime.
    const wantedMs = leader.playing ? leader.currentMs : leader.timeMs;
    const isReady = this.#footage.isReady(this.#camera, wantedMs);
    if (isReady === undefined) {
      this.#setState("loading");
      return;
    }
    const step = nextStep({
      wantedMs,
      isPlaying: leader.playing && leader.state === "ready" && !leader.isStalled,
      speed: leader.speed,
      hasFootage: isReady || this.#footage.isInLonger(this.#camera, wantedMs),
      askedMs: player.askedMs,
      shown: this.#shown,
    });
    if (step.to === "jump") {
      player.pause();
      void player.open(this.#camera, wantedMs);
    } else if (step.to === "play") {
      if (player.speed !== leader.speed) player.setSpeed(leader.speed);
      if (!player.playing) player.play();
      player.setRate(step.rate);
    } else if (player.playing) player.pause();
    this.#setState(step.to === "gap" ? "gap" : this.#shown === undefined ? "loading" : "shown");
  }

  /** Whether what it is loading is too far from what is wanted by now. */
  get #isFarOff(): boolean {
    return Math.abs(this.#player.timeMs - this.#leader.currentMs) > 2000 * Math.max(1, this.#leader.speed);
  }

  get #shown(): { currentMs: number; fromMs: number; toMs: number; lastMs: number } | undefined {
    const { state, currentMs, shownMs } = this.#player;
    return state === "ready" || state === "waiting" ? { currentMs, ...shownMs } : undefined;
  }

  #setState(state: FollowerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.changed();
  }
}
