import { expect, test } from "vitest";
import { type HostDevice, HostError, type HostErrorCode } from "../../target/target.ts";
import { RemoteImage } from "./remote-image.ts";

function failing(code: HostErrorCode): HostDevice {
  const fail = (): Promise<never> => Promise.reject(new HostError(code, "no"));
  return { sizeBytes: 4096, read: fail, write: fail, flush: fail, trim: fail, writeZeroes: fail };
}

function codeOf(error: unknown): HostErrorCode | "" {
  return error instanceof HostError ? error.code : "";
}

test("a read of an image that is gone is refused; an error of its disk stays one, and so does any other", async () => {
  const outcome = (code: HostErrorCode, isThere: boolean): Promise<unknown> =>
    new RemoteImage(failing(code), async () => isThere).read(0, 512).catch(codeOf);
  expect(await outcome("EIO", false)).toBe("REFUSED");
  expect(await outcome("EIO", true)).toBe("EIO");
  expect(await outcome("GONE", false)).toBe("GONE");
});
