import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever the processor. */
const MS_PER_TICK = 10;

/** @returns what the process has used of a processor; where the system does not say, the time that has passed */
export function cpuMsOf(pid: number): number {
  let stat = "";
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return performance.now();
  }
  // The name, in brackets, may hold anything; utime and stime are the 14th and 15th field of the line.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
