import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeKeyFiles } from "./key-files.ts";

const folder = mkdtempSync(join(tmpdir(), "resilver-keys-"));
const file = (name: string): string => join(folder, name);
beforeAll(() => writeKeyFiles({ folder, names: ["a", "b"] }));
afterAll(() => rmSync(folder, { recursive: true }));

function verify(...options: string[]): string {
  const { stdout, stderr } = spawnSync("openssl", ["verify", "-x509_strict", ...options], { encoding: "utf8" });
  return stdout + stderr;
}

test.each(["sslserver", "sslclient"])("openssl takes a certificate for %s, by the rules of RFC 5280", (purpose) => {
  const options = ["-CAfile", file("ca.crt"), "-purpose", purpose, "-verify_hostname", "a", file("a.crt")];
  expect(verify(...options)).toBe(`${file("a.crt")}: OK\n`);
});

test("openssl refuses it for another name, and without the authority", () => {
  expect(verify("-CAfile", file("ca.crt"), "-verify_hostname", "b", file("a.crt"))).toContain("hostname mismatch");
  expect(verify("-CAfile", file("b.crt"), file("a.crt"))).toContain("unable to get");
});

test("the key is that of the certificate", () => {
  const publicOf = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8" });
  expect(publicOf("pkey", "-in", file("a.key"), "-pubout")).toBe(
    publicOf("x509", "-in", file("a.crt"), "-pubkey", "-noout"),
  );
});
