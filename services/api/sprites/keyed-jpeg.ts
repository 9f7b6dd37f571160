/** The comment that identifies the thumbnails of which a sheet was made. */
const LABEL = "hindsight sprites ";
const KEY_LENGTH = 24;
const APP0 = 0xe0;
const COMMENT = Buffer.from([0xff, 0xfe]);
const END = Buffer.from([0xff, 0xd9]);
/** The comment follows the JFIF header, which comes first (ITU-T T.871 §10.1). */
const WITHIN_BYTES = 256;

/** A JPEG with a key of 24 characters in a comment (ITU-T T.81 §B.2.4.5). */
export function withKey(jpeg: Buffer, key: string): Buffer {
  const at = jpeg[3] === APP0 ? 4 + jpeg.readUInt16BE(4) : 2;
  const text = Buffer.from(LABEL + key, "latin1");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length + length.length);
  return Buffer.concat([jpeg.subarray(0, at), COMMENT, length, text, jpeg.subarray(at)]);
}

/** The key of a JPEG that `withKey` made; undefined when there is none, or when the file is truncated. */
export function keyOfJpeg(jpeg: Buffer): string | undefined {
  if (!jpeg.subarray(-END.length).equals(END)) return undefined;
  const at = jpeg.subarray(0, WITHIN_BYTES).indexOf(LABEL, 0, "latin1");
  if (at === -1) return undefined;
  return jpeg.toString("latin1", at + LABEL.length, at + LABEL.length + KEY_LENGTH);
}
