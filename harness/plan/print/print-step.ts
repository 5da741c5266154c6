import type { AdminStep } from "../admin-step.ts";
import type { Step } from "../step.ts";
import { bound, type Code, type CodeWriter, unless } from "./code.ts";
import { printCondition } from "./print-condition.ts";
import { printFault } from "./print-fault.ts";

/** A step as somebody would write it; as plain data if the language has no word for just that. */
export function printStep(writer: CodeWriter, step: Step): Code {
  return writer.say(step, () => inWords(writer, step));
}

function inWords(writer: CodeWriter, step: Step): Code {
  const { data } = bound(writer);
  const inside = (steps: readonly Step[]): Code[] => steps.map((one) => printStep(writer, one));
  switch (step.kind) {
    case "write":
    case "workload":
    case "trace":
      return hostRequest(writer, step);
    case "fill": {
      const { label, chunkBytes, volume } = step;
      return writer.call(
        "write",
        data(volume),
        writer.call("fill", data(label), ...unless(writer, chunkBytes, 65_536)),
      );
    }
    case "read":
    case "trim":
      return writer.call(step.kind, data(step.volume), data(step.offsetBytes), data(step.lengthBytes));
    case "write-zeroes":
      return writer.call("writeZeroes", data(step.volume), data(step.offsetBytes), data(step.lengthBytes));
    case "flush":
    case "mount":
    case "dismount":
      return writer.call(step.kind, data(step.volume));
    case "inject": {
      const fault = printFault(writer, step.fault);
      return step.label === undefined ? fault : writer.call("labelled", data(step.label), fault);
    }
    case "heal":
      return writer.call("heal", data(step.label));
    case "restart":
      return writer.call("restart", data(step.system));
    case "mark":
      return writer.call("mark", data(step.label), data(step.volumes));
    case "read-image":
      return writer.call("readImage", data(step.volume));
    case "wait": {
      const { condition, withinMs } = step;
      return writer.call(
        "wait",
        printCondition(writer, condition),
        ...unless(writer, { withinMs }, { withinMs: 10_000 }),
      );
    }
    case "steady": {
      const { pairs, withinMs } = step;
      return writer.call("steady", data(pairs), ...unless(writer, { withinMs }, { withinMs: 60_000 }));
    }
    case "write-files":
      return writer.call(step.fileSystem === "new" ? "makeFiles" : "writeFiles", data(step.volume), data(step.files));
    case "remove-files":
      return writer.call("removeFiles", data(step.volume), data(step.paths));
    case "restore-files":
      return writer.call("restoreFiles", data({ from: step.from, names: step.names }));
    case "together":
    case "sequence":
      return writer.call(step.kind, ...inside(step.steps));
    case "when":
    case "throughout":
      return writer.call(step.kind, printCondition(writer, step.condition), ...inside(step.steps));
    case "after":
      return writer.call("after", writer.call("ms", data(step.delayMs)), ...inside(step.steps));
    case "repeat":
      return writer.call("repeat", data(step.times), ...inside(step.steps));
    case "link-bytes":
      return writer.call("linkBytes", data(step.link), data(step.bytesMax), ...inside(step.steps));
    case "expect-refused":
      return writer.call("expectRefused", printStep(writer, step.step), data(step.code));
    case "attempt":
      return writer.call("attempt", printStep(writer, step.step), ...step.codes.map(data));
    default:
      return administration(writer, step);
  }
}

function hostRequest(writer: CodeWriter, step: Extract<Step, { kind: "write" | "workload" | "trace" }>): Code {
  const { data } = bound(writer);
  if (step.kind === "trace") {
    const { kind: _kind, volume, name, ...options } = step;
    return writer.call("trace", data(volume), data(name), ...unless(writer, options, {}));
  }
  const { kind, volume, ...what } = step;
  return writer.call(kind, data(volume), data(what));
}

function administration(writer: CodeWriter, step: AdminStep): Code {
  const { data } = bound(writer);
  switch (step.kind) {
    case "backup": {
      const { mirrors, pairs, at } = step;
      return writer.call("backup", data({ mirrors, pairs, at }));
    }
    case "rollback":
      return writer.call("rollback", data(step.volume), ...unless(writer, { at: step.at }, {}));
    case "recover":
    case "recover-group": {
      const { to, method, at, volume } = step;
      const point = "mark" in to ? { to: to.mark, by: to.by === "time" ? to.by : undefined } : { to };
      const options = { ...point, method: method === "swap" ? method : undefined, at };
      return writer.call(step.kind === "recover" ? "recover" : "recoverGroup", data(volume), data(options));
    }
    default: {
      const { kind, pair, ...options } = step;
      const word = kind === "delete" ? "deletePair" : kind;
      const told = Object.entries(options).filter(([key, value]) => USUAL[kind]?.[key] !== value);
      return writer.call(word, data(pair), ...unless(writer, Object.fromEntries(told), {}));
    }
  }
}

/** What commands to a pair mean without a word. */
const USUAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  split: { secondary: "read-only" },
  delete: { scope: "both" },
  restore: { scope: "changed" },
};
