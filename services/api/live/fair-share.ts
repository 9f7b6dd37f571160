/** A conversion, with the clients that watch it. */
export interface Conversion {
  clients: ReadonlySet<string>;
}

/**
 * Selects the conversion to end so that a client gets one. Among the clients that watch conversions alone, it takes
 * the one with the most of these, and its newest, but only if that client keeps more of them than the asking client
 * has now. So no client keeps the others out, and clients with equal shares do not keep taking conversions from each
 * other. Pure.
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
