/** A conversion, and the clients that watch it. */
export interface Conversion {
  clients: ReadonlySet<string>;
}

/**
 * Which of all conversions ends so that a client gets one: the newest that nobody but the client with the most watches, and
 * only where that one has more left afterwards than the asking one has now. So one client never keeps the others out, and
 * those that share take nothing from each other in turns. Pure.
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
