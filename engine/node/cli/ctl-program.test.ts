import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { statusSchema, trackRunsSchema } from "../control/status-schema.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { NbdClient } from "../nbd/client.ts";
import { ctlProgram } from "./ctl-program.ts";
import { twoDaemons } from "./two-daemons.fixture.ts";

let folder = "";
let a: Daemon;
let b: Daemon;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "resilver-ctl-"));
  ({ a, b } = await twoDaemons(folder));
});

afterAll(async () => {
  await Promise.all([a.stop(), b.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param endsAt interrupts it when it has said this */
async function program(args: readonly string[], endsAt?: string): Promise<Ended> {
  const interrupt = new AbortController();
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => {
      out += text;
      if (endsAt !== undefined && out.includes(endsAt)) interrupt.abort();
    },
    err: (text: string) => void (err += text),
    interrupt: interrupt.signal,
    version: "1.2.3",
  };
  const code = await ctlProgram(args, io);
  return { code, out, err };
}

const access = ({ control }: Daemon, name: string): readonly string[] => [
  "--url",
  `http://127.0.0.1:${control.port}`,
  "--token-file",
  join(folder, `${name}.token`),
];

/** At one end or the other. */
const at = (name: "a" | "b", ...args: readonly string[]): Promise<Ended> =>
  program([...access(name === "a" ? a : b, name), ...args]);

async function done(ended: Promise<Ended>): Promise<string> {
  const { code, out, err } = await ended;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

const waited = async (status: string): Promise<string> => done(at("a", "--timeout", "20", "wait", "pair", status));

/** No restore runs any more. */
async function brought(): Promise<void> {
  const restores = async () => statusSchema.parse(JSON.parse(await done(at("a", "--json", "status")))).restores;
  await expect.poll(restores, { timeout: 10_000 }).toEqual([]);
}

test("a pair from its making to its recovery, with every kind of command, given at either end", {
  timeout: 60_000,
}, async () => {
  const making = ["create", "pair", "--volume", "pvol", "--link", "link", "--peer-volume", "svol", "--mode", "async"];
  await done(at("a", ...making));
  expect(await waited("DUPLEX")).toBe("pair is DUPLEX\n");
  await done(at("a", "create-local", "local", "--volume", "pvol", "--mirror", "mirror"));
  await done(at("a", "--timeout", "20", "wait", "local", "DUPLEX"));

  const host = await NbdClient.connect({ host: "127.0.0.1", port: a.nbd.port, exportName: "pvol" });
  const write = (value: number) => host.write(0, Buffer.alloc(16 * 1024, value));
  const first = async () => (await host.read(0, 1))[0];
  await write(1);
  await done(at("a", "backup", "local"));
  // BR-12: at the end of the secondary.
  await done(at("b", "split", "pair", "--secondary", "read-only"));
  await waited("SPLIT");
  await write(2);
  const pending = trackRunsSchema.parse(JSON.parse(await done(at("a", "--json", "pending", "pair"))));
  expect(pending).toEqual({ trackBytes: 8192, trackCount: 128, runs: [[0, 2]] });
  expect(await done(at("a", "pending", "pair"))).toMatch(
    /^pending of pair: 2 of 128 tracks of 8 KiB\n +first +last +tracks +size\n +0 +1 +2 +16 KiB\n$/,
  );

  const tables = await done(at("a", "status"));
  expect(tables).toMatch(/^system a, start 1, resilver 1\.2\.3\n/);
  expect(tables).toMatch(/\n {2}area +2 MiB +8 KiB +none +the image of pvol\n/);
  expect(tables).toMatch(/\n {2}link +b +dial +up\n/);
  expect(tables).toMatch(
    /\n {2}pair +remote +pvol +primary +svol by link +async +SPLIT \(operator\) +consistent +2 tracks +\d+ writes?, \d+\.\d s +-\n/,
  );
  expect(tables).toMatch(/\n {2}local +local +mirror +secondary +pvol +sync +SPLIT \(operator\)/);
  expect(tables).toMatch(/\n {2}pvol +old-data +fixed +1\n/);
  expect(tables).toMatch(/Journals\n.*\n {2}pvol +pvol +logging +0 +\d+ +\d+\.\d s/);

  await done(at("a", "restore", "local"));
  expect(await first()).toBe(1);
  await brought();
  await done(at("b", "resync", "pair", "--direction", "forward"));
  await waited("DUPLEX");

  const status = statusSchema.parse(JSON.parse(await done(at("a", "--json", "status"))));
  await write(3);
  await done(at("a", "recover", "pvol", "--lsn", String(status.journals[0]?.newestLsn)));
  expect(await first()).toBe(1);
  expect(await at("a", "recover", "pvol", "--ago", "86400")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/JOURNAL_POINT/),
  });
  expect(await at("a", "recover-group", "ledger", "--lsn", "1", "--volume", "pvol")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/GROUP_UNKNOWN/),
  });

  await brought();
  await waited("DUPLEX");
  await done(at("b", "failback", "pair"));
  const swapped = statusSchema.parse(JSON.parse(await done(at("b", "--json", "status"))));
  expect(swapped.pairs[0]).toMatchObject({ pair: "pair", role: "primary" });
  await host.disconnect();

  expect(await at("b", "delete", "pair")).toMatchObject({ code: 1, err: expect.stringMatching(/ILLEGAL_TRANSITION/) });
  expect(await at("a", "delete", "pair", "--here")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/PEER_HAS_PAIR/),
  });
  await done(at("a", "delete", "local"));
  await done(at("a", "split", "pair"));
  await done(at("a", "delete", "pair"));
  for (const name of ["a", "b"] as const) {
    expect(statusSchema.parse(JSON.parse(await done(at(name, "--json", "status")))).pairs).toEqual([]);
    expect(await done(at(name, "metrics"))).not.toContain('pair="pair"');
  }
});

test.for<[string, readonly string[], RegExp]>([
  ["a pair that nobody has", ["takeover", "x"], /PAIR_UNKNOWN pair=x: create the pair first/],
  ["an image that is not fixed", ["rollback", "mirror"], /NO_IMAGE/],
  ["the tracks of a restore that does not run", ["tracks", "pvol"], /RESTORE_UNKNOWN volume=pvol/],
])("refused, with the remedy: %s", async ([, args, told]) => {
  const { code, out, err } = await at("a", ...args);
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(err).toMatch(told);
  expect(err.split("\n")).toHaveLength(2);
  const json = await at("a", "--json", ...args);
  expect(json).toMatchObject({ code: 1, err: "" });
  expect(JSON.parse(json.out)).toMatchObject({ error: { remedy: expect.stringMatching(/./) } });
});

test.for<[string, readonly string[], RegExp]>([
  ["no command", [], /^Usage: resilver ctl/],
  ["an unknown command", ["explode"], /unknown command 'explode'/],
  ["an option that is missing", ["create", "p"], /--volume/],
  ["a choice that is none", ["split", "p", "--secondary", "open"], /Allowed choices are read-only, read-write/],
  ["a number that is none", ["--timeout", "soon", "status"], /Expected seconds/],
  ["a status that is none", ["wait", "p", "FINE"], /expected one of SIMPLEX, COPY, DUPLEX, SPLIT/],
  ["no engine", ["status"], /which engine\?/],
  [
    "an entry of no journal",
    ["--url", "http://127.0.0.1:1", "--token-file", "TOKEN", "recover-group", "g", "--lsn", "1"],
    /the entry of which journal\?/,
  ],
  ["no moment", ["--url", "http://127.0.0.1:1", "--token-file", "TOKEN", "recover", "v"], /which moment\?/],
  ["a URL that is none", ["--url", "nowhere", "status"], /--url nowhere: expected/],
  ["no token", ["--url", "http://127.0.0.1:1", "status"], /no token/],
  ["a token file that is not there", ["--url", "http://127.0.0.1:1", "--token-file", "/none", "status"], /TOKEN_FILE/],
])("bad usage: %s", async ([, args, told]) => {
  const { code, err } = await program(args.map((word) => (word === "TOKEN" ? join(folder, "a.token") : word)));
  expect(err).toMatch(told);
  expect(code).toBe(254);
});

test("an engine that is not there is told from one that did not answer", async () => {
  const token = ["--token-file", join(folder, "a.token")];
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, "close");
  expect(await program(["--url", `http://127.0.0.1:${port}`, ...token, "status"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^resilver: UNREACHABLE.*ECONNREFUSED\n$/),
  });
  const late = await program([...access(a, "a"), "--timeout", "0.2", "wait", "pair", "COPY"]);
  expect(late.code).toBe(2);
});

test("another engine's token is refused", async () => {
  const mixed = await program([...access(a, "a").slice(0, 2), "--token-file", join(folder, "b.token"), "status"]);
  expect(mixed).toMatchObject({ code: 1, err: expect.stringMatching(/UNAUTHORIZED/) });
});

test("events are lines of JSON until it is interrupted; metrics are text", async () => {
  const { code, out } = await program([...access(a, "a"), "events", "--after", "-1"], "daemon.ready");
  expect(code).toBe(0);
  const names = out
    .trimEnd()
    .split("\n")
    .map((line) => z.object({ name: z.string() }).parse(JSON.parse(line)).name);
  expect(names).toContain("daemon.ready");
  expect(await done(at("a", "metrics"))).toContain('resilver_link_up{link="link",peer="b"} 1');
});
