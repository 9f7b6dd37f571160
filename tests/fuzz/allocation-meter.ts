/** The memory allocated for binary data while something ran. */
export interface Allocations {
  /** Bytes of the largest single buffer or typed array. */
  largest: number;
  /** Bytes of all of them, including those that were released meanwhile: less is held at any one time. */
  total: number;
}

const TYPED_ARRAYS = ["Uint8Array", "Uint32Array", "Int32Array", "Float64Array"] as const;

/**
 * Runs `work` and counts what it requests from Buffer.alloc, Buffer.allocUnsafe and the constructors of typed arrays.
 * Unlike the size of a heap this is exact and the same on every machine.
 */
export async function measureAllocations(work: () => void | Promise<void>): Promise<Allocations> {
  const allocations: Allocations = { largest: 0, total: 0 };
  const note = (bytes: number) => {
    allocations.largest = Math.max(allocations.largest, bytes);
    allocations.total += bytes;
  };
  const restore = [wrapBuffer(note), ...TYPED_ARRAYS.map((name) => wrapTypedArray(name, note))];
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return allocations;
}

function wrapBuffer(note: (bytes: number) => void): () => void {
  const { alloc, allocUnsafe } = Buffer;
  Buffer.alloc = (size: number, ...rest: []) => {
    note(size);
    return alloc(size, ...rest);
  };
  Buffer.allocUnsafe = (size: number) => {
    note(size);
    return allocUnsafe(size);
  };
  return () => Object.assign(Buffer, { alloc, allocUnsafe });
}

function wrapTypedArray(name: (typeof TYPED_ARRAYS)[number], note: (bytes: number) => void): () => void {
  const original = globalThis[name];
  const proxy: unknown = new Proxy(original, {
    construct(target, args: [unknown], newTarget) {
      const [first] = args;
      const length = typeof first === "number" ? first : Array.isArray(first) ? first.length : 0;
      note(length * target.BYTES_PER_ELEMENT);
      return Reflect.construct(target, args, newTarget === proxy ? target : newTarget);
    },
  });
  Object.assign(globalThis, { [name]: proxy });
  return () => Object.assign(globalThis, { [name]: original });
}
