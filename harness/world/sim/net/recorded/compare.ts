import type { Recording, SideRecord } from "./schedule.ts";

const TOLERANCE_MS = 25;

/** How `simulated` differs from `real`; empty if it does not, within the tolerance of the schedule. */
export function differences(real: Recording, simulated: Recording): string[] {
  const { toleranceMs = TOLERANCE_MS, compare = "all" } = real.schedule;
  const found: string[] = [];
  real.connections.forEach((connection, index) => {
    for (const side of ["client", "server"] as const) {
      const place = `connection ${index}, ${side}`;
      const expected = connection[side];
      const actual = simulated.connections[index]?.[side];
      if (expected === undefined || actual === undefined) {
        if (expected !== actual) found.push(`${place}: real ${seen(expected)}, simulated ${seen(actual)}`);
      } else found.push(...sideDifferences(place, expected, actual, toleranceMs, compare));
    }
  });
  real.answeredMs.forEach((answeredMs, index) => {
    const simulatedMs = simulated.answeredMs[index] ?? null;
    if (answeredMs === null && simulatedMs === null) return;
    if (answeredMs === null || simulatedMs === null || Math.abs(answeredMs - simulatedMs) > toleranceMs)
      found.push(`action ${index}: real answer at ${answeredMs} ms, simulated at ${simulatedMs} ms`);
  });
  return found;
}

function sideDifferences(
  place: string,
  real: SideRecord,
  simulated: SideRecord,
  toleranceMs: number,
  compare: "all" | "ends",
): string[] {
  const found: string[] = [];
  if (real.end !== simulated.end) found.push(`${place}: real end ${real.end}, simulated end ${simulated.end}`);
  else if (Math.abs((real.endMs ?? 0) - (simulated.endMs ?? 0)) > toleranceMs)
    found.push(`${place}: real ${real.end} at ${real.endMs} ms, simulated at ${simulated.endMs} ms`);
  if (compare === "ends") return found;
  const realTotal = bytesAt(real, Number.POSITIVE_INFINITY);
  const simulatedTotal = bytesAt(simulated, Number.POSITIVE_INFINITY);
  if (realTotal !== simulatedTotal) found.push(`${place}: real ${realTotal} bytes, simulated ${simulatedTotal}`);
  else if (real.content !== simulated.content) found.push(`${place}: ${realTotal} bytes of different content`);
  for (const [first, second, names] of [
    [real, simulated, "real"],
    [simulated, real, "simulated"],
  ] as const) {
    const point = first.curve.find(([ms, bytes]) => bytesAt(second, ms + toleranceMs) < bytes);
    if (point !== undefined) found.push(`${place}: ${point[1]} bytes at ${point[0]} ms are there in the ${names} run only`);
  }
  return found;
}

function bytesAt(side: SideRecord, timeMs: number): number {
  return side.curve.findLast(([ms]) => ms <= timeMs)?.[1] ?? 0;
}

function seen(side: SideRecord | undefined): string {
  return side === undefined ? "no connection" : `${bytesAt(side, Number.POSITIVE_INFINITY)} bytes, end ${side.end}`;
}
