import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIZE_BYTES = 16 * 2 ** 20;

/** A real ext4 of 16 MB with few inodes, like one made with `mkfs.ext4 -T largefile`. Needs root. */
export class FewInodesDisk {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "hindsight-few-inodes-"));

  constructor(inodes: number) {
    const image = join(this.#folder, "image");
    this.path = join(this.#folder, "disk");
    mkdirSync(this.path);
    const file = openSync(image, "w");
    ftruncateSync(file, SIZE_BYTES);
    closeSync(file);
    execFileSync("mkfs.ext4", ["-q", "-N", String(inodes), "-O", "^has_journal", "-m", "0", image]);
    execFileSync("mount", ["-o", "loop", image, this.path]);
  }

  get freeInodes(): number {
    return statfsSync(this.path).ffree;
  }

  get totalInodes(): number {
    return statfsSync(this.path).files;
  }

  /** Creates empty files until only `freeInodes` inodes are free. */
  fill(freeInodes: number): void {
    mkdirSync(this.#others, { recursive: true });
    for (let n = 0; this.freeInodes > freeInodes; n++) writeFileSync(join(this.#others, String(n)), "");
  }

  makeRoom(): void {
    rmSync(this.#others, { recursive: true });
  }

  remove(): void {
    execFileSync("umount", ["--lazy", this.path]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #others(): string {
    return join(this.path, "others");
  }
}
