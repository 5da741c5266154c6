import type { Expectation } from "../expectation.ts";
import { bound, type Code, type CodeWriter, unless } from "./code.ts";
import { printCondition } from "./print-condition.ts";

/** What is expected, as somebody would write it. */
export function printExpectation(writer: CodeWriter, expectation: Expectation): Code {
  return writer.say(expectation, () => expectationInWords(writer, expectation));
}

function expectationInWords(writer: CodeWriter, expectation: Expectation): Code {
  const { data } = bound(writer);
  switch (expectation.kind) {
    case "converged": {
      const { withinMs } = expectation;
      return writer.call("converged", ...unless(writer, { withinMs }, { withinMs: 60_000 }));
    }
    case "violates": {
      const { invariant, fault } = expectation;
      return writer.call("violates", data(invariant), ...unless(writer, { fault }, {}));
    }
    case "holds":
      return writer.call("holds", printCondition(writer, expectation.condition));
    case "oracle": {
      const { oracle, volume, at } = expectation;
      return writer.call("oracle", data(oracle), data({ volume, at }));
    }
    case "unchanged":
      return writer.call("unchanged", data(expectation.volume), data(expectation.since));
    case "same-as":
      return writer.call("sameAs", data(expectation.volume), data(expectation.other));
    case "files-hold":
      return writer.call("filesHold", data(expectation.volume), data(expectation.files));
    case "resync-bytes": {
      const { kind: _kind, link, ...limits } = expectation;
      return writer.call("resyncBytes", data(link), data(limits));
    }
    case "pause-at-most": {
      const { kind: _kind, system, ...limits } = expectation;
      return writer.call("pauseAtMost", data(system), data(limits));
    }
  }
}
