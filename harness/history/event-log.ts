import { hashText, RollingHash } from "./rolling-hash.ts";

/** What an event is, and what its two numbers mean. */
export interface EventKind {
  readonly id: number;
  readonly name: string;
  /** The meaning of `a` and `b`, for people: "offsetBytes", "connection". */
  readonly a: string;
  readonly b: string;
  /** Signed 32-bit hash of the name: the rolling hash depends on names, not on the order of first use. */
  readonly nameHash: number;
}

/** One event of a run, as {@link EventLog} keeps it. */
export interface EventRecord {
  /** Position in the run, from 0. */
  readonly index: number;
  readonly timeNs: number;
  readonly kind: EventKind;
  /** The process, disk or link that it belongs to. */
  readonly actor: string;
  /** Two whole numbers of the kind's choice, between -2^47 and 2^47. */
  readonly a: number;
  readonly b: number;
  /** Hash of the bytes that it carried; 0 without. */
  readonly content: number;
  /** Index of the event during which this one was scheduled or noted; -1 for none. */
  readonly cause: number;
}

const WORDS = 8;
/** Small, so that a short run stays cheap, and never copied. */
const CHUNK_EVENTS = 1024;
const KINDS_MAX = 1 << 12;
const ACTORS_MAX = 1 << 20;

/**
 * Every event of a run in a rolling hash (rule 11), and in columns of numbers, so that two runs
 * can be compared event by event. Beyond `retainEvents` only the hash goes on.
 */
export class EventLog {
  readonly #hash = new RollingHash();
  readonly #kinds: EventKind[] = [];
  readonly #kindByName = new Map<string, EventKind>();
  readonly #actors: string[] = [];
  readonly #actorHashes: number[] = [];
  readonly #actorIds = new Map<string, number>();
  readonly #chunks: Int32Array[] = [];
  readonly #retainEvents: number;
  #chunk: Int32Array;
  #at = 0;
  #count = 0;

  constructor(retainEvents = 4_000_000) {
    this.#retainEvents = retainEvents;
    this.#chunk = new Int32Array(CHUNK_EVENTS * WORDS);
    this.#chunks.push(this.#chunk);
  }

  /** Events so far. */
  get count(): number {
    return this.#count;
  }

  /** 16 hexadecimal digits over all events so far. */
  get digest(): string {
    return this.#hash.digest();
  }

  /** The kind `name`, made on first use; ids follow the order of first use. */
  kind(name: string, a = "", b = ""): EventKind {
    let kind = this.#kindByName.get(name);
    if (kind === undefined) {
      if (this.#kinds.length === KINDS_MAX) throw new Error(`event kind ${name}: a log holds ${KINDS_MAX} kinds`);
      kind = { id: this.#kinds.length, name, a, b, nameHash: hashText(name) | 0 };
      this.#kinds.push(kind);
      this.#kindByName.set(name, kind);
    }
    return kind;
  }

  /** The number of the actor `name`, given on first use. */
  actor(name: string): number {
    let id = this.#actorIds.get(name);
    if (id === undefined) {
      id = this.#actors.length;
      if (id === ACTORS_MAX) throw new Error(`actor ${name}: a log holds ${ACTORS_MAX} actors`);
      this.#actors.push(name);
      this.#actorHashes.push(hashText(name) | 0);
      this.#actorIds.set(name, id);
    }
    return id;
  }

  /** Adds one event and returns its index. */
  add(timeNs: number, kind: EventKind, actor: number, a: number, b: number, content: number, cause: number): number {
    const timeHigh = Math.floor(timeNs / 0x1_0000_0000);
    // The bits above 32 of `a` and `b` share one word; nearly always both are 0.
    const highs = (highOf(a) << 16) | (highOf(b) & 0xffff);
    // Odd factors: whichever one of the numbers differs, the word that they share differs.
    const who = Math.imul(kind.nameHash, 31) + (this.#actorHashes[actor] as number) + Math.imul(timeHigh, 0x9e3779b1);
    this.#hash.words5(timeNs | 0, who | 0, a | 0, b | 0, (content + Math.imul(highs, 0x85ebca77)) | 0);
    const index = this.#count++;
    if (index >= this.#retainEvents) return index;
    if (this.#at === this.#chunk.length) this.#extend();
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = timeHigh;
    chunk[at + 1] = timeNs;
    chunk[at + 2] = (kind.id << 20) | actor;
    chunk[at + 3] = highs;
    chunk[at + 4] = a;
    chunk[at + 5] = b;
    chunk[at + 6] = content;
    chunk[at + 7] = cause;
    this.#at = at + WORDS;
    return index;
  }

  #extend(): void {
    this.#chunk = new Int32Array(CHUNK_EVENTS * WORDS);
    this.#chunks.push(this.#chunk);
    this.#at = 0;
  }

  /** The event at `index`; `undefined` if there is none or it was not retained. */
  get(index: number): EventRecord | undefined {
    if (index < 0 || index >= Math.min(this.#count, this.#retainEvents)) return undefined;
    const chunk = this.#chunks[Math.floor(index / CHUNK_EVENTS)] as Int32Array;
    const at = (index % CHUNK_EVENTS) * WORDS;
    const word = (offset: number): number => chunk[at + offset] as number;
    return {
      index,
      timeNs: word(0) * 0x1_0000_0000 + (word(1) >>> 0),
      kind: this.#kinds[word(2) >>> 20] as EventKind,
      actor: this.#actors[word(2) & (ACTORS_MAX - 1)] as string,
      a: (word(3) >> 16) * 0x1_0000_0000 + (word(4) >>> 0),
      b: ((word(3) << 16) >> 16) * 0x1_0000_0000 + (word(5) >>> 0),
      content: word(6) >>> 0,
      cause: word(7),
    };
  }

  /** Index of the first event in which `this` and `other` differ; -1 if all retained events agree. */
  firstDifference(other: EventLog): number {
    const common = Math.min(this.#count, other.#count, this.#retainEvents, other.#retainEvents);
    for (let index = 0; index < common; index++) {
      const mine = this.get(index) as EventRecord;
      const theirs = other.get(index) as EventRecord;
      if (
        mine.timeNs !== theirs.timeNs ||
        mine.kind.name !== theirs.kind.name ||
        mine.actor !== theirs.actor ||
        mine.a !== theirs.a ||
        mine.b !== theirs.b ||
        mine.content !== theirs.content
      )
        return index;
    }
    return this.#count === other.#count ? -1 : common;
  }
}

/** The bits of a whole number above its lowest 32, as a two's complement number has them. */
function highOf(value: number): number {
  return (value | 0) === value ? value >> 31 : Math.floor(value / 0x1_0000_0000);
}

/** `#12 1.500000 ms  disk.write a/pvol  offsetBytes=0 lengthBytes=4096 content=1f00ab42`. */
export function formatEvent(event: EventRecord): string {
  const parts = [`#${event.index} ${(event.timeNs / 1e6).toFixed(6)} ms`, event.kind.name, event.actor];
  if (event.kind.a !== "") parts.push(`${event.kind.a}=${event.a}`);
  if (event.kind.b !== "") parts.push(`${event.kind.b}=${event.b}`);
  if (event.content !== 0) parts.push(`content=${event.content.toString(16)}`);
  return parts.join("  ");
}
