import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { type Link, LinkError } from "../../ports/index.ts";
import { type KeySet, makeKeys } from "../keys/make-keys.ts";
import { type TcpLinks, tcpLinks, type TlsIdentity } from "./tcp-links.ts";

const ours = makeKeys(["a", "b", "c"]);
const others = makeKeys(["a", "b"]);
// Good for half an hour, until half an hour ago.
const expired = ours.then(({ authority }) => makeKeys(["a", "b"], { authority, days: -0.5 / 24 }));

interface Site {
  readonly links: TcpLinks;
  /** What the log had to say, each as `step why`. */
  readonly said: string[];
  /** Settles with the next of them. */
  next(): Promise<string>;
}

/** The links of a system that calls itself `name`, to the system `peer` at one address. */
function site(identity: TlsIdentity, peer: string, port: number): Site {
  const said: string[] = [];
  let notify = (): void => {};
  const links = tcpLinks({
    addresses: new Map([["peer", { host: "127.0.0.1", port, peer }]]),
    tls: identity,
    log: {
      step: (name, { why }) => {
        said.push(`${name} ${String(why)}`);
        notify();
      },
    },
  });
  onTestFinished(() => links.close());
  return {
    links,
    said,
    next: async () => {
      if (said.length === 0)
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      return said.shift() ?? "";
    },
  };
}

function identityOf({ authority, systems }: KeySet, name: string): TlsIdentity {
  const pair = systems.get(name);
  if (pair === undefined) throw new Error(`no keys for ${name}`);
  return { ca: authority.cert, ...pair };
}

interface Listening {
  readonly a: Site;
  readonly port: number;
  /** Who came through. */
  readonly came: readonly Link[];
  readonly first: Promise<Link>;
}

/** System `a`, which expects `b`. */
async function listening(identity?: TlsIdentity): Promise<Listening> {
  const a = site(identity ?? identityOf(await ours, "a"), "b", 0);
  const came: Link[] = [];
  const first = Promise.withResolvers<Link>();
  a.links.listen("peer", (link) => {
    came.push(link);
    first.resolve(link);
  });
  await a.links.ready();
  return { a, port: a.links.portOf("peer"), came, first: first.promise };
}

/** In TLS 1.3 the dialling side may be through before it is refused; then its link ends. */
async function endOf(dialling: Promise<Link>): Promise<string> {
  try {
    const link = await dialling;
    const bytes = await link.read();
    return bytes === undefined ? "end" : "bytes";
  } catch (error) {
    return error instanceof LinkError ? error.code : String(error);
  }
}

test("the system that is expected comes through, both ways", async () => {
  const { a, port, first } = await listening();
  const b = site(identityOf(await ours, "b"), "a", port);
  const dialled = await b.links.dial("peer");
  await dialled.write(Uint8Array.of(1, 2, 3));
  const accepted = await first;
  expect(await accepted.read()).toEqual(Uint8Array.of(1, 2, 3));
  await accepted.write(Uint8Array.of(4));
  expect(await dialled.read()).toEqual(Uint8Array.of(4));
  expect([...a.said, ...b.said]).toEqual([]);
});

const ca = async (): Promise<string> => (await ours).authority.cert;
const strangers: [string, () => Promise<TlsIdentity>, string][] = [
  [
    "of another authority",
    async () => ({ ...identityOf(await others, "b"), ca: await ca() }),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ],
  ["whose certificate has expired", async () => identityOf(await expired, "b"), "CERT_HAS_EXPIRED"],
  ["of another name", async () => identityOf(await ours, "c"), "ERR_TLS_CERT_ALTNAME_INVALID"],
];

test.each(strangers)("a stranger %s is refused, and that is logged", async (_, identity, why) => {
  const { a, port, came } = await listening();
  const stranger = site(await identity(), "a", port);
  const end = endOf(stranger.links.dial("peer"));
  expect(await a.next()).toBe(`link.refused ${why}`);
  expect(await end).toMatch(/^(?:RESET|REFUSED|end)$/);
  expect(came).toEqual([]);
});

function closed(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

test("a stranger without a certificate is refused", async () => {
  const { a, port, came } = await listening();
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  socket.write("a secret");
  const end = closed(socket);
  expect(await a.next()).toBe("link.refused ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE");
  await end;
  expect(came).toEqual([]);
});

test("one that speaks no TLS, or an older one, is refused", async () => {
  const { a, port, came } = await listening();
  const plain = connect({ host: "127.0.0.1", port });
  plain.write("GET / HTTP/1.1\r\n\r\n");
  const plainEnd = closed(plain);
  expect(await a.next()).toMatch(/^link\.refused ERR_SSL_/);
  await plainEnd;
  const old = connectTls({ host: "127.0.0.1", port, maxVersion: "TLSv1.2", rejectUnauthorized: false });
  const oldEnd = closed(old);
  expect(await a.next()).toMatch(/^link\.refused ERR_SSL_UNSUPPORTED_PROTOCOL/);
  await oldEnd;
  expect(came).toEqual([]);
});

const impostors: [string, () => Promise<TlsIdentity>, string][] = [
  ["of another authority", async () => identityOf(await others, "a"), "SELF_SIGNED_CERT_IN_CHAIN"],
  ["whose certificate has expired", async () => identityOf(await expired, "a"), "CERT_HAS_EXPIRED"],
  ["of another name", async () => identityOf(await ours, "c"), "ERR_TLS_CERT_ALTNAME_INVALID"],
];

test.each(impostors)("an impostor %s is not believed by who dials it, and that is logged", async (_, identity, why) => {
  const { port, came } = await listening(await identity());
  const b = site(identityOf(await ours, "b"), "a", port);
  await expect(b.links.dial("peer")).rejects.toMatchObject({ code: "REFUSED" });
  expect(b.said).toEqual([`link.refused ${why}`]);
  expect(came.length).toBeLessThanOrEqual(1);
});

test("who accepts a connection and says nothing costs a dial its time, no more", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const links = tcpLinks({
    addresses: new Map([["peer", { host: "127.0.0.1", port, peer: "a" }]]),
    tls: identityOf(await ours, "b"),
    dialTimeoutMs: 50,
  });
  await expect(links.dial("peer")).rejects.toMatchObject({ code: "TIMEOUT" });
  await links.close();
});

test("TLS needs the name of each peer, and keys that are keys", async () => {
  const addresses = new Map([["peer", { host: "127.0.0.1", port: 1 }]]);
  const identity = identityOf(await ours, "a");
  expect(() => tcpLinks({ addresses, tls: identity })).toThrow(/LINK_TLS link address peer: found no name/);
  expect(() => tcpLinks({ addresses: new Map(), tls: { ...identity, key: "nonsense" } })).toThrow(/LINK_TLS/);
});
