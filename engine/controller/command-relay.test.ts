import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import { Site } from "../testing/site.node.ts";
import { ByteReader } from "../wire/byte-codec.ts";
import { type Command, decodeCommand, encodeCommand } from "./command.ts";
import { decodeResult, encodeResult } from "./command-result.ts";

const split = { kind: "split", pair: "elsewhere", secondary: "read-only" } as const;
const unknown = new EngineError("PAIR_UNKNOWN", { pair: "elsewhere" });

/** System `a` is real; `b` and `c`, each behind a link, are played by hand. */
async function open(): Promise<{ readonly site: Site; readonly b: HandPeer; readonly c: HandPeer }> {
  const site = await Site.open({
    sizeBytes: 40 * 4096,
    trackBytes: 4096,
    systems: { a: ["pvol"] },
    links: { left: ["a", "b"], right: ["a", "c"] },
  });
  const b = new HandPeer(site, "a", "b", "left");
  const c = new HandPeer(site, "a", "c", "right");
  await b.listen();
  await c.listen();
  return { site, b, c };
}

function outcome(given: Promise<void>): Promise<string> {
  return given.then(
    () => "done",
    (error: unknown) => (error instanceof EngineError ? error.code : "a bug"),
  );
}

/** Answers every command that comes. */
function answer(peer: HandPeer, error: EngineError | undefined, before: () => void = () => {}): void {
  peer.onFrame = ({ kind, payload }) => {
    if (kind !== "command") return;
    before();
    peer.send("result", { payload: encodeResult({ number: decodeCommand(payload).number, error }) });
  };
}

test("what one system does not know the next one is asked", async () => {
  const { site, b, c } = await open();
  answer(b, unknown);
  answer(c, undefined);
  expect(await site.run(outcome(site.at("a").system.execute(split)))).toBe("done");
  expect(c.heard("command").map(({ payload }) => decodeCommand(payload).command)).toEqual([split]);
});

test("a refusal that is not for want of knowledge is the answer: nobody else is asked", async () => {
  const { site, b, c } = await open();
  answer(b, new EngineError("DIVERGED", { pair: "elsewhere", mine: "", theirs: "" }));
  answer(c, undefined);
  expect(await site.run(outcome(site.at("a").system.execute(split)))).toBe("DIVERGED");
  expect(c.heard("command")).toEqual([]);
});

test("a system that is lost while another is asked is passed over", async () => {
  const { site, b, c } = await open();
  answer(b, unknown, () => c.session?.end("cut"));
  expect(await site.run(outcome(site.at("a").system.execute(split)))).toBe("PAIR_UNKNOWN");
});

test("a system that is lost leaves unanswered what it was asked, and nothing else", async () => {
  const { site, b, c } = await open();
  const { system } = site.at("a");
  answer(b, unknown);
  const first = outcome(system.execute(split));
  await site.until(() => c.heard("command").length === 1);
  b.onFrame = () => {};
  const second = outcome(system.execute(split));
  await site.until(() => b.heard("command").length === 2);
  c.session?.end("cut");
  expect(await site.run(first)).toBe("UNANSWERED");
  const [, asked] = b.heard("command");
  const number = new ByteReader(asked?.payload ?? new Uint8Array(4)).u32();
  b.send("result", { payload: encodeResult({ number, error: undefined }) });
  expect(await site.run(second)).toBe("done");
});

test("a system that answers what another one was asked is not believed", async () => {
  const { site, b, c } = await open();
  const given = outcome(site.at("a").system.execute(split));
  await site.until(() => b.heard("command").length === 1);
  const [asked] = b.heard("command");
  const number = new ByteReader(asked?.payload ?? new Uint8Array(4)).u32();
  const refused = new EngineError("DIVERGED", { pair: "elsewhere", mine: "", theirs: "" });
  c.send("result", { payload: encodeResult({ number, error: undefined }) });
  await site.until(() => site.at("a").runtime.steps.includes("session.down"));
  b.send("result", { payload: encodeResult({ number, error: refused }) });
  expect(await site.run(given)).toBe("DIVERGED");
});

test("of more commands than are carried out at once the last are told so", async () => {
  const { site, b, c } = await open();
  site.network.listen("right", (link) => link.close());
  c.session?.end("cut");
  // Each waits for a link that does not come up.
  const create: Command = { kind: "create", pair: "p", volume: "pvol", link: "right", peerVolume: "far", mode: "sync" };
  for (let number = 0; number < 66; number++) b.send("command", { payload: encodeCommand(number, create) });
  await site.run(site.sleep(10_000 * NS_PER_MS));
  const results = b.heard("result").map(({ payload }) => decodeResult(payload));
  expect(results).toHaveLength(66);
  const told = (code: string): number[] =>
    results.filter(({ error }) => error?.code === code).map(({ number }) => number);
  expect(told("BUSY")).toEqual([64, 65]);
  expect(told("LINK_DOWN")).toHaveLength(64);
});
