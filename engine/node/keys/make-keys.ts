// The library of the certificates looks for this when it is loaded.
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { SetupError, systemCode } from "../setup-error.ts";

/** A certificate and its private key (PKCS #8), each in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface KeySet {
  readonly authority: KeyPair;
  /** By name of the system. */
  readonly systems: ReadonlyMap<string, KeyPair>;
}

export interface KeyOptions {
  /** An authority made before; without it a new one is made. */
  readonly authority?: KeyPair;
  /** How long the systems' certificates are good, from now, 730 by default; never longer than the authority's. */
  readonly days?: number;
}

/** An authority is replaced by hand on every system, so it lives long. */
const AUTHORITY_DAYS = 3650;
const SYSTEM_DAYS = 730;

/** Systems whose clocks disagree a little must not refuse a fresh certificate. */
const BACKDATED_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** TLS of every Node.js, OpenSSL and GnuTLS knows it. */
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** What a DNS name of a certificate may hold, so without `*`, which would speak for many. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/**
 * Makes one certificate a system, good for both ends of a link, signed by one private authority. The name
 * of the system stands in it as a DNS name.
 *
 * @throws SetupError KEYS_NAME, LINK_TLS if the authority given is none or has expired
 */
export async function makeKeys(names: readonly string[], options: KeyOptions = {}): Promise<KeySet> {
  checkNames(names);
  const nowMs = Date.now();
  const issuer = options.authority === undefined ? await newAuthority(nowMs) : await readAuthority(options.authority);
  const authorityEndMs = issuer.certificate.notAfter.getTime();
  if (authorityEndMs <= nowMs) throw badAuthority("one that has expired");
  const endMs = Math.min(nowMs + (options.days ?? SYSTEM_DAYS) * DAY_MS, authorityEndMs);
  const systems = new Map<string, KeyPair>();
  for (const name of names) {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [name] }],
      issuer: issuer.certificate.subjectName,
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(endMs),
      publicKey: keys.publicKey,
      signingKey: issuer.key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
      ] satisfies Extension[],
    });
    systems.set(name, await inPem(certificate, keys.privateKey));
  }
  return { authority: options.authority ?? (await inPem(issuer.certificate, issuer.key)), systems };
}

/** @throws SetupError KEYS_NAME */
function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const known = seen.has(name.toLowerCase());
    // Capitals mean nothing in a DNS name: one of the two could pass for the other.
    seen.add(name.toLowerCase());
    if (!known && NAME.test(name)) continue;
    throw new SetupError("KEYS_NAME", {
      place: "name of a system",
      found: JSON.stringify(name.slice(0, 80)) + (known ? ", which is there already" : ""),
      expected: "letters, digits, -, _ and . between letters or digits, 63 at most, each name once",
      remedy: "name each system as its configuration does",
    });
  }
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

async function newAuthority(nowMs: number): Promise<Authority> {
  const keys = await newKeys();
  // Two authorities of one name would be mistaken for each other in every error message.
  const mark = Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString("hex");
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`resilver authority ${mark}`] }],
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** @throws SetupError LINK_TLS */
async function readAuthority({ cert, key }: KeyPair): Promise<Authority> {
  try {
    const certificate = new X509Certificate(cert);
    const privateKey = await crypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(key), ALGORITHM, true, ["sign"]);
    return { certificate, key: privateKey };
  } catch (error) {
    throw badAuthority(systemCode(error), error);
  }
}

function badAuthority(found: string, cause?: unknown): SetupError {
  return new SetupError(
    "LINK_TLS",
    {
      place: "the authority",
      found,
      expected: "a certificate and its key, as `resilver keys` makes them",
      remedy: "make a new authority in another folder, and new keys for all systems",
    },
    { cause },
  );
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function inPem(certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<KeyPair> {
  const bytes = await crypto.subtle.exportKey("pkcs8", key);
  return { cert: `${certificate.toString("pem")}\n`, key: `${PemConverter.encode(bytes, "PRIVATE KEY")}\n` };
}
