const QUALITY = 0.95;

/**
 * Saves the frame that a video shows as a JPEG in full size. Throws when there is none, or the browser cannot encode
 * it.
 */
export async function saveFrame(video: HTMLVideoElement, camera: string, timeMs: number): Promise<void> {
  if (video.videoWidth === 0) throw new Error("There is no frame to save yet.");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (blob === null) throw new Error("The browser could not make a JPEG of this frame.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = frameFileName(camera, timeMs);
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** `front-door.20261124.143305.480.jpg`: like the store's file names, in UTC, to the millisecond. */
export function frameFileName(camera: string, timeMs: number): string {
  const [day, time] = new Date(timeMs).toISOString().replaceAll(/[-:Z]/g, "").split("T") as [string, string];
  return `${camera}.${day}.${time}.jpg`;
}
