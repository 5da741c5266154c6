import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeKeyFiles } from "./key-files.ts";

const DAY_MS = 86_400_000;

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("an authority signs a certificate for each system; private keys are the owner's alone", async () => {
  const folder = join(freshFolder(), "new");
  const written = await writeKeyFiles({ folder, names: ["a", "site-b.1"] });
  const names = ["ca.key", "ca.crt", "a.key", "a.crt", "site-b.1.key", "site-b.1.crt"];
  expect(written).toEqual(names.map((name) => join(folder, name)));
  for (const path of written) expect(statSync(path).mode & 0o777).toBe(path.endsWith(".key") ? 0o600 : 0o644);

  const authority = new X509Certificate(readFileSync(join(folder, "ca.crt")));
  expect(authority.ca).toBe(true);
  const certificate = new X509Certificate(readFileSync(join(folder, "site-b.1.crt")));
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.checkHost("site-b.1")).toBe("site-b.1");
  expect(certificate.checkHost("a")).toBeUndefined();
  expect(certificate.validFromDate.getTime()).toBeLessThanOrEqual(Date.now());
  const days = (certificate.validToDate.getTime() - Date.now()) / DAY_MS;
  expect(Math.round(days)).toBe(730);
});

test("the authority that is there signs again, and stays as it is", async () => {
  const folder = freshFolder();
  await writeKeyFiles({ folder, names: ["a"] });
  const before = readFileSync(join(folder, "ca.crt"), "utf8");
  expect(await writeKeyFiles({ folder, names: ["b"], days: 2 })).toEqual([
    join(folder, "b.key"),
    join(folder, "b.crt"),
  ]);
  expect(readFileSync(join(folder, "ca.crt"), "utf8")).toBe(before);
  const certificate = new X509Certificate(readFileSync(join(folder, "b.crt")));
  expect(certificate.checkIssued(new X509Certificate(before))).toBe(true);
  expect(certificate.validToDate.getTime() - Date.now()).toBeLessThanOrEqual(2 * DAY_MS);
});

test("two authorities have unlike names", async () => {
  const subjects = [freshFolder(), freshFolder()].map(async (folder) => {
    await writeKeyFiles({ folder, names: ["a"] });
    return new X509Certificate(readFileSync(join(folder, "ca.crt"))).subject;
  });
  expect(new Set(await Promise.all(subjects)).size).toBe(2);
});

test("nothing is overwritten, and what was begun is taken back", async () => {
  const folder = freshFolder();
  await writeKeyFiles({ folder, names: ["a"] });
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  await expect(writeKeyFiles({ folder, names: ["b", "a"] })).rejects.toMatchObject({
    code: "KEYS_EXIST",
    place: join(folder, "a.key"),
  });
  expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")])).toEqual(before);
});

test("half an authority is not replaced", async () => {
  const folder = freshFolder();
  writeFileSync(join(folder, "ca.crt"), "somebody's");
  await expect(writeKeyFiles({ folder, names: ["a"] })).rejects.toMatchObject({ code: "KEYS_EXIST" });
  expect(readdirSync(folder)).toEqual(["ca.crt"]);
});

test("an authority that is none is refused", async () => {
  const folder = freshFolder();
  writeFileSync(join(folder, "ca.crt"), "nonsense");
  writeFileSync(join(folder, "ca.key"), "nonsense");
  await expect(writeKeyFiles({ folder, names: ["a"] })).rejects.toMatchObject({ code: "LINK_TLS" });
});

test.each([["*"], ["a b"], ["../a"], [""], [`x${"y".repeat(63)}`], ["-a"], ["CA"], ["a\u0000"]])(
  "no system is called %j",
  async (name) => {
    const folder = freshFolder();
    await expect(writeKeyFiles({ folder, names: ["good", name] })).rejects.toMatchObject({ code: "KEYS_NAME" });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("two names that differ by capitals only are refused", async () => {
  const folder = freshFolder();
  await expect(writeKeyFiles({ folder, names: ["a", "A"] })).rejects.toMatchObject({ code: "KEYS_NAME" });
});

test("a folder that is none is refused", async () => {
  const file = join(freshFolder(), "file");
  writeFileSync(file, "");
  await expect(writeKeyFiles({ folder: join(file, "keys"), names: ["a"] })).rejects.toMatchObject({
    code: "KEYS_FOLDER",
    found: "ENOTDIR",
  });
  mkdirSync(join(file, "..", "ca.key"));
  await expect(writeKeyFiles({ folder: join(file, ".."), names: ["a"] })).rejects.toMatchObject({
    code: "KEYS_FOLDER",
  });
});
