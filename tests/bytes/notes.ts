import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { type Note, noteOf, noteOfEvents, sha256 } from "./answers.ts";
import { atTime } from "./frozen-clock.ts";
import { liveNotes } from "./live-pictures.ts";
import { recorderNotes } from "./recorded-session.ts";
import { REQUESTS } from "./requests.ts";
import { NOW_MS, SmallStore } from "./small-store.ts";
import { startSmallSystem } from "./small-system.ts";

/** Keyed by what was written or served. */
export type Notes = Record<string, Note>;

export const NOTED_FILE = fileURLToPath(new URL("noted.json", import.meta.url));

/** The notes in the repository. */
export function readNotes(): Notes {
  return JSON.parse(readFileSync(NOTED_FILE, "utf8")) as Notes;
}

/** The notes of everything that is written and served now; `look` is called with the store before it is removed. */
export function takeNotes(look: (store: SmallStore) => void = () => {}): Promise<Notes> {
  return atTime(NOW_MS, async () => {
    const store = await SmallStore.create();
    try {
      look(store);
      return { ...(await recorderNotes()), ...fileNotes(store), ...liveNotes(), ...(await answerNotes(store)) };
    } finally {
      store.remove();
    }
  });
}

function fileNotes(store: SmallStore): Notes {
  const notes: Notes = {};
  for (const { path, bytes } of store.files()) {
    const note = { bytes: bytes.length, sha256: sha256(bytes) };
    notes[`file ${path}`] = path.endsWith(".thumbnail.jpg") ? { ...note, by: jpegMakers() } : note;
  }
  return notes;
}

async function answerNotes({ fixture }: SmallStore): Promise<Notes> {
  const notes: Notes = {};
  const api = await startSmallSystem(fixture);
  try {
    for (const [name, asked] of REQUESTS) {
      const note = await noteOf(api, asked, fixture.root);
      notes[`answer ${name}`] = asked.path.includes(".sprites.") ? { ...note, by: jpegMakers() } : note;
    }
    notes["answer /api/1/events"] = await noteOfEvents(api, fixture.root);
  } finally {
    await api.stop();
  }
  return notes;
}

/**
 * The versions of the libraries that encode sheets and thumbnails. The bytes are noted, not the decoded pixels: they
 * are what is served, and with these versions, which package-lock.json fixes, they are the same on every machine. When
 * another version changes them, its number is in the difference that the test shows.
 */
function jpegMakers(): Note {
  const { sharp: own, vips, mozjpeg } = sharp.versions;
  return { sharp: own, vips, mozjpeg };
}
