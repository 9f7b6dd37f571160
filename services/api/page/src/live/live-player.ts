import { Changing } from "../ui/store.ts";
import type { LiveRefusal } from "./live-refusal.ts";
import { LiveSocket, type StreamStart } from "./live-socket.ts";
import { canPlay, MsePlayer } from "./mse-player.ts";

type Mpeg1Player = import("./mpeg1-player.ts").Mpeg1Player;

/** Number of failures after which a browser that claims to play a stream is given MPEG-1 instead. */
const MAX_FAILURES = 2;

/**
 * A camera live: its own H.264 through Media Source Extensions, or MPEG-1 drawn on a canvas where the browser cannot
 * play that. Receives nothing while the tab is hidden.
 */
export class LivePlayer extends Changing {
  readonly #camera: string;
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #refusal: LiveRefusal;
  #codec: "h264" | "mpeg1" = "h264";
  #socket: LiveSocket | undefined;
  #mse: MsePlayer | undefined;
  #mpeg1: Mpeg1Player | undefined;
  #hasPicture = false;
  #problem = "";
  #failures = 0;
  #isRefused = false;
  #isClosed = false;

  constructor(camera: string, video: HTMLVideoElement, canvas: HTMLCanvasElement, refusal: LiveRefusal) {
    super();
    this.#camera = camera;
    this.#video = video;
    this.#canvas = canvas;
    this.#refusal = refusal;
    for (const name of ["playing", "timeupdate"]) video.addEventListener(name, this.#onPicture);
    document.addEventListener("visibilitychange", this.#onVisibility);
    if (!document.hidden) this.#open();
  }

  /** Whether a picture is shown and, as far as is known, moves. */
  get hasPicture(): boolean {
    return this.#hasPicture;
  }

  /** Which of the two elements shows the picture. */
  get shownOn(): "video" | "canvas" {
    return this.#codec === "h264" ? "video" : "canvas";
  }

  /** Whether live pictures are refused to this page in particular. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Why there is no picture; empty while it is being loaded. */
  get problem(): string {
    return this.#problem;
  }

  close(): void {
    this.#isClosed = true;
    for (const name of ["playing", "timeupdate"]) this.#video.removeEventListener(name, this.#onPicture);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#stop();
  }

  readonly #onVisibility = () => {
    if (document.hidden) this.#stop();
    else if (this.#socket === undefined) this.#open();
  };

  readonly #onPicture = () => {
    if (this.#video.currentTime > 0 || this.#mpeg1 !== undefined) this.#showPicture(true, "");
  };

  #open(): void {
    this.#socket = new LiveSocket(this.#camera, this.#codec, {
      onOpen: () => {
        this.#isRefused = false;
        this.#refusal.clear();
        this.#showPicture(false, "");
      },
      onStart: (start) => void this.#start(start),
      onBytes: (bytes) => (this.#codec === "h264" ? this.#mse : this.#mpeg1)?.append(bytes),
      onAway: (reason) => {
        this.#closeMse();
        if (!this.#isRefused) this.#showPicture(false, reason || "Hindsight does not answer.");
      },
      onRefused: (advice) => {
        this.#isRefused = true;
        this.#refusal.tell(advice);
        this.#showPicture(false, advice);
      },
    });
  }

  #stop(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#closeMse();
    this.#mpeg1 = undefined;
    this.#showPicture(false, "");
  }

  async #start(start: StreamStart): Promise<void> {
    if (start.codec === "mpeg1video") {
      const socket = this.#socket;
      // Large, and seldom needed. If it cannot be loaded, the next connection tries again.
      const loaded = await import("./mpeg1-player.ts").catch(() => undefined);
      if (socket === undefined || socket !== this.#socket) return;
      if (loaded === undefined) return socket.restart();
      const { Mpeg1Player } = loaded;
      this.#mpeg1 = new Mpeg1Player(this.#canvas, this.#onPicture);
    } else if (canPlay(start.codec)) {
      this.#closeMse();
      this.#mse = new MsePlayer(this.#video, start, () => this.#mseFailed());
    } else {
      this.#fallBack();
    }
  }

  #mseFailed(): void {
    this.#mse = undefined;
    this.#showPicture(false, "");
    if (++this.#failures < MAX_FAILURES) this.#socket?.restart();
    else this.#fallBack();
  }

  #fallBack(): void {
    this.#stop();
    this.#codec = "mpeg1";
    this.#open();
    this.changed();
  }

  #closeMse(): void {
    this.#mse?.close();
    this.#mse = undefined;
  }

  #showPicture(hasPicture: boolean, problem: string): void {
    if (hasPicture === this.#hasPicture && problem === this.#problem) return;
    this.#hasPicture = hasPicture;
    this.#problem = problem;
    if (!this.#isClosed) this.changed();
  }
}
