/**
 * The order in which the indices 0 to `count - 1` are fetched so that there is soon a picture near any pointer
 * position: first every 64th, then those halfway between, and so on; in each round from the middle (where the pointer
 * is) outwards.
 */
export function prefetchOrder(count: number, middle: number): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(count);
  for (let step = 64; step >= 1; step /= 2) {
    const round: number[] = [];
    for (let place = 0; place < count; place += step) {
      if (seen[place] === 1) continue;
      seen[place] = 1;
      round.push(place);
    }
    order.push(...round.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)));
  }
  return order;
}

/**
 * The offsets around a pointer, nearest first: 0, 1, -1, 2, -2 …; more of them ahead in the direction of its movement.
 */
export function aroundPointer(reach: number, direction: number): number[] {
  const places = [0];
  for (let distance = 1; distance <= reach; distance++) {
    places.push(direction < 0 ? -distance : distance, direction < 0 ? distance : -distance);
  }
  return places;
}
