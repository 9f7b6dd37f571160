import { expect, it } from "vitest";
import { ClientPlaces } from "./client-places.ts";

const refusal = (status: number) => expect.objectContaining({ status, headers: { "Retry-After": "5" } });

it("a client takes its share, and no more; others take what is left, until all are taken", () => {
  const places = new ClientPlaces({ what: "seats", perClient: 2, inAll: 3 });
  const [first] = [places.take("a"), places.take("a")];
  expect(() => places.take("a")).toThrow(refusal(429));
  expect(() => places.take("a")).toThrow(/2 seats.*api\.trustedProxies/);
  places.take("b");
  expect(() => places.take("c")).toThrow(refusal(503));
  first();
  first(); // gives back only one place
  expect(places.taken).toBe(2);
  places.take("c");
  expect(() => places.take("a")).toThrow(refusal(503));
});
