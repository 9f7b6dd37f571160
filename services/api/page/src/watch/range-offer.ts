import { useEffect, useState } from "preact/hooks";

/** What the api says about a range before it is downloaded. */
export type RangeOffer =
  /** It has not answered yet. */
  | { state: "asked" }
  /** `endMs` is set when the range ends earlier than requested: at the newest picture. */
  | { state: "ready"; bytes: number; endMs: number | undefined }
  /** The codec changes within it: these parts can be downloaded one by one. */
  | { state: "split"; ranges: readonly { codec: string; start: string; end: string }[] }
  /** `isAway` when the reason may be temporary: then the request is repeated. */
  | { state: "refused"; problem: string; isAway: boolean };

/** How long a mark must rest before the api is asked: while it is dragged, nothing is requested. */
const REST_MS = 300;
const TIMEOUT_MS = 20_000;
const RETRY_MS = 3000;

/** The URL of one camera's video between two instants, exact to the picture. */
export function rangeUrl(camera: string, start: string, end: string): string {
  return `/api/1/camera/${camera}/range.mp4?start=${start}&end=${end}&download`;
}

/** The URL of one zip with the videos of several cameras. */
export function zipUrl(cameras: readonly string[], start: string, end: string): string {
  return `/api/1/range.zip?camera_ids=${cameras.join(",")}&start=${start}&end=${end}`;
}

/** `2026-11-24T14:33:05Z`. */
export function instant(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** What the api offers at the URL of a range; requested once the URL has stayed the same for a moment. */
export function useRangeOffer(url: string): RangeOffer {
  const [answer, setAnswer] = useState<{ url: string; offer: RangeOffer }>();
  useEffect(() => {
    const aborter = new AbortController();
    let timer = 0;
    const askIn = (delayMs: number) => {
      timer = window.setTimeout(async () => {
        const signal = AbortSignal.any([aborter.signal, AbortSignal.timeout(TIMEOUT_MS)]);
        const offer = await ask(url, signal).catch(
          (): RangeOffer => ({ state: "refused", problem: "no answer", isAway: true }),
        );
        if (aborter.signal.aborted) return;
        setAnswer({ url, offer });
        if (offer.state === "refused" && offer.isAway) askIn(RETRY_MS);
      }, delayMs);
    };
    askIn(REST_MS);
    return () => {
      window.clearTimeout(timer);
      aborter.abort();
    };
  }, [url]);
  return answer?.url === url ? answer.offer : { state: "asked" };
}

async function ask(url: string, signal: AbortSignal): Promise<RangeOffer> {
  const head = await fetch(url, { method: "HEAD", signal });
  if (head.ok) return offerOf(head);
  // Only the body of a GET says what is wrong and which ranges are available instead.
  const answer = await fetch(url, { signal });
  if (answer.ok) {
    void answer.body?.cancel(); // the problem is over, and this is the video itself
    return offerOf(answer);
  }
  const problem = (await answer.json()) as Problem;
  if (problem.ranges !== undefined && problem.ranges.length > 1) return { state: "split", ranges: problem.ranges };
  return { state: "refused", problem: problem.detail, isAway: answer.status >= 500 };
}

function offerOf({ headers, redirected, url }: Response): RangeOffer {
  const pinned = redirected ? Date.parse(new URL(url).searchParams.get("end") ?? "") : Number.NaN;
  const bytes = Number(headers.get("Content-Length"));
  return { state: "ready", bytes, endMs: Number.isNaN(pinned) ? undefined : pinned };
}

/** The members of a problem document (RFC 9457) that are used here. */
interface Problem {
  detail: string;
  ranges?: { codec: string; start: string; end: string }[];
}
