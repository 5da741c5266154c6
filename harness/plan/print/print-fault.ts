import type { AnyFault } from "../../fault/index.ts";
import { bound, type Code, type CodeWriter, unless } from "./code.ts";

/** A fault as somebody would inject it. */
export function printFault(writer: CodeWriter, fault: AnyFault): Code {
  const { data } = bound(writer);
  const { kind } = fault;
  switch (fault.kind) {
    case "crash": {
      const { kind: _kind, system, how, ...choice } = fault;
      return writer.call("crash", data(system), data(how), ...unless(writer, choice, {}));
    }
    case "pause":
      return writer.call("pause", data(fault.system));
    case "clock-step":
      return writer.call("stepClock", data(fault.system), data(fault.stepMs));
    case "clock-drift":
      return writer.call("driftClock", data(fault.system), data(fault.partsPerMillion));
    case "eio":
    case "stall": {
      const { kind: _kind, disk, on, ...trigger } = fault;
      return writer.call(kind, data(disk), data(on), ...unless(writer, trigger, {}));
    }
    default:
      break;
  }
  const word = kind.replaceAll(/-([a-z])/gu, (_match, letter: string) => letter.toUpperCase());
  if ("disk" in fault) {
    const { kind: _kind, disk, ...options } = fault;
    return writer.call(word, data(disk), ...unless(writer, options, {}));
  }
  if (!("link" in fault)) throw new Error(`a fault of nothing: ${kind}`);
  const { kind: _kind, link, ...rest } = fault;
  const { direction, ...options } = { direction: undefined, ...rest };
  const way = direction === undefined ? [] : [data(direction)];
  const what = kind === "latency" || kind === "slicer" ? [data(options)] : Object.values(options).map(data);
  return writer.call(word, data(link), ...way, ...what);
}
