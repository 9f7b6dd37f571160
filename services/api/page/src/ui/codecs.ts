/** What the page knows of video codecs, by the type of their sample entry, which begins their RFC 6381 string. */
const CODECS = [
  { entry: /^avc[13]/, name: "H.264", canJoin: true },
  { entry: /^(hvc1|hev1)/, name: "H.265", canJoin: false },
];

/** The name of a codec that an RFC 6381 string such as `avc1.64001f` stands for. */
export function codecName(codec: string): string {
  return CODECS.find(({ entry }) => entry.test(codec))?.name ?? codec;
}

/** Whether the api makes ranges of minutes of that codec. */
export function canJoin(codec: string): boolean {
  return CODECS.some(({ entry, canJoin }) => canJoin && entry.test(codec));
}
