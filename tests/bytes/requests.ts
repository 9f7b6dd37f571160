/** A request to the api. */
export interface Asked {
  path: string;
  headers?: Record<string, string>;
  method?: "GET" | "HEAD";
}

const DAY = "20251124";
const range = (start: string, end: string, more = "", camera = "yard") =>
  `/api/1/camera/${camera}/range.mp4?start=${start}&end=${end}${more}`;
/** Times of the day. */
const cut = (from: string, to: string, more = "", camera = "yard") =>
  range(`2025-11-24T${from}Z`, `2025-11-24T${to}Z`, more, camera);
const named = (from: string, to: string, more = "") => `/api/1/camera/yard.range.${from}.to.${to}.mp4${more}`;

const RANGES: Record<string, Asked | string> = {
  "of whole minutes, by name": named(`${DAY}.1428`, `${DAY}.1429`),
  "by name, over everything that was converted": named("20251123.2359", `${DAY}.1435`, "?gaps=keep"),
  "by name, into the open chunk": named(`${DAY}.1429`, `${DAY}.1500`),
  "by name, into the open chunk, pinned": named(`${DAY}.1429`, `${DAY}.1500`, "?end=2025-11-24T15:00:24.400000Z"),
  "of whole minutes": cut("14:28:00", "14:30:00"),
  "cut to the frame": cut("14:28:10.5", "14:29:20.25"),
  "of one frame": cut("14:28:30.5", "14:28:30.6"),
  "over a gap that is skipped": cut("14:28:50", "14:31:21", "&gaps=skip"),
  "over a gap that is kept": cut("14:28:50", "14:31:21", "&gaps=keep"),
  "over a gap longer than 13 hours that is kept": range("2025-11-23T23:59:00Z", "2025-11-24T14:28:05Z", "&gaps=keep"),
  "cut amid B-frames": cut("14:31:20.5", "14:31:21.3"),
  "of two parts of a minute": cut("14:31:00", "14:32:00", "&gaps=keep"),
  "over a change of the resolution": cut("14:31:40", "14:33:00"),
  "over a change of the resolution, within a minute": cut("14:32:01", "14:32:02.5", "&gaps=keep"),
  "over a step of the clock": cut("14:33:00", "14:34:00"),
  "over a step of the clock, gaps kept": cut("14:33:10.5", "14:33:11.5", "&gaps=keep"),
  "of two recorders": cut("14:34:00", "14:35:00"),
  "of a minute with a late part": cut("14:35:00", "14:36:00", "&gaps=keep"),
  "of a closed chunk": cut("14:59:00", "15:00:00"),
  "from an mp4 into chunks": cut("14:35:20", "15:00:10"),
  "within the open chunk": cut("15:00:05", "15:00:12.5"),
  "into the present": cut("14:59:50", "15:00:30"),
  "into the present, pinned": cut("14:59:50", "15:00:24.400000"),
  "of pixels that are not square": cut("14:31:00", "14:32:00", "", "lobby"),
  "of pixels that are not square, of a chunk": cut("14:59:00", "14:59:10.7", "", "lobby"),
  "over a change of the pixels' shape, from minute to minute": cut("14:31:00", "14:35:00", "", "lobby"),
  "over a change of the pixels' shape, within a minute": cut("14:32:00", "14:33:00", "", "lobby"),
  "over a change of the codec": cut("14:31:01", "14:32:02", "", "garage"),
  "of a codec that is not known": cut("14:32:00", "14:32:02", "", "garage"),
  "without footage": cut("14:40:00", "14:45:00"),
  "that ends before it begins": cut("14:29:00", "14:28:00"),
  "bytes from its middle": { path: cut("14:28:00", "14:30:00"), headers: { range: "bytes=3000-9999" } },
  "its last bytes": { path: cut("14:59:00", "15:00:00"), headers: { range: "bytes=-500" } },
  "bytes past its end": { path: cut("14:28:00", "14:30:00"), headers: { range: "bytes=99999999-" } },
  "its head alone": { path: cut("14:28:00", "14:30:00"), method: "HEAD" },
};

const ZIP = "/api/1/range.zip?start=2025-11-24T14:31:00Z&end=2025-11-24T14:32:00Z&camera_ids=yard,lobby,attic-2";

const PATHS = [
  `/api/1/camera/yard.preview.${DAY}.1431.mp4`,
  `/api/1/camera/yard.preview.${DAY}.1431.mp4?download`,
  `/api/1/camera/yard.preview.${DAY}.1431.jpg`,
  `/api/1/camera/yard.thumbnail.${DAY}.1431.jpg`,
  `/api/1/camera/yard.preview.${DAY}.1430.mp4`,
  `/api/1/camera/yard.sprites.${DAY}.14.jpg`,
  `/api/1/camera/lobby.sprites.${DAY}.14.jpg`,
  `/api/1/camera/yard.sprites.${DAY}.15.jpg`,
  "/api/1/camera/garage/snapshot.jpg",
  ZIP,
  `${ZIP},garage`,
  "/api/1/cameras.json",
  "/api/1/cameras",
  `/api/1/cameras/${DAY}`,
  `/api/1/cameras/${DAY}?camera_ids=lobby,attic-2`,
  "/api/1/cameras/20250231",
  "/api/1/days",
  "/api/1/days?limit=1&camera_ids=yard",
  ...["yard", "lobby", "garage", "attic-2"].map((camera) => `/api/1/camera/${camera}/minutes?day=${DAY}&details`),
  `/api/1/camera/yard/minutes?day=${DAY}`,
  "/api/1/camera/yard/minutes?from=2025-11-24T14:28:00Z&to=2025-11-24T14:34:00Z&limit=2",
  ...["yard", "lobby", "garage"].map((camera) => `/api/1/camera/${camera}/spans?day=${DAY}`),
  "/api/1/camera/yard/spans?from=2025-11-23T23:00:00Z&to=2025-11-24T14:33:00Z&limit=2",
  "/api/1/camera/nobody/spans?day=20251124",
  "/api/1/camera/yard/live",
  "/api/1/camera/attic-2/live",
  "/api/1/system.json",
  `/api/1/conditions?day=${DAY}`,
  `/api/1/conditions?day=${DAY}&limit=1`,
  "/api/1/openapi.json",
  "/api/1/docs",
  "/api/1/docs/start.js",
  "/api/1/nothing",
  "/health",
  "/metrics",
];

/** All requests, by the name of their note. Server-sent events are requested separately: their answer does not end. */
export const REQUESTS = new Map<string, Asked>([
  ...Object.entries(RANGES).map(([name, asked]): [string, Asked] => {
    return [`range ${name}`, typeof asked === "string" ? { path: asked } : asked];
  }),
  ...PATHS.map((path): [string, Asked] => [path, { path }]),
]);
