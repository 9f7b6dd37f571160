/**
 * Reads bits, most significant first, like the syntax tables of ITU-T H.264 §7.3. Reading past the end throws
 * RangeError.
 */
export class BitReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** u(1) */
  bit(): number {
    const byte = this.#bytes[this.#position >> 3];
    if (byte === undefined) throw new RangeError("the bitstream ends too early");
    const bit = (byte >> (7 - (this.#position & 7))) & 1;
    this.#position++;
    return bit;
  }

  /** u(n), n up to 32 */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  /** ue(v), §9.1; throws RangeError beyond 32 bits */
  unsignedExpGolomb(): number {
    let leadingZeros = 0;
    while (this.bit() === 0) {
      if (++leadingZeros > 32) throw new RangeError("an Exp-Golomb code is longer than 32 bits");
    }
    return 2 ** leadingZeros - 1 + this.bits(leadingZeros);
  }

  /** se(v), §9.1.1 */
  signedExpGolomb(): number {
    const code = this.unsignedExpGolomb();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
