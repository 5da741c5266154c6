import { SECTOR_BYTES } from "../../../engine/ports/index.ts";
import { type Json, type JsonObject, isList, isObject, jsonOf, type Put, without } from "./json.ts";
import type { Pass } from "./shrink.ts";

/** Limits that are hit only by what does not end: smaller ones would say something else. */
const LIMITS: ReadonlySet<string> = new Set(["withinMs", "lastsMs", "chunkBytes"]);

type Shrinking<T> = Generator<unknown, T, unknown>;

export const dropExpectations: Pass = function* (plan) {
  let present = plan;
  for (const drop of ["expect", "requirements"] as const)
    for (let at = present[drop].length - 1; at >= 0; at--)
      present = (yield { ...present, [drop]: present[drop].toSpliced(at, 1) }) ?? present;
  yield without(jsonOf(present) as JsonObject, "mayRefuse");
};

/** Fields that a step needs not are left out, and numbers in steps become as small as they can. */
export const shrinkValues: Pass = function* (plan) {
  let left = jsonOf(plan.steps) as readonly Json[];
  for (let at = left.length - 1; at >= 0; at--) {
    const around = left;
    left = left.with(at, yield* smaller(left[at] ?? null, (step) => ({ ...plan, steps: around.with(at, step) }), ""));
  }
};

function* smaller(value: Json, put: Put, key: string): Shrinking<Json> {
  if (typeof value === "number") return LIMITS.has(key) ? value : yield* smallerNumber(value, put);
  if (isList(value)) return yield* smallerList(value, put, key);
  return isObject(value) ? yield* smallerObject(value, put) : value;
}

function* smallerObject(value: JsonObject, put: Put): Shrinking<Json> {
  let left = value;
  for (const key of Object.keys(value)) {
    const fewer = without(left, key);
    if (key !== "kind" && (yield put(fewer)) !== undefined) left = fewer;
  }
  for (const [key, child] of Object.entries(left)) {
    const around = left;
    left = { ...left, [key]: yield* smaller(child, (part) => put({ ...around, [key]: part }), key) };
  }
  return left;
}

function* smallerList(value: readonly Json[], put: Put, key: string): Shrinking<Json> {
  let left = value;
  for (let at = value.length - 1; at >= 0; at--) {
    const around = left;
    // Lists of names, such as the mirrors of a backup. What is not a step's own is dropped by other passes.
    const fewer = left.toSpliced(at, 1);
    if (typeof left[at] === "string" && (yield put(fewer)) !== undefined) left = fewer;
    else left = left.with(at, yield* smaller(left[at] ?? null, (part) => put(around.with(at, part)), key));
  }
  return left;
}

/** None, one, one sector, a half, three quarters, and so on up to one less; of whole sectors as long as it is whole sectors. */
function* smallerNumber(value: number, put: Put): Shrinking<number> {
  let left = value;
  for (;;) {
    const found = yield* firstOf(below(left), put);
    if (found === undefined) return left;
    left = found;
  }
}

function below(value: number): readonly number[] {
  const unit = value % SECTOR_BYTES === 0 ? SECTOR_BYTES : 1;
  const candidates = new Set([0, 1, SECTOR_BYTES]);
  for (let less = value / 2; less >= unit; less /= 2) candidates.add(value - Math.floor(less / unit) * unit);
  candidates.add(value - unit);
  return [...candidates].filter((one) => Number.isInteger(one) && one >= 0 && one < value);
}

function* firstOf(candidates: readonly number[], put: Put): Shrinking<number | undefined> {
  for (const candidate of candidates) if ((yield put(candidate)) !== undefined) return candidate;
  return undefined;
}

/** The numbers of the topology: sizes together, since mirrors are as large as each other. */
export function* smallerSize(value: number, put: Put<number>): Shrinking<number> {
  return yield* smallerNumber(value, (part) => put(part as number));
}
