import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chunkPath, minutePath } from "../../shared/store/names.ts";
import type { Minute } from "../../shared/time/minute.ts";
import { atPace, type ClipUnit, chunkBytes, origin, type TimedUnit, writeChunk } from "../support/chunk-maker.ts";
import { RangeStore } from "../support/range-store.ts";
import { StoreFixture } from "../support/store-fixture.ts";
import { fixtureClip, fixturePicture, type PictureName } from "./fixtures.ts";

const DAY_US = Date.UTC(2025, 10, 24) * 1000;
/** Half a minute into a minute that is being recorded. */
export const NOW_MS = Date.UTC(2025, 10, 24, 15, 0, 30);
const SECOND_US = 1_000_000;
/** One picture a second: a clip of 60 fills a minute. */
const SLOW = 1;

/** A time of the day, `HH:MM:SS` and more digits, µs since the Unix epoch. */
function at(time: string): number {
  const [hours, minutes, seconds] = time.split(":").map(Number) as [number, number, number];
  return DAY_US + Math.round(((hours * 60 + minutes) * 60 + seconds) * SECOND_US);
}

interface PartOptions {
  part?: number;
  framesPerSecond?: number;
  recorder?: string;
  session?: number;
  boot?: string;
  /** By how much the recorder's wall clock was set forward since the chunks of other sessions. */
  steppedUs?: number;
  /** The chunk is still being written, and ends within a block. */
  isOpen?: boolean;
}

/** Camera directories with examples of everything that recorders and converters write, the same on every machine. */
export class SmallStore {
  readonly fixture = new StoreFixture({ yard: {}, lobby: {}, garage: {}, "attic-2": { enabled: false } });

  static async create(): Promise<SmallStore> {
    const store = new SmallStore();
    await store.#fill();
    return store;
  }

  /** Every file with its path below the root, sorted by path, without locks and the api's own lists. */
  files(): { path: string; bytes: Buffer }[] {
    return this.#paths()
      .filter((path) => !path.startsWith("."))
      .map((path) => ({ path, full: join(this.fixture.root, path) }))
      .filter(({ full }) => statSync(full).isFile())
      .map(({ path, full }) => ({ path, bytes: readFileSync(full) }));
  }

  remove(): void {
    this.fixture.remove();
  }

  async #fill(): Promise<void> {
    const [plain, bFrames, larger] = [fixtureClip("plain"), fixtureClip("b-frames"), fixtureClip("larger")];
    const anamorphic = fixtureClip("anamorphic");
    const slow = { framesPerSecond: SLOW };

    // The evening before: two minutes without a gap between them.
    await this.#record("yard", "20251123.2359", plain.slice(0, 20), at("00:00:-30.5"));
    await this.#record("yard", "20251124.1428", plain, at("14:28:00.4"), slow);
    await this.#record("yard", "20251124.1429", plain, at("14:29:00.4"), slow);
    // Eighty seconds without a recording. Then two parts with B-frames; the second ends between them.
    await this.#record("yard", "20251124.1431", bFrames, at("14:31:20.000011"), { session: 2 });
    await this.#record("yard", "20251124.1431", bFrames.slice(0, 57), at("14:31:40"), { session: 3, part: 2 });
    // Another size from the middle of a minute to its end.
    await this.#record("yard", "20251124.1432", plain.slice(0, 30), at("14:32:00.2"), { session: 4 });
    await this.#record("yard", "20251124.1432", larger, at("14:32:02"), { session: 5, part: 2 });
    // The wall clock is set back by five seconds: the same times come twice. Then another recorder continues, by whose
    // clock they come a third time: the recorders ran on one host but with different clocks, so these are not the same
    // moments.
    await this.#record("yard", "20251124.1433", plain, at("14:33:10"), { session: 6 });
    const stepped = { session: 6, part: 2, steppedUs: -5 * SECOND_US };
    await this.#record("yard", "20251124.1433", plain.slice(0, 40), at("14:33:10.4"), stepped);
    const again = { recorder: "gamma", part: 3, steppedUs: -2 * SECOND_US };
    await this.#record("yard", "20251124.1433", plain.slice(0, 20), at("14:33:11.4"), again);
    // Two recorders record the camera at the same time.
    await this.#record("yard", "20251124.1434", plain, at("14:34:05"), { session: 7 });
    const other = { part: 2, recorder: "beta", boot: "another" };
    await this.#record("yard", "20251124.1434", plain, at("14:34:06.01"), other);
    // A part that comes after its minute was converted.
    await this.#record("yard", "20251124.1435", plain.slice(0, 30), at("14:35:00.5"), { session: 8 });
    // Pixels that are not square, whose shape changes within a minute and between two minutes.
    await this.#record("lobby", "20251124.1431", anamorphic, at("14:31:30"));
    await this.#record("lobby", "20251124.1432", anamorphic, at("14:32:30"));
    await this.#record("lobby", "20251124.1432", plain.slice(0, 10), at("14:32:40"), { part: 2, session: 2 });
    await this.#record("lobby", "20251124.1433", plain.slice(0, 10), at("14:33:30"), { session: 3 });
    await this.#record("lobby", "20251124.1434", anamorphic.slice(0, 10), at("14:34:30"), { session: 4 });
    await this.#record("garage", "20251124.1431", bFrames, at("14:31:00"));
    await this.#record("garage", "20251124.1432", plain, at("14:32:00"));

    const times = ["1428", "1429", "1431", "1432", "1433", "1434", "1435"];
    const pictures: PictureName[] = ["wide", "high", "flat"];
    await Promise.all([
      this.#convert("yard", "20251123.2359", "flat"),
      ...times.map((time, i) => this.#convert("yard", `20251124.${time}`, pictures[i % 3] as PictureName)),
      ...["1431", "1432", "1433", "1434"].map((time) => this.#convert("lobby", `20251124.${time}`, "high")),
      this.#convert("garage", "20251124.1431", "flat"),
      this.#convert("garage", "20251124.1432", "wide"),
    ]);
    await this.#record("yard", "20251124.1435", larger.slice(0, 10), at("14:35:20"), { session: 9 });
    await this.#convert("yard", "20251124.1435", "wide");
    this.#callItH265("garage", "20251124.1432");

    // What is still chunks: closed ones, and one that is being written.
    await this.#record("yard", "20251124.1459", bFrames, at("14:59:00.4"), { session: 10, ...slow });
    const open = { session: 10, isOpen: true, ...slow };
    await this.#record("yard", "20251124.1500", plain.slice(0, 25), at("15:00:00.4"), open);
    await this.#record("lobby", "20251124.1459", anamorphic, at("14:59:10"));
    this.fixture.quarantinedChunk("attic-2", "20251124.1431");
    this.#date();
  }

  async #record(
    camera: string,
    minute: Minute,
    clip: readonly ClipUnit[],
    startUs: number,
    { part = 1, framesPerSecond = 25, recorder = "alpha", steppedUs = 0, isOpen = false, ...rest }: PartOptions = {},
  ): Promise<void> {
    const units = atPace(clip, startUs, framesPerSecond);
    const { clockOffsetUs } = origin();
    const endUs = Math.max(...units.map(({ timeUs }) => timeUs)) + SECOND_US / framesPerSecond;
    await writeChunk(chunkPath(this.fixture.directory(camera), camera, minute, part), {
      units,
      origin: origin(recorder, { ...rest, clockOffsetUs: clockOffsetUs + steppedUs }),
      openedUs: startUs + 1000,
      ...(isOpen ? { tail: tornBlock(units[0] as TimedUnit) } : { endUs }),
    });
  }

  async #convert(camera: string, minute: Minute, picture: PictureName): Promise<void> {
    await new RangeStore(camera, this.fixture.directory(camera)).convert(minute, fixturePicture(picture));
  }

  /** As a later converter would write it, to note what a version does that does not know the codec. */
  #callItH265(camera: string, minute: Minute): void {
    const path = minutePath(this.fixture.directory(camera), camera, minute, "mp4");
    const mp4 = readFileSync(path);
    const configuration = mp4.indexOf("avcC");
    mp4.write("hvc1", mp4.lastIndexOf("avc1", configuration), "latin1");
    mp4.write("hvcC", configuration, "latin1");
    writeFileSync(path, mp4);
  }

  /** Dates all files back by ten minutes, except those that are being written. */
  #date(): void {
    const open = chunkPath(this.fixture.directory("yard"), "yard", "20251124.1500", 1);
    for (const path of [...this.#paths().map((each) => join(this.fixture.root, each)), this.fixture.root]) {
      const timeS = path === open ? NOW_MS / 1000 - 1 : NOW_MS / 1000 - 600;
      utimesSync(path, timeS, timeS);
    }
  }

  #paths(): string[] {
    return readdirSync(this.fixture.root, { recursive: true, encoding: "utf8" }).sort();
  }
}

function tornBlock(unit: TimedUnit): Buffer {
  return chunkBytes({ units: [unit] }).subarray(0, 40);
}
