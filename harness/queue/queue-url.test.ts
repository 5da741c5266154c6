import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQueueUrl } from "./queue-url.ts";

test("what is shown says where, and holds no password and no options", () => {
  const url = parseQueueUrl("postgres://hunter:s3cret@db.example:5433/hunts?sslmode=require&password=s3cret");
  expect(url.shown).toBe("postgres://hunter@db.example:5433/hunts");
  expect(parseQueueUrl("postgresql://db/hunts").shown).toBe("postgres://db/hunts");
});

test("no part of a password is in what is shown, nor in what is refused, however it is written", () => {
  const password = fc.stringMatching(/^[A-Za-z0-9/@:?#%-]{0,20}$/u).map((text) => `5ecret${text}`);
  fc.assert(
    fc.property(password, fc.constantFrom("postgres", "postgresql", "http", "nonsense "), (secret, scheme) => {
      let told: string;
      try {
        told = parseQueueUrl(`${scheme}://user:${secret}@host/db`).shown;
      } catch (error) {
        told = String(error);
      }
      expect(told).not.toContain("5ecret");
    }),
    { seed: 1, numRuns: 500 },
  );
});

test.each([
  ["nothing", "", "found no URL"],
  ["a path", "/var/run/postgresql", "found no URL"],
  ["another protocol", "mysql://u:secret@h/db", "found a URL of mysql://"],
])("%s is refused without being repeated", (_what, text, message) => {
  expect(() => parseQueueUrl(text)).toThrow(message);
  expect(() => parseQueueUrl(text)).not.toThrow("secret");
});
