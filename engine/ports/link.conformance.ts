import { type ConformanceTest, expectSame, expectThat } from "./conformance.ts";
import { type Link, type LinkEndpoint, LinkError, type LinkErrorCode } from "./link.ts";

/** Two endpoints between which links can be made, and the means to let them work. */
export interface LinksUnderTest {
  readonly dialler: LinkEndpoint;
  readonly listener: LinkEndpoint;
  /** Where `listener` listens, and what `dialler` dials to reach that. */
  readonly listenAddress: string;
  readonly dialAddress: string;
  /** Nobody listens there. */
  readonly refusedAddress: string;
  /** Lets `body` run to its end; rejects if it throws or never ends. */
  run(body: () => Promise<void>): Promise<void>;
  /** Settles once everything written has come as far as it can. */
  quiet(): Promise<void>;
  /** Cuts every connection so that the dialler gets a reset. */
  reset?(): void;
}

export interface LinkConformanceOptions {
  readonly test: ConformanceTest;
  /** Fresh endpoints without links. */
  open(): LinksUnderTest | Promise<LinksUnderTest>;
  /** Cases that do not apply, with the reason. */
  readonly lacks?: {
    /** A closed listener does not refuse. */
    readonly refusal?: string;
    /** There is no way to cause a reset. */
    readonly reset?: string;
  };
}

/** More than any implementation may take without somebody reading. */
const ACCEPTED_BYTES_MAX = 128 * 1024 * 1024;

/** More than one piece of memory that a link reads into. */
const GIVEN_BACK_LATE_BYTES = 3_000_000;

/** What every {@link LinkEndpoint} and its {@link Link}s do, whatever carries the bytes. */
export function linkConformance({ test, open, lacks = {} }: LinkConformanceOptions): void {
  const pairTest = (name: string, body: (pair: Pair, links: LinksUnderTest) => Promise<void>): void =>
    test(`link: ${name}`, async () => {
      const links = await open();
      await links.run(async () => body(await connect(links), links));
    });

  for (const sizes of [[1], [1, 1, 1], [100_000], [7, 65_536, 1, 1_000_000, 3], [0, 5, 0]])
    pairTest(`chunks of ${sizes.join(", ")} bytes arrive in order and once, both ways at a time`, async (pair) => {
      await Promise.all([
        send(pair.dialled, sizes),
        send(pair.accepted, sizes),
        expectStream(pair.accepted, total(sizes), "dialled to accepted"),
        expectStream(pair.dialled, total(sizes), "accepted to dialled"),
      ]);
    });

  pairTest("writes made without waiting keep their order", async ({ dialled, accepted }) => {
    const sizes = Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % 3000));
    let offset = 0;
    const writes = sizes.map((size) => {
      const write = dialled.write(pattern(offset, size));
      offset += size;
      return write;
    });
    await expectStream(accepted, total(sizes), "300 writes");
    await Promise.all(writes);
  });

  pairTest("what arrives is plain bytes, of which a slice is a copy", async ({ dialled, accepted }) => {
    await dialled.write(Uint8Array.of(7));
    const bytes = (await accepted.read()) ?? new Uint8Array();
    bytes.slice().fill(0xee);
    expectSame([...bytes], [7], "bytes of which a slice was changed");
  });

  pairTest("what was read stays as it was until it is given back, however late and in whatever parts", async (pair) => {
    const { dialled, accepted } = pair;
    const countBytes = 12_000_000;
    const sending = send(
      dialled,
      Array.from({ length: 12 }, () => countBytes / 12),
    );
    const kept: Uint8Array[] = [];
    let [readBytes, checkedBytes, givenBytes] = [0, 0, 0];
    while (checkedBytes < countBytes) {
      if (readBytes < countBytes) {
        const bytes = (await accepted.read()) ?? new Uint8Array();
        kept.push(bytes);
        readBytes += bytes.length;
        if (readBytes - checkedBytes < GIVEN_BACK_LATE_BYTES) continue;
      }
      const bytes = kept.shift() ?? new Uint8Array();
      expectPattern(bytes, checkedBytes, "bytes that were kept");
      checkedBytes += bytes.length;
      // Not at the end of what was read at once.
      const nextBytes = checkedBytes === countBytes ? checkedBytes : Math.max(givenBytes, checkedBytes - 100);
      accepted.giveBack?.(nextBytes - givenBytes);
      givenBytes = nextBytes;
    }
    await sending;
  });

  pairTest("the end comes after the last byte, and stays", async ({ dialled, accepted }) => {
    const sending = send(dialled, [200_000, 3]).then(() => dialled.close());
    await expectStream(accepted, 200_003, "bytes before the end");
    await sending;
    expectSame((await accepted.read()) === undefined, true, "first read after the last byte");
    expectSame((await accepted.read()) === undefined, true, "second read after the last byte");
  });

  pairTest("bytes still queued at a close are sent", async ({ dialled, accepted }) => {
    const writes = [dialled.write(pattern(0, 3_000_000)), dialled.write(pattern(3_000_000, 1_000))];
    dialled.close();
    await expectStream(accepted, 3_001_000, "bytes queued at the close");
    expectSame((await accepted.read()) === undefined, true, "end after the queued bytes");
    await Promise.all(writes);
  });

  pairTest("close is idempotent, ends a pending read, and refuses writes", async ({ dialled }) => {
    const pending = dialled.read();
    dialled.close();
    dialled.close();
    expectSame((await pending) === undefined, true, "read pending at the close");
    expectSame((await dialled.read()) === undefined, true, "read after the close");
    await expectError(dialled.write(pattern(0, 1)), ["CLOSED"], "write after close");
  });

  pairTest("writes to a peer that has closed fail in the end", async ({ dialled, accepted }, { quiet }) => {
    accepted.close();
    expectSame((await dialled.read()) === undefined, true, "end from the peer");
    for (let attempt = 0; attempt < 20; attempt++) {
      const outcome = await dialled.write(pattern(0, 10)).then(() => undefined, codeOf);
      if (outcome !== undefined) {
        expectSame(outcome, "RESET", "error of a write to a closed peer");
        return;
      }
      await quiet();
    }
    throw new Error("20 writes to a closed peer were all accepted");
  });

  pairTest(
    "an unread link takes a bounded number of bytes, and loses none",
    async ({ dialled, accepted }, { quiet }) => {
      const chunkBytes = 1024 * 1024;
      let takenBytes = 0;
      let stopped = false;
      const writer = async (): Promise<void> => {
        while (!stopped) {
          await dialled.write(pattern(takenBytes, chunkBytes));
          takenBytes += chunkBytes;
          expectThat(stopped || takenBytes <= ACCEPTED_BYTES_MAX, `${takenBytes} bytes were taken while nobody read`);
        }
        dialled.close();
      };
      const reader = async (): Promise<number> => {
        // How much a system takes, and when, is its own affair: its buffers may grow while nobody reads.
        await quiet();
        stopped = true;
        return expectAll(accepted, "bytes read after the stall");
      };
      const [received] = await Promise.all([reader(), writer()]);
      expectSame(received, takenBytes, "bytes read after the stall");
    },
  );

  test("link: each dial makes a link of its own", async () => {
    const links = await open();
    await links.run(async () => {
      const accepted: Link[] = [];
      links.listener.listen(links.listenAddress, (link) => accepted.push(link));
      const dialled = [
        await links.dialler.dial(links.dialAddress),
        await links.dialler.dial(links.dialAddress),
      ] as const;
      await links.quiet();
      expectSame(accepted.length, 2, "links accepted");
      await dialled[1].write(Uint8Array.of(2));
      await dialled[0].write(Uint8Array.of(1));
      const first = await (accepted[0] as Link).read();
      const second = await (accepted[1] as Link).read();
      expectSame([...(first ?? []), ...(second ?? [])], [1, 2], "bytes of both links");
      dialled[0].close();
      await dialled[1].write(Uint8Array.of(3));
      expectSame([...((await (accepted[1] as Link).read()) ?? [])], [3], "the second link after the end of the first");
    });
  });

  test("link: dialling where nobody listens is refused", async () => {
    const links = await open();
    await links.run(() => expectError(links.dialler.dial(links.refusedAddress), ["REFUSED"], "dial"));
  });

  if (lacks.refusal === undefined)
    test("link: a closed listener refuses, its links go on, and the address can be taken again", async () => {
      const links = await open();
      await links.run(async () => {
        const { dialled, accepted, listener } = await connect(links);
        listener.close();
        listener.close();
        await expectError(links.dialler.dial(links.dialAddress), ["REFUSED"], "dial after the listener closed");
        await dialled.write(pattern(0, 10));
        await expectStream(accepted, 10, "bytes on the link made before");
        await connect(links);
      });
    });

  if (lacks.reset === undefined)
    pairTest("a reset ends a pending read and all that follows", async ({ dialled }, { reset, quiet }) => {
      expectThat(reset !== undefined, "reset is missing; give the reason in `lacks`");
      const pending = dialled.read();
      reset();
      await expectError(pending, ["RESET"], "read pending at the reset");
      await quiet();
      await expectError(dialled.read(), ["RESET"], "read after the reset");
      await expectError(dialled.write(pattern(0, 1)), ["RESET"], "write after the reset");
      dialled.close();
      expectSame((await dialled.read()) === undefined, true, "read after the close");
    });
}

interface Pair {
  readonly dialled: Link;
  readonly accepted: Link;
  readonly listener: { close(): void };
}

async function connect({ dialler, listener, dialAddress, listenAddress }: LinksUnderTest): Promise<Pair> {
  let take: (link: Link) => void;
  const accepting = new Promise<Link>((resolve) => {
    take = resolve;
  });
  const listening = listener.listen(listenAddress, (link) => take(link));
  const dialled = await dialler.dial(dialAddress);
  return { dialled, accepted: await accepting, listener: listening };
}

async function send(link: Link, sizes: readonly number[]): Promise<void> {
  let offset = 0;
  for (const size of sizes) {
    await link.write(pattern(offset, size));
    offset += size;
  }
}

/** Reads `count` bytes and compares each with the pattern. */
async function expectStream(link: Link, count: number, place: string): Promise<void> {
  let offset = 0;
  while (offset < count) {
    const bytes = await link.read();
    expectThat(bytes !== undefined, `${place}: the end came after ${offset} of ${count} bytes`);
    expectThat(bytes.length > 0, `${place}: an empty read at byte ${offset}`);
    expectPattern(bytes, offset, place);
    offset += bytes.length;
  }
  expectSame(offset, count, `${place}: bytes read`);
}

/** Reads to the end. @returns how many bytes that were */
async function expectAll(link: Link, place: string): Promise<number> {
  let offset = 0;
  for (let bytes = await link.read(); bytes !== undefined; bytes = await link.read()) {
    expectThat(bytes.length > 0, `${place}: an empty read at byte ${offset}`);
    expectPattern(bytes, offset, place);
    offset += bytes.length;
  }
  return offset;
}

function expectPattern(bytes: Uint8Array, offset: number, place: string): void {
  const expected = pattern(offset, bytes.length);
  const wrong = bytes.findIndex((byte, index) => byte !== expected[index]);
  expectThat(wrong === -1, `${place}: byte ${offset + wrong} is not the one sent`);
}

async function expectError(promise: Promise<unknown>, codes: readonly LinkErrorCode[], place: string): Promise<void> {
  const found = await promise.then(() => "no error", codeOf);
  expectThat(
    codes.some((code) => code === found),
    `${place}: expected ${codes.join(" or ")}, found ${found}`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof LinkError ? error.code : String(error);
}

function pattern(offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) {
    const at = offset + index;
    bytes[index] = at * 31 + (at >>> 8) * 7;
  }
  return bytes;
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
