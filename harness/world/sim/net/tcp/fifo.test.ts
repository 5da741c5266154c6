import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "./fifo.ts";

test("a queue behaves as an array does, whatever is done to it", () => {
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.nat().map((item) => ({ push: item })) },
    { weight: 5, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("pop" as const) },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const step of operations) {
        if (step === "clear") {
          fifo.clear();
          model.length = 0;
        } else if (step === "shift") expect(fifo.shift()).toBe(model.shift());
        else if (step === "pop") expect(fifo.pop()).toBe(model.pop());
        else {
          fifo.push(step.push);
          model.push(step.push);
        }
        expect([fifo.length, fifo.first()]).toEqual([model.length, model[0]]);
      }
    }),
  );
});
