import type { GroupPoint } from "../journal/group-recovery.ts";
import type { RecoveryPoint } from "../journal/moments.ts";
import type { Tracker } from "../mirror/intent-store.ts";
import type { RestoreScope } from "../restore/concurrent-restore.ts";
import type { Mode } from "../mirror/pair-entry.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";

/** What an administrator can ask of a system. */
export type Command =
  | {
      readonly kind: "create";
      readonly pair: string;
      readonly volume: string;
      readonly link: string;
      readonly peerVolume: string;
      readonly mode: Mode;
      /** `bitmap` without. */
      readonly tracker?: Tracker;
    }
  | { readonly kind: "create-local"; readonly pair: string; readonly volume: string; readonly mirrorVolume: string }
  | { readonly kind: "split"; readonly pair: string; readonly secondary: "read-only" | "read-write" }
  | { readonly kind: "resync"; readonly pair: string; readonly direction?: "forward" | "reverse" }
  | { readonly kind: "takeover"; readonly pair: string }
  /** The primary volume of a local mirror gets the mirror's content, in use (CR-2). */
  | { readonly kind: "restore"; readonly pair: string; readonly scope: RestoreScope }
  | { readonly kind: "failback"; readonly pair: string }
  /** The volume gets the content of its image (LS-8). */
  | { readonly kind: "rollback"; readonly volume: string }
  /** Splits the local mirrors at one moment; with `pairs`, at that of their primaries (BR-6). */
  | { readonly kind: "backup"; readonly pairs: readonly string[]; readonly mirrors: readonly string[] }
  /** Takes a volume back to an earlier moment by its journal (JR-4), or exchanges it for its base (JR-6). */
  | {
      readonly kind: "recover";
      readonly volume: string;
      readonly to: RecoveryPoint;
      readonly method: "apply" | "swap";
    }
  /** Takes all volumes whose journals share a group back to one moment (JR-2), as `recover` does. */
  | {
      readonly kind: "recover-group";
      readonly group: string;
      readonly to: GroupPoint;
      readonly method: "apply" | "swap";
    }
  /**
   * A mirror is forgotten, its volumes stay as they are. `here`: by this end alone, while the other one is gone or
   * does not know the pair either; of a local mirror both are here.
   */
  | { readonly kind: "delete"; readonly pair: string; readonly scope: "both" | "here" }
  /** From one system to another: its half of a `delete`. */
  | { readonly kind: "forget"; readonly pair: string; readonly id: number }
  /** From one system to another: whether the pair's volume can go back to this moment by itself (JR-5). */
  | { readonly kind: "offer-moment"; readonly pair: string; readonly journalId: number; readonly lsn: number };

export type CommandOf<K extends Command["kind"]> = Extract<Command, { kind: K }>;

/** The most that a command takes on its way; what is told of it in an error must fit, too. */
export const COMMAND_BYTES_MAX = 8 * 1024;

type Check = (value: unknown) => boolean;
const name: Check = (value) => typeof value === "string";
const names: Check = (value) => Array.isArray(value) && value.every(name);
const oneOf =
  (...values: readonly (string | undefined)[]): Check =>
  (value) =>
    values.some((allowed) => allowed === value);
const whole: Check = (value) => Number.isSafeInteger(value);
/** One number, under the name that says what it is. */
const point: Check = (value) => {
  if (typeof value !== "object" || value === null) return false;
  const [field, ...others] = Object.entries(value);
  if (field === undefined || others.length > 0) return false;
  return (field[0] === "lsn" || field[0] === "timeUs") && Number.isSafeInteger(field[1]);
};

/** A time, or an entry of a volume. */
const groupPoint: Check = (value) => {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  if (fields.size === 1) return whole(fields.get("timeUs"));
  return fields.size === 2 && name(fields.get("volume")) && whole(fields.get("lsn"));
};

/** By kind, what each field may be; a field that may be left out allows `undefined`. */
const FIELDS: { readonly [K in Command["kind"]]: Readonly<Record<Exclude<keyof CommandOf<K>, "kind">, Check>> } = {
  create: {
    pair: name,
    volume: name,
    link: name,
    peerVolume: name,
    mode: oneOf("sync", "async"),
    tracker: oneOf(undefined, "bitmap", "lsn"),
  },
  "create-local": { pair: name, volume: name, mirrorVolume: name },
  split: { pair: name, secondary: oneOf("read-only", "read-write") },
  resync: { pair: name, direction: oneOf(undefined, "forward", "reverse") },
  takeover: { pair: name },
  restore: { pair: name, scope: oneOf("changed", "all") },
  failback: { pair: name },
  rollback: { volume: name },
  backup: { pairs: names, mirrors: names },
  delete: { pair: name, scope: oneOf("both", "here") },
  forget: { pair: name, id: whole },
  "offer-moment": { pair: name, journalId: whole, lsn: whole },
  recover: { volume: name, to: point, method: oneOf("apply", "swap") },
  "recover-group": { group: name, to: groupPoint, method: oneOf("apply", "swap") },
};

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `u32 number`, then the command as JSON. */
export function encodeCommand(number: number, command: Command): Uint8Array {
  return new ByteWriter(128)
    .u32(number)
    .raw(utf8.encode(JSON.stringify(command)))
    .bytes();
}

/** @throws CodecError for anything but a command, whole, without anything else */
export function decodeCommand(payload: Uint8Array): { readonly number: number; readonly command: Command } {
  const reader = new ByteReader(payload);
  const number = reader.u32();
  const bytes = reader.rest();
  if (bytes.length > COMMAND_BYTES_MAX)
    throw new CodecError(`expected a command of at most ${COMMAND_BYTES_MAX} bytes, found ${bytes.length}`);
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8.decode(bytes));
  } catch {
    throw new CodecError("a command is not JSON");
  }
  if (!isCommand(value)) throw new CodecError(`not a command: ${JSON.stringify(value).slice(0, 200)}`);
  return { number, command: value };
}

function isCommand(value: unknown): value is Command {
  // What is no object has no kind.
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  const kind = fields.get("kind");
  fields.delete("kind");
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) return false;
  const checks = new Map<string, Check>(Object.entries(FIELDS[kind as Command["kind"]]));
  if ([...fields.keys()].some((field) => !checks.has(field))) return false;
  return [...checks].every(([field, check]) => check(fields.get(field)));
}

/** What the command is about, for people. */
export function subjectOf(command: Command): string {
  if (command.kind === "backup") return [...command.pairs, ...command.mirrors].join(" ");
  if (command.kind === "recover-group") return command.group;
  return command.kind === "rollback" || command.kind === "recover" ? command.volume : command.pair;
}
