import { RollingHash } from "../../history/rolling-hash.ts";
import type { PowerLossChoice } from "../../world/world.ts";
import { type TornParts, tornParts, type UnflushedDisk } from "./torn-parts.ts";

/** Why a subset of what is not durable is tried; for people, and in the order in which they are. */
export const TORN_KINDS = {
  none: "nothing survives",
  all: "everything survives",
  subset: "any subset",
  "one survives": "one part survives",
  "one lost": "one part is lost",
  first: "the first parts survive, in the order written",
  last: "the last parts survive",
  object: "some objects survive, others do not",
} as const;
export type TornKind = keyof typeof TORN_KINDS;

/** What one loss of power leaves: parts by their index, in `survive` or in `lose`, whichever is shorter. */
export interface TornSubset {
  readonly kind: TornKind;
  readonly survive?: readonly number[];
  readonly lose?: readonly number[];
}

/** The losses of power that one moment allows, in classes: two with the same content on the disks are one. */
export interface TornMoment {
  readonly parts: TornParts["parts"];
  readonly sectorCount: number;
  /** Every subset of the sectors, or of the parts; otherwise by classes. */
  readonly grain: "sectors" | "parts" | "classes";
  readonly subsets: readonly TornSubset[];
  /** Subsets that are not tried as another one leaves the same. */
  readonly sameCount: number;
  /** Contents that are left out, as there are too many of them. */
  readonly leftOutCount: number;
}

export interface TornBounds {
  /** Up to so many sectors, or parts, all subsets are tried. */
  readonly wholeMax: number;
  /** Contents tried at one moment; of more, some of each kind. */
  readonly subsetsMax: number;
}

/** Objects of which all combinations are tried; of more, each by itself. */
const OBJECTS_MAX = 4;

/** What a loss of power may leave on the disks of a system, each content once. */
export function tornMoment(disks: readonly UnflushedDisk[], bounds: TornBounds): TornMoment {
  const torn = tornParts(disks, bounds.wholeMax);
  const { parts, sectorCount, isWhole } = torn;
  const isAll = isWhole || parts.length <= bounds.wholeMax;
  const seen = new Set<string>();
  const distinct: { readonly kind: TornKind; readonly survives: readonly boolean[] }[] = [];
  let triedCount = 0;
  for (const candidate of isAll ? allSubsets(parts.length) : classes(torn)) {
    triedCount++;
    const content = contentOf(torn, candidate.survives);
    if (seen.has(content)) continue;
    seen.add(content);
    distinct.push(candidate);
  }
  const chosen = evenly(distinct, bounds.subsetsMax);
  return {
    parts,
    sectorCount,
    grain: isWhole ? "sectors" : isAll ? "parts" : "classes",
    subsets: chosen.map(({ kind, survives }) => subsetOf(kind, survives)),
    sameCount: triedCount - distinct.length,
    leftOutCount: distinct.length - chosen.length,
  };
}

/** The subset as a plan has it. */
export function choiceOf({ parts }: Pick<TornMoment, "parts">, { survive, lose = [] }: TornSubset): PowerLossChoice {
  const named = (indices: readonly number[]) =>
    indices.flatMap((index) => {
      const part = parts[index];
      return part === undefined ? [] : [part.what];
    });
  return survive === undefined ? { lose: named(lose) } : { survive: named(survive) };
}

interface Candidate {
  readonly kind: TornKind;
  readonly survives: readonly boolean[];
}

function* allSubsets(count: number): Generator<Candidate> {
  yield { kind: "none", survives: filled(count, () => false) };
  if (count === 0) return;
  yield { kind: "all", survives: filled(count, () => true) };
  for (let bits = 1; bits < 2 ** count - 1; bits++)
    yield { kind: "subset", survives: filled(count, (index) => ((bits >>> index) & 1) === 1) };
}

function* classes({ parts }: TornParts): Generator<Candidate> {
  const count = parts.length;
  yield { kind: "none", survives: filled(count, () => false) };
  yield { kind: "all", survives: filled(count, () => true) };
  const objects = [...new Set(parts.map(({ object }) => object))];
  const ofObjects = (has: (object: number) => boolean): Candidate => ({
    kind: "object",
    survives: parts.map(({ object }) => has(objects.indexOf(object))),
  });
  if (objects.length <= OBJECTS_MAX) {
    for (let bits = 1; bits < 2 ** objects.length - 1; bits++) yield ofObjects((one) => ((bits >>> one) & 1) === 1);
  } else
    for (const object of objects.keys()) {
      yield ofObjects((one) => one === object);
      yield ofObjects((one) => one !== object);
    }
  for (let at = 0; at < count; at++) {
    yield { kind: "one survives", survives: filled(count, (index) => index === at) };
    yield { kind: "one lost", survives: filled(count, (index) => index !== at) };
    yield { kind: "first", survives: filled(count, (index) => index <= at) };
    yield { kind: "last", survives: filled(count, (index) => index > at) };
  }
}

function filled(count: number, survives: (index: number) => boolean): boolean[] {
  return Array.from({ length: count }, (_none, index) => survives(index));
}

/** The same only if every sector is left with the same content. */
function contentOf({ chains }: TornParts, survives: readonly boolean[]): string {
  const hash = new RollingHash();
  for (const { durable, versions } of chains) {
    let content = durable;
    for (const version of versions) if (survives[version.part] === true) content = version.content;
    hash.word(content);
  }
  return hash.digest();
}

/** The first two, which are nothing and everything, and of the others as many as there is room for, evenly. */
function evenly<T>(items: readonly T[], countMax: number): readonly T[] {
  if (items.length <= countMax) return items;
  const rest = items.slice(2);
  const room = Math.max(0, countMax - 2);
  return [
    ...items.slice(0, 2),
    ...Array.from({ length: room }, (_none, index) => rest[Math.floor((index * rest.length) / room)] as T),
  ];
}

function subsetOf(kind: TornKind, survives: readonly boolean[]): TornSubset {
  const indices = (kept: boolean): number[] => [...survives.keys()].filter((index) => survives[index] === kept);
  const survive = indices(true);
  const lose = indices(false);
  return survive.length <= lose.length ? { kind, survive } : { kind, lose };
}
