import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { dsse } from "@sigstore/core";
import { z } from "zod";
import type { Qualification, QualificationVerdict } from "../history/qualification.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1";

const digest = z.strictObject({ sha256: z.string() });
const resource = z.strictObject({ name: z.string(), digest });

const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(resource),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    result: z.enum(["PASSED", "WARNED", "FAILED"]),
    configuration: z.array(resource),
    passedTests: z.array(z.string()),
    warnedTests: z.array(z.string()),
    failedTests: z.array(z.string()),
  }),
});
export type Statement = z.infer<typeof statementSchema>;

const envelopeSchema = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: z.base64(),
  signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.base64() })]),
});

/** A file, or what was tested, by its SHA-256. */
export interface Subject {
  readonly name: string;
  readonly sha256: string;
}

// The predicate knows no fourth result; what is not complete must not read as passed.
const RESULTS: Readonly<Record<QualificationVerdict, Statement["predicate"]["result"]>> = {
  QUALIFIED: "PASSED",
  "WITH CONDITIONS": "WARNED",
  "NOT QUALIFIED": "FAILED",
  INCOMPLETE: "FAILED",
};

/** What is said of a qualification: an in-toto statement, v1, with a test-result predicate, v0.1. */
export function statementOf(
  { verdict, scenarios }: Qualification,
  subjects: readonly Subject[],
  configuration: readonly Subject[],
): Statement {
  const resourceOf = ({ name, sha256 }: Subject): z.infer<typeof resource> => ({ name, digest: { sha256 } });
  const ids = (verdicts: readonly string[]): string[] =>
    scenarios.filter((one) => verdicts.includes(one.verdict)).map(({ id }) => id);
  return {
    _type: STATEMENT_TYPE,
    subject: subjects.map(resourceOf),
    predicateType: PREDICATE_TYPE,
    predicate: {
      result: RESULTS[verdict],
      configuration: configuration.map(resourceOf),
      passedTests: ids(["PASS"]),
      warnedTests: ids(["UNKNOWN", "SKIPPED", "WAIVED"]),
      failedTests: ids(["FAIL", "ERROR"]),
    },
  };
}

/** Signed: a DSSE envelope. @param key a private one, Ed25519 @returns the only text that stands for it */
export function signStatement(statement: Statement, key: KeyObject): string {
  const payload = Buffer.from(JSON.stringify(statement), "utf8");
  const sig = sign(null, dsse.preAuthEncoding(PAYLOAD_TYPE, payload), key).toString("base64");
  return textOf({
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }],
  });
}

/**
 * Reads an envelope again, if it is exactly what {@link signStatement} wrote: what a signature does not cover, and what base64 and
 * JSON leave open, must not differ either.
 *
 * @throws AttestationError
 */
export function openStatement(text: string, key: KeyObject): Statement {
  const envelope = envelopeSchema.safeParse(parse(text));
  if (!envelope.success) throw new AttestationError("is no DSSE envelope with one signature");
  const { payload, signatures } = envelope.data;
  const [{ keyid, sig }] = signatures;
  const bytes = Buffer.from(payload, "base64");
  const isFitting = verify(null, dsse.preAuthEncoding(PAYLOAD_TYPE, bytes), key, Buffer.from(sig, "base64"));
  if (!isFitting && keyid !== keyIdOf(key))
    throw new OtherKeyError(`is signed with key ${keyid}, not with ${keyIdOf(key)}`);
  if (!isFitting) throw new AttestationError("has a signature that does not fit");
  if (keyid !== keyIdOf(key)) throw new AttestationError("names another key than the one that signed it");
  const again = { ...envelope.data, payload: bytes.toString("base64") };
  again.signatures = [{ keyid, sig: Buffer.from(sig, "base64").toString("base64") }];
  if (textOf(again) !== text) throw new AttestationError("is not as it was written");
  const statement = statementSchema.safeParse(parse(bytes.toString("utf8")));
  if (!statement.success) throw new AttestationError("has no statement on test results in it");
  return statement.data;
}

/** Something about an attestation that does not hold; the message goes on after the name of its file. */
export class AttestationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AttestationError";
  }
}

/** It is signed, and not with the key that is at hand. */
export class OtherKeyError extends AttestationError {}

/** SHA-256 over the key as DER (SubjectPublicKeyInfo), hexadecimal. */
export function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

function textOf(envelope: z.infer<typeof envelopeSchema>): string {
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
