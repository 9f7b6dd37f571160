import { readFile } from "node:fs/promises";

/**
 * Whether a chunk ends in the middle of a block, by docs/storage.md: 1 byte kind, 8 bytes length, 8 bytes time, data.
 */
export async function endsInMidBlock(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  let at = 0;
  while (at + 17 <= bytes.length) at += 17 + Number(bytes.readBigUInt64BE(at + 1));
  return at !== bytes.length;
}
