/** How often a run fails whose choices are other ones from a moment on. */
export interface CausePoint {
  readonly atNs: number;
  readonly failed: number;
  readonly runs: number;
}

export interface CauseSearch {
  /** When the run failed: from there on it is certain. */
  readonly failedNs: number;
  /** Runs a point. */
  readonly runsPerPoint: number;
  /** How many of so many runs failed, each with the choices of before until a moment and other ones from then on. */
  readonly sample: (points: readonly number[], runs: number) => Promise<readonly number[]>;
}

/** Points of the first look, and of each closer one. */
const POINTS = 12;
const CLOSER_LOOKS = 2;
/** A closer look makes no difference. */
const SPAN_NS_MIN = 1_000;
/** Of the runs, to call a failure certain. */
export const CERTAIN = 0.95;

/**
 * Where a failure became inevitable: the run is made again with the same choices up to a moment and others after it, at
 * moments over the whole run, and then between the two between which it was decided.
 *
 * @returns in the order of time; the last point is the failure itself
 */
export async function findCause(search: CauseSearch): Promise<readonly CausePoint[]> {
  const { failedNs, runsPerPoint } = search;
  let points: readonly CausePoint[] = [{ atNs: failedNs, failed: runsPerPoint, runs: runsPerPoint }];
  let span: Span = { fromNs: 0, toNs: failedNs };
  for (let look = 0; look <= CLOSER_LOOKS; look++) {
    if (look > 0 && span.toNs - span.fromNs < SPAN_NS_MIN) break;
    const known = new Set(points.map(({ atNs }) => atNs));
    const times = within(span).filter((atNs) => !known.has(atNs));
    const failed = await search.sample(times, runsPerPoint);
    const more = times.map((atNs, index) => ({ atNs, failed: failed[index] ?? 0, runs: runsPerPoint }));
    points = [...points, ...more].toSorted((one, other) => one.atNs - other.atNs);
    span = decided(points);
  }
  return points;
}

/** From one moment to another. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

function within({ fromNs, toNs }: Span): readonly number[] {
  return Array.from({ length: POINTS }, (_point, index) => fromNs + Math.floor(((toNs - fromNs) * index) / POINTS));
}

/**
 * The last moment at which other choices averted the failure, and the next one looked at, from which on it nearly always
 * came. Both are the beginning if nothing averts it.
 */
export function decided(points: readonly CausePoint[]): Span {
  const last = points.findLastIndex((point) => share(point) < CERTAIN);
  const startNs = points[0]?.atNs ?? 0;
  return { fromNs: points[last]?.atNs ?? startNs, toNs: points[last + 1]?.atNs ?? startNs };
}

/** Of its runs, those that failed. */
export function share({ failed, runs }: CausePoint): number {
  return failed / runs;
}
