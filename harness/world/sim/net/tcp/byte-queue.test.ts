import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

test("a byte queue gives what was pushed, in order, in parts of any size", () => {
  const operation = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 50 }) }),
    fc.record({ take: fc.integer({ min: 0, max: 80 }) }),
    fc.constant("clear" as const),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
      const queue = new ByteQueue();
      let model: number[] = [];
      for (const step of operations) {
        if (step === "clear") {
          expect(queue.clear()).toBe(model.length);
          model = [];
        } else if ("push" in step) {
          queue.push(step.push);
          model.push(...step.push);
        } else expect([...queue.take(step.take)]).toEqual(model.splice(0, step.take));
        expect(queue.lengthBytes).toBe(model.length);
      }
    }),
    { seed: 15 },
  );
});
