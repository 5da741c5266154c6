import { expect, test } from "vitest";
import { hostPump } from "./host-pump.ts";
import { simulation } from "./simulation.fixture.ts";

/** A channel as a browser has it: one macrotask a message. */
class FakeChannel {
  readonly port1: { onmessage: (() => void) | null } = { onmessage: null };
  readonly port2 = { postMessage: (): void => void setImmediate(() => this.port1.onmessage?.()) };
}

const runtimes = [
  ["Node.js", {}],
  ["a runtime with setImmediate alone", { setImmediate }],
  ["a browser", { MessageChannel: FakeChannel }],
] as const;

test.each(runtimes)("a run of 2000 events with chains of promises in %s", async (name, host) => {
  const { log, at, run } = simulation();
  const order: number[] = [];
  const chain = async (event: number): Promise<void> => {
    for (let link = 0; link < event % 7; link++) await Promise.resolve();
    order.push(event);
  };
  for (let event = 0; event < 2000; event++) at(event >> 1, event, () => void chain(event));
  expect(await run(name === "Node.js" ? hostPump() : hostPump(host))).toBe("idle");
  expect(order).toEqual(Array.from({ length: 2000 }, (_, event) => event));
  expect(log.digest).toMatchInlineSnapshot(`"d4c26bdf225aaa6a"`);
});

test("a runtime without any macrotask is told as such", () => {
  expect(() => hostPump({})).toThrow("neither setImmediate nor MessageChannel");
});
