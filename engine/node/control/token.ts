import { createHash, timingSafeEqual } from "node:crypto";

const BEARER = /^Bearer +([^\s]+) *$/i;

/**
 * Whether an `Authorization` header has the token. Takes the same time wherever the two differ: what is compared
 * are digests, which are of one length.
 */
export function tokenFits(header: string | undefined, token: string): boolean {
  const given = BEARER.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token)) && given !== "";
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
