import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HttpControl } from "./http-control.ts";

const STATUS = {
  volumes: [{ volume: "pvol", sizeBytes: 512 }],
  pairs: [
    { pair: "p", volume: "pvol", role: "primary", status: "COPY", consistent: true, connected: true, pendingTracks: 1 },
  ],
  links: [{ link: "link", up: true }],
};

/** A node that answers so; and its end, which the test brings about. */
async function node(answer: (path: string, response: ServerResponse) => void, tellsPending = true) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(request.url ?? "", response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const end = Promise.withResolvers<number>();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { control: new HttpControl({ url, whenEnded: () => end.promise, tellsPending }), end, server };
}

const says = (status: number, body: unknown) => (_: string, response: ServerResponse) => {
  response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
};

test("a status has defaults for what is not declared, and a later one is later", async () => {
  const { control } = await node(says(200, STATUS));
  const [first, second] = [await control.status(), await control.status()];
  expect(first).toMatchObject({ images: [], journals: [], restores: [], links: [{ receivedBytes: 0 }] });
  expect(first.pairs[0]).toMatchObject({ suspension: "", generation: "", pendingTracks: 1 });
  expect(second.atNs).toBeGreaterThan(first.atNs);
});

test("a refusal has its code; one that says that nobody knows is none", async () => {
  const refusing = await node(says(409, { code: "PAIR_SPLIT", message: "it is split" }));
  const split = { kind: "split", pair: "p", secondary: "read-only" } as const;
  await expect(refusing.control.execute(split)).rejects.toMatchObject({ name: "AdminError", code: "PAIR_SPLIT" });
  const unsure = await node(says(504, { code: "X", message: "it goes on" }));
  await expect(unsure.control.execute(split)).rejects.toMatchObject({ name: "AdminError", code: "UNANSWERED" });
});

test("pending tracks are asked for only where the target knows them", async () => {
  const tracks = { trackBytes: 8192, runs: [[0, 2]] };
  expect(await (await node(says(200, tracks))).control.pending("p")).toEqual(tracks);
  expect(await (await node(says(500, "none"), false)).control.pending("p")).toBeUndefined();
});

test.each<[string, number, unknown, RegExp]>([
  ["no JSON", 200, "hello", /status is not as the protocol has it: no JSON: hello/],
  ["a field of another kind", 200, { ...STATUS, pairs: [{ ...STATUS.pairs[0], status: "FINE" }] }, /pairs\.0\.status/],
  ["an error", 500, "sorry", /\/v1\/status: status 500, sorry/],
])("an answer that cannot be used says why: %s", async (_, status, body, message) => {
  const { control } = await node(says(status, body));
  await expect(control.status()).rejects.toThrow(message);
});

test("a node that is not there was not asked", async () => {
  const { control, server } = await node(says(200, STATUS));
  await new Promise((resolve) => server.close(resolve));
  await expect(control.status()).rejects.toMatchObject({ name: "NodeSilent", isUnasked: true });
});

test("its status is told when it has changed, and its end is an error", async () => {
  let pending = 1;
  const { control, end } = await node((_, response) =>
    says(200, { ...STATUS, pairs: [{ ...STATUS.pairs[0], pendingTracks: pending }] })("", response),
  );
  const told: number[] = [];
  const listening = (async () => {
    for await (const event of control.events(new AbortController().signal)) {
      if (event.kind === "status") told.push(event.status.pairs[0]?.pendingTracks ?? -1);
      if (pending === 1) pending = 7;
      else end.resolve(137);
    }
  })();
  await expect(listening).rejects.toThrow("its container ended with exit code 137");
  expect(told).toEqual([1, 7]);
});
