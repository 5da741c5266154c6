import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { merkleRoot } from "./merkle.ts";

const hash = (...parts: readonly (string | Buffer)[]): Buffer => {
  const sha256 = createHash("sha256");
  for (const part of parts) sha256.update(part);
  return sha256.digest();
};
const leaf = (text: string): Buffer => hash("\0", text);
const node = (left: Buffer, right: Buffer): Buffer => hash("\u0001", left, right);

const LETTERS = ["a", "b", "c", "d", "e", "f", "g"];

test("the root of nothing, of one leaf, and of a tree that is not full (RFC 9162, 2.1.1 and 2.1.5)", () => {
  expect(merkleRoot([])).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // The empty leaf, as the reference implementations of RFC 6962 have it.
  expect(merkleRoot([""])).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  const [a, b, c, d, e, f, g] = LETTERS.map(leaf) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  const left = node(node(a, b), node(c, d));
  expect(merkleRoot(LETTERS)).toBe(node(left, node(node(e, f), g)).toString("hex"));
});

test("another leaf, another order, one more or one less: another root", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 12 }), fc.nat(), (leaves, at) => {
      const root = merkleRoot(leaves);
      const index = at % leaves.length;
      expect(merkleRoot(leaves.with(index, `${leaves[index]}!`))).not.toBe(root);
      expect(merkleRoot(leaves.toReversed())).not.toBe(root);
      expect(merkleRoot(leaves.slice(0, -1))).not.toBe(root);
      expect(merkleRoot([...leaves, leaves.at(-1) as string])).not.toBe(root);
    }),
  );
});
