import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { DiskAwayError } from "../../../shared/disk/disk-away-error.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { diskAway, Problem, unknownCamera } from "../http/problem.ts";

/** The requested cameras, or every known one. Throws Problem 404 when one of them is not known. */
export async function askedCameras(catalog: Catalog, asked: readonly string[] | undefined): Promise<string[]> {
  const known = await catalog.cameras();
  for (const camera of asked ?? []) {
    if (!known.has(camera)) throw unknownCamera(camera);
  }
  return [...(asked ?? known.keys())];
}

/**
 * Calls `read` for each camera. A camera that cannot be read does not prevent the others from being shown: it is
 * logged, and listed in `unreadable`. Throws Problem 503 when no camera can be read, and the problems that `read`
 * throws.
 */
export async function forEachCamera<Value>(
  cameras: readonly string[],
  logger: Logger,
  read: (camera: string) => Promise<Value>,
): Promise<{ found: Map<string, Value>; unreadable: string[] }> {
  const found = new Map<string, Value>();
  const unreadable: string[] = [];
  let failure: unknown;
  await Promise.all(
    cameras.map(async (camera) => {
      try {
        found.set(camera, await read(camera));
      } catch (error) {
        if (error instanceof Problem) throw error; // it has its own message
        logger.warn("the footage of a camera cannot be read", { camera, error });
        unreadable.push(camera);
        failure = error;
      }
    }),
  );
  if (unreadable.length > 0 && found.size === 0) {
    if (failure instanceof DiskAwayError) throw diskAway();
    const detail = `The footage of ${unreadable.sort().join(", ")} cannot be read: look at its disk and permissions.`;
    throw new Problem("unavailable", 503, detail);
  }
  const inOrder = new Map(
    cameras.flatMap((camera) => (found.has(camera) ? [[camera, found.get(camera) as Value]] : [])),
  );
  return { found: inOrder, unreadable: unreadable.sort() };
}
