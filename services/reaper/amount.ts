/** Disk space that files use, or that deleting them frees. */
export interface Amount {
  bytes: number;
  /** One for each file. */
  inodes: number;
}

export const NOTHING: Amount = { bytes: 0, inodes: 0 };

export function sum(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, inodes: a.inodes + b.inodes };
}

/** `wanted` minus `given`, never below zero. */
export function lacking(wanted: Amount, given: Amount): Amount {
  return { bytes: Math.max(0, wanted.bytes - given.bytes), inodes: Math.max(0, wanted.inodes - given.inodes) };
}

export function isAny({ bytes, inodes }: Amount): boolean {
  return bytes > 0 || inodes > 0;
}
