import { expect, it } from "vitest";
import { conversionToEnd } from "./fair-share.ts";

const conversions = (...watched: string[]) => watched.map((clients, i) => ({ i, clients: new Set(clients) }));

it.each([
  ["the newest of the client that has more than its share", ["a", "b", "a", "a"], "c", 3],
  ["none that two clients watch", ["a", "a", "ab"], "c", 1],
  ["none where nobody has more than one", ["a", "b"], "c", undefined],
  ["none for a client that has as many as would be left", ["a", "a", "b"], "b", undefined],
  ["none of its own", ["a", "a", "a"], "a", undefined],
])("%s is ended", (_which, watched, client, ended) => {
  expect(conversionToEnd(conversions(...watched), client)?.i).toBe(ended);
});
