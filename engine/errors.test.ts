import { expect, test } from "vitest";
import { EngineError } from "./errors.ts";

test("an error is one line: its code, what it is about, what to do; what is empty is not told", () => {
  const context = { pair: "p", command: "split", status: "COPY", suspension: "", expected: "DUPLEX" };
  expect(new EngineError("ILLEGAL_TRANSITION", context).message).toBe(
    "ILLEGAL_TRANSITION pair=p command=split status=COPY expected=DUPLEX: " +
      "wait for the status that the command needs, or give the command that leads there",
  );
});
