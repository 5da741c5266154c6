import { hashBytes } from "../../../history/rolling-hash.ts";
import type { DiskRequest } from "./request.ts";

/** A range that is not whole units, or leaves the device, is a bug of the caller. */
export function assertRange(
  disk: string,
  sizeBytes: number,
  offsetBytes: number,
  lengthBytes: number,
  unitBytes: number,
): void {
  const inside = offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes;
  if (inside && offsetBytes % unitBytes === 0 && lengthBytes % unitBytes === 0) return;
  throw new Error(
    `disk ${disk}: byte ${offsetBytes}, ${lengthBytes} bytes: ` +
      `not whole units of ${unitBytes} bytes inside ${sizeBytes} bytes`,
  );
}

/** A caller that changes the buffer of a write under way has a bug that a real disk would turn into mixed data. */
export function assertUntouched(disk: string, request: DiskRequest): void {
  const { source, process, requestIndex, offsetBytes, lengthBytes } = request;
  // A dead process's memory is used again by others.
  if (source === undefined || process.state === "dead") return;
  if (hashBytes(source) === request.sourceHash) return;
  throw new Error(
    `disk ${disk}: the caller changed the buffer of write ${requestIndex} ` +
      `(byte ${offsetBytes}, ${lengthBytes} bytes) before it settled`,
  );
}
