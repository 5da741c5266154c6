import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LinksUnderTest, linkConformance } from "../../ports/link.conformance.ts";
import { makeKeys } from "../keys/make-keys.ts";
import type { SocketLink } from "./socket-link.ts";
import { type TcpAddress, type TcpLinks, tcpLinks, type TlsIdentity } from "./tcp-links.ts";

const keys = makeKeys(["a", "b", "c"]);

async function identity(name: string): Promise<TlsIdentity> {
  const { authority, systems } = await keys;
  const pair = systems.get(name);
  if (pair === undefined) throw new Error(`no keys for ${name}`);
  return { ca: authority.cert, ...pair };
}

let accepted: SocketLink[] = [];
// What they are on: Node.js resets a connection with TLS only by the socket below.
let sockets: Socket[] = [];
const onSocket = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
let opened: TcpLinks[] = [];
beforeEach(() => {
  accepted = [];
  sockets = [];
  opened = [];
  subscribe("net.server.socket", onSocket);
});
afterEach(async () => {
  unsubscribe("net.server.socket", onSocket);
  // The links of a case are in any state; nobody need read what they still hold.
  for (const socket of sockets) socket.destroy();
  for (const link of accepted) link.close();
  await Promise.all(opened.map((links) => links.close()));
});

function open(tls?: TlsIdentity): LinksUnderTest {
  const at = (port: number): TcpAddress => ({ host: "127.0.0.1", port, ...(tls === undefined ? {} : { peer: "a" }) });
  const links = tcpLinks({
    addresses: new Map([
      ["b", at(0)],
      ["nobody", at(1)],
    ]),
    ...(tls === undefined ? {} : { tls }),
  });
  opened.push(links);
  return {
    dialler: links,
    listener: {
      dial: (address) => links.dial(address),
      listen: (address, onLink) =>
        links.listen(address, (link) => {
          accepted.push(link as SocketLink);
          onLink(link);
        }),
    },
    listenAddress: "b",
    dialAddress: "b",
    refusedAddress: "nobody",
    run: (body) => body(),
    quiet,
    reset: () => {
      if (tls === undefined) for (const link of accepted) link.reset();
      else for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

/** Until no socket has moved a byte for some turns; the system moves them, so there is no event to wait for. */
async function quiet(): Promise<void> {
  let before = -1;
  for (let still = 0; still < 5; ) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    const moved = accepted.reduce((sum, link) => sum + link.movedBytes, accepted.length);
    still = moved === before ? still + 1 : 0;
    before = moved;
  }
}

describe("TCP", () => {
  linkConformance({ test, open: () => open() });
});

// One system that is its own peer: both sides show the certificate of "a".
describe("TLS", () => {
  linkConformance({ test, open: async () => open(await identity("a")) });
});

test("an address that is taken is told by ready()", async () => {
  const first = tcpLinks({ addresses: new Map([["a", { host: "127.0.0.1", port: 0 }]]) });
  first.listen("a", () => {});
  await first.ready();
  const second = tcpLinks({ addresses: new Map([["a", { host: "127.0.0.1", port: first.portOf("a") }]]) });
  opened.push(first, second);
  second.listen("a", () => {});
  await expect(second.ready()).rejects.toMatchObject({ code: "LINK_ADDRESS", found: "EADDRINUSE" });
});
