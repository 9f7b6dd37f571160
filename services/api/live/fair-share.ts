/** A conversion, with the clients that watch it. */
export interface Conversion {
  clients: ReadonlySet<string>;
}

/**
 * Selects the conversion to end so that a client gets one. Only conversions that a single other client watches are
 * considered: of the client with the most of these, the newest, if this client still has more of them afterwards than
 * the asking client has now. So no client keeps the others out, and clients with equal shares do not take conversions
 * from each other in turns. Pure.
 *
 * @param conversions all of them, the oldest first
 */
export function conversionToEnd<Each extends Conversion>(
  conversions: readonly Each[],
  client: string,
): Each | undefined {
  const own = conversions.filter(({ clients }) => clients.has(client)).length;
  const ofOneAlone = new Map<string, Each[]>();
  for (const conversion of conversions) {
    const [first, ...others] = conversion.clients;
    if (first === undefined || others.length > 0) continue;
    ofOneAlone.set(first, [...(ofOneAlone.get(first) ?? []), conversion]);
  }
  ofOneAlone.delete(client);
  const most = [...ofOneAlone.values()].reduce<Each[]>((a, b) => (b.length > a.length ? b : a), []);
  return most.length - 1 > own ? most.at(-1) : undefined;
}
