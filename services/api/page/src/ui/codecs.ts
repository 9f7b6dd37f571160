/**
 * What the page knows about video codecs, by the type of their sample entry, with which their RFC 6381 strings begin.
 */
const CODECS = [
  { entry: /^avc[13]/, name: "H.264", canJoin: true },
  { entry: /^(hvc1|hev1)/, name: "H.265", canJoin: false },
];

/** The name of the codec of an RFC 6381 string such as `avc1.64001f`. */
export function codecName(codec: string): string {
  return CODECS.find(({ entry }) => entry.test(codec))?.name ?? codec;
}

/** Whether the api makes ranges of minutes in that codec. */
export function canJoin(codec: string): boolean {
  return CODECS.some(({ entry, canJoin }) => canJoin && entry.test(codec));
}
