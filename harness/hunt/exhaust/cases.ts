import { FRAME_HEADER_BYTES } from "../../../engine/controller/index.ts";
import { type Blow, type CrashPoint, DISK_ERRORS, type DiskErrorKind } from "../crash-point.ts";
import { pointClass, type SeenPoint } from "./point-watch.ts";
import { choiceOf, TORN_KINDS, type TornKind } from "./torn-subsets.ts";

/** One run to do: with a blow, or two, each at its point. */
export interface ExhaustCase {
  readonly points: readonly CrashPoint[];
  /** Of a loss of power: why its subset is tried. */
  readonly torn?: TornKind;
}

/** Every blow that may strike at the point; a loss of power once for each content that it may leave. */
export function casesAt(seen: SeenPoint, blows: readonly Blow[]): ExhaustCase[] {
  return blows.flatMap((blow) => {
    if (!mayStrike(blow, seen)) return [];
    if (blow === "power") return powerCases(seen);
    if (blow === "kill") return [{ points: [{ ...momentOf(seen), blow }] }];
    return (blow === "cut" ? cutsAt(seen) : errorsAt(seen)).map((point) => ({ points: [point] }));
  });
}

/**
 * The same blows, each in one way alone: nothing of what is not durable survives, nothing of what is on its way arrives, one
 * request of a disk fails.
 */
export function plainCasesAt(seen: SeenPoint, blows: readonly Blow[]): CrashPoint[] {
  return blows.flatMap((blow): CrashPoint[] => {
    if (!mayStrike(blow, seen)) return [];
    if (blow === "error") return errorsAt(seen).slice(0, 1);
    if (blow === "power") return [{ ...momentOf(seen), blow, choice: { survive: [] }, how: TORN_KINDS.none }];
    return [{ ...momentOf(seen), blow }];
  });
}

/** The first point of each kind, and how many there were. */
export function firstOfEach(points: readonly SeenPoint[]): SeenPoint[] {
  const first = new Map<string, SeenPoint>();
  for (const point of points) {
    const key = pointClass(point);
    if (!first.has(key)) first.set(key, point);
  }
  return [...first.values()];
}

/** Those that came after `point`, in a run in which it was struck. */
export function pointsAfter(points: readonly SeenPoint[], { system, at }: CrashPoint): readonly SeenPoint[] {
  const where = whereOf({ at });
  const index = points.findIndex(
    (seen) => seen.system === system && whereOf(seen) === where && seen.at.kind === at.kind && seen.at.nth === at.nth,
  );
  return index === -1 ? [] : points.slice(index + 1);
}

/** A read changes nothing: what a crash at it could show, one at the action before it or after it shows. */
function mayStrike(blow: Blow, { at }: SeenPoint): boolean {
  if (blow === "cut") return at.kind === "sent";
  return blow === "error" ? at.kind !== "sent" : at.kind !== "disk-read";
}

/** The disk or the link. */
export function whereOf({ at }: Pick<CrashPoint, "at">): string {
  return at.kind === "sent" ? at.link : at.disk;
}

function powerCases(seen: SeenPoint): ExhaustCase[] {
  const { torn } = seen;
  if (torn === undefined) return [{ points: [{ ...momentOf(seen), blow: "power" }] }];
  return torn.subsets.map((subset) => {
    const how = TORN_KINDS[subset.kind];
    return { torn: subset.kind, points: [{ ...momentOf(seen), blow: "power", choice: choiceOf(torn, subset), how }] };
  });
}

/** A cut when the frame is on its way, which still arrives; and cuts of which only a part of it does, or nothing. */
function cutsAt(seen: SeenPoint): CrashPoint[] {
  const { frame } = seen;
  if (frame === undefined) return [];
  const cut: CrashPoint = { ...momentOf(seen), blow: "cut" };
  const { lengthBytes, aheadBytes } = frame;
  const headerBytes = Math.min(FRAME_HEADER_BYTES, lengthBytes);
  const parts: [number, string][] = [
    [0, "nothing of it arrives"],
    [Math.floor(headerBytes / 2), "half of its header arrives"],
    [headerBytes, "its header arrives"],
    [headerBytes + Math.floor((lengthBytes - headerBytes) / 2), "half of its payload arrives"],
    [lengthBytes - 1, "all but its last byte arrives"],
  ];
  const ways = new Map<number, string>();
  for (const [bytes, how] of parts) ways.set(bytes, how);
  ways.delete(lengthBytes);
  return [cut, ...[...ways].map(([bytes, how]) => ({ ...cut, arrivingBytes: aheadBytes + bytes, how }))];
}

/** What a disk without room refuses begins with a write. */
function errorsAt(seen: SeenPoint): CrashPoint[] {
  const withoutRoom: DiskErrorKind[] = seen.action === "flush" ? [] : ["full"];
  const ways: DiskErrorKind[] = seen.at.kind === "disk-read" ? ["once", "ten"] : ["once", "all", ...withoutRoom];
  return ways.map((fails) => ({ ...momentOf(seen), blow: "error", fails, how: DISK_ERRORS[fails] }));
}

function momentOf({ system, at }: SeenPoint): Pick<CrashPoint, "system" | "at"> {
  return { system, at };
}
