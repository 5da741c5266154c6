import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LinksUnderTest, linkConformance } from "../../ports/link.conformance.ts";
import { tcpLinks, type TcpLinks } from "./tcp-links.ts";

// Every socket that a server of this process accepts, for resets and for seeing how far bytes have come.
let accepted: Socket[] = [];
const onAccepted = (message: unknown): void => void accepted.push((message as { socket: Socket }).socket);
let opened: TcpLinks[] = [];
beforeEach(() => {
  accepted = [];
  opened = [];
  subscribe("net.server.socket", onAccepted);
});
afterEach(async () => {
  unsubscribe("net.server.socket", onAccepted);
  // The links of a case are in any state; their sockets need not say good-bye.
  for (const socket of accepted) socket.destroy();
  await Promise.all(opened.map((links) => links.close()));
});

function open(): LinksUnderTest {
  const host = "127.0.0.1";
  const links = tcpLinks({
    addresses: new Map([
      ["b", { host, port: 0 }],
      ["nobody", { host, port: 1 }],
    ]),
  });
  opened.push(links);
  return {
    dialler: links,
    listener: links,
    listenAddress: "b",
    dialAddress: "b",
    refusedAddress: "nobody",
    run: (body) => body(),
    quiet,
    reset: () => {
      for (const socket of accepted) socket.resetAndDestroy();
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
    const moved = accepted.reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten, accepted.length);
    still = moved === before ? still + 1 : 0;
    before = moved;
  }
}

linkConformance({ test, open });

test("an address that is taken is told by ready()", async () => {
  const first = tcpLinks({ addresses: new Map([["a", { host: "127.0.0.1", port: 0 }]]) });
  first.listen("a", () => {});
  await first.ready();
  const second = tcpLinks({ addresses: new Map([["a", { host: "127.0.0.1", port: first.portOf("a") }]]) });
  opened.push(first, second);
  second.listen("a", () => {});
  await expect(second.ready()).rejects.toMatchObject({ code: "LINK_ADDRESS", found: "EADDRINUSE" });
});
