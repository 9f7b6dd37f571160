import fc from "fast-check";
import type { Session } from "./recorded-session.ts";

const KINDS = [
  "flip",
  "set",
  "delete",
  "insert",
  "duplicate",
  "swap",
  "length",
  "header",
  "truncate",
  "splice",
] as const;

/**
 * One change of some bytes. Numbers are reduced modulo the size of the input, so that each mutation fits every input.
 */
export interface Mutation {
  kind: (typeof KINDS)[number];
  at: number;
  to: number;
  count: number;
  value: number;
}

/** Changed bytes, and how many at both ends are unchanged. */
export interface Mutated {
  bytes: Buffer;
  sameAtStart: number;
  sameAtEnd: number;
}

/** The bytes that may be changed, and their structure. */
export interface MutationSource {
  bytes: Buffer;
  /** Offsets of headers, which are the targets of length and header mutations. */
  headers: readonly number[];
  /** Distance from such an offset to the 16-bit length. */
  lengthAt: number;
  /** The bytes that a splice inserts. */
  other: Buffer;
}

const counts = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 2, arbitrary: fc.integer({ min: 9, max: 400 }) },
  fc.integer({ min: 401, max: 5000 }),
);
const values = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 2, 0x24, 0x7f, 0x80, 0xff, 0x7fff, 0xfffe, 0xffff));
const places = fc.nat(0x3fff_ffff);

/** From one to `maxLength` mutations of the kinds given. */
export function mutationLists(maxLength: number, kinds: readonly Mutation["kind"][] = KINDS): fc.Arbitrary<Mutation[]> {
  const mutation = fc.record({
    kind: fc.constantFrom(...kinds),
    at: places,
    to: places,
    count: counts,
    value: values,
  });
  return fc.array(mutation, { minLength: 1, maxLength });
}

/** All kinds after which the rest of the stream continues, more or less in its place. */
export const LOCAL_KINDS = KINDS.filter((kind) => kind !== "truncate");

/** The source of an interleaved session, with another one to splice in. */
export function sessionSource(session: Session, other: Session): MutationSource {
  return {
    bytes: session.bytes,
    headers: session.pieces.filter((piece) => piece.channel !== undefined).map(({ start }) => start),
    lengthAt: 2,
    other: other.bytes,
  };
}

/** The source for bytes without a known structure. */
export function plainSource(bytes: Buffer, other: Buffer = bytes): MutationSource {
  return { bytes, headers: [], lengthAt: 0, other };
}

/** Applies mutations one after the other, all between `from` and `to` of the source's bytes. */
export function mutate(
  source: MutationSource,
  mutations: readonly Mutation[],
  from = 0,
  to = source.bytes.length,
): Mutated {
  const result: Mutated = { bytes: source.bytes, sameAtStart: source.bytes.length, sameAtEnd: source.bytes.length };
  const headers = source.headers.filter((at) => at >= from && at < to);
  for (const mutation of mutations) {
    const size = result.bytes.length;
    const last = Math.min(size, to);
    if (last <= from) break;
    const { start, end, bytes } = changeOf(source, headers, mutation, result.bytes, from, last);
    result.sameAtStart = Math.min(result.sameAtStart, start);
    result.sameAtEnd = Math.min(result.sameAtEnd, size - end);
    result.bytes = Buffer.concat([result.bytes.subarray(0, start), bytes, result.bytes.subarray(end)]);
  }
  return result;
}

interface Change {
  start: number;
  end: number;
  bytes: Buffer;
}

function changeOf(
  { lengthAt, other }: MutationSource,
  headers: readonly number[],
  { kind, at, to, count, value }: Mutation,
  bytes: Buffer,
  from: number,
  last: number,
): Change {
  const start = from + (at % (last - from));
  const end = Math.min(last, start + count);
  const target = from + (to % (last - from));
  switch (kind) {
    case "flip":
      return { start, end: start + 1, bytes: Buffer.from([(bytes[start] as number) ^ (1 << (value & 7))]) };
    case "set":
      return { start, end, bytes: Buffer.alloc(end - start, value & 0xff) };
    case "delete":
      return { start, end, bytes: Buffer.alloc(0) };
    case "insert":
      return { start, end: start, bytes: Buffer.alloc(Math.min(count, 2000), value & 0xff) };
    case "duplicate":
      return { start: target, end: target, bytes: bytes.subarray(start, end) };
    case "swap":
      return swap(bytes, start, target, count, last);
    case "truncate":
      return { start, end: bytes.length, bytes: Buffer.alloc(0) };
    case "splice": {
      const piece = to % other.length;
      return { start, end, bytes: other.subarray(piece, piece + count) };
    }
    case "length": {
      const field = aim(headers, at, start) + lengthAt;
      return replace(bytes, field, Buffer.from([value >> 8, value & 0xff]), last);
    }
    case "header":
      return replace(bytes, aim(headers, at, start) + (to % 20), Buffer.from([value & 0xff]), last);
  }
}

function aim(headers: readonly number[], at: number, otherwise: number): number {
  return headers[at % Math.max(1, headers.length)] ?? otherwise;
}

function replace(bytes: Buffer, at: number, by: Buffer, last: number): Change {
  const start = Math.min(at, bytes.length, last);
  const end = Math.min(start + by.length, last);
  return { start, end, bytes: by.subarray(0, end - start) };
}

function swap(bytes: Buffer, one: number, two: number, count: number, last: number): Change {
  const [first, second] = one < two ? [one, two] : [two, one];
  const size = Math.min(count, second - first, last - second);
  const parts = [
    bytes.subarray(second, second + size),
    bytes.subarray(first + size, second),
    bytes.subarray(first, first + size),
  ];
  return { start: first, end: second + size, bytes: Buffer.concat(parts) };
}
