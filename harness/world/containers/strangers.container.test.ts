import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makeKeys } from "../../../engine/node/keys/make-keys.ts";
import { NODE_IMAGE } from "./base-images.ts";
import { MirroredVolume } from "./mirrored-volume.fixture.ts";
import { httpReady } from "./runtime/container-spec.ts";
import type { RunningContainer } from "./runtime/running-container.ts";
import { Stage } from "./stage.ts";

/**
 * On the network of the systems: dials what it is asked to, says something, and answers with what it heard until the
 * connection ended, in hexadecimal: of TLS, what came within it.
 */
const STRANGER = `
const { readFileSync } = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");
require("node:http").createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://x");
  if (pathname === "/") return response.end("ready");
  const place = { host: searchParams.get("host"), port: Number(searchParams.get("port")) };
  const pem = (name) => readFileSync("/keys/" + name);
  const identity = { cert: pem("a.crt"), key: pem("a.key") };
  const any = { ...place, rejectUnauthorized: false };
  const dials = {
    "/plain": () => net.connect(place),
    "/no-certificate": () => tls.connect(any),
    "/other-authority": () => tls.connect({ ...any, ...identity }),
    "/tls-1.2": () => tls.connect({ ...any, ...identity, maxVersion: "TLSv1.2" }),
  };
  const socket = dials[pathname]();
  const heard = [];
  socket.on("error", () => {});
  socket.on("data", (bytes) => heard.push(bytes));
  socket.on("close", () => response.end(Buffer.concat(heard).toString("hex")));
  socket.write(Buffer.from(searchParams.get("say"), "hex"));
}).listen(8080);
`;

let stage: Stage;
let stranger: RunningContainer;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

/** The world proves at its end that nothing is left, so the stranger is gone before. */
async function startStranger(): Promise<void> {
  // A certificate of the name that is expected, but of another authority.
  const keys = await makeKeys(["a"]);
  const { cert = "", key = "" } = keys.systems.get("a") ?? {};
  stranger = await stage.runtime.start({
    name: "stranger",
    image: NODE_IMAGE,
    command: ["node", "-e", STRANGER],
    network: stage.network,
    ports: [8080],
    files: { "/keys/a.crt": cert, "/keys/a.key": key },
    ready: httpReady(8080, "/"),
  });
  onTestFinished(() => stranger.remove());
}

/** @returns what the stranger heard */
async function dial(how: string, say: Buffer): Promise<Buffer> {
  const place = `host=${stage.toxiproxy.container.address}&port=9000`;
  const url = `http://127.0.0.1:${stranger.port(8080)}/${how}?${place}&say=${say.toString("hex")}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  return Buffer.from(await response.text(), "hex");
}

const strangers: readonly (readonly [who: string, how: string, why: RegExp])[] = [
  ["who speaks no TLS", "plain", /ERR_SSL_HTTP_REQUEST/],
  ["without a certificate", "no-certificate", /ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE/],
  ["with a certificate of another authority", "other-authority", /UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
  ["who speaks an older TLS", "tls-1.2", /ERR_SSL_UNSUPPORTED_PROTOCOL/],
];

test("a stranger on the network is refused at a link's port, hears nothing, and the pair goes on", async () => {
  const mirrored = await MirroredVolume.create(stage);
  await startStranger();
  const device = mirrored.device();
  await device.write(0, new Uint8Array(4096).fill(1));
  for (const [who, how, why] of strangers) {
    const before = mirrored.steps.length;
    const refused = (): string =>
      mirrored.steps.slice(before).find((step) => step.startsWith("b link.refused ")) ?? "no refusal";
    const heard = await dial(how, Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    // Without TLS there may be an alert, of seven bytes.
    expect(heard.length, who).toBeLessThanOrEqual(how === "plain" ? 7 : 0);
    await expect.poll(refused, { message: who }).toMatch(why);
  }
  await device.write(4096, new Uint8Array(4096).fill(2));
  expect(mirrored.steps.filter((step) => / (?:session\.down|pair\.suspended) /.test(step))).toEqual([]);
  await mirrored.duplex();
  expect(await mirrored.difference()).toBe(-1);
});
