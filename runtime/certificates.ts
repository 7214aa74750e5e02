// The X.509 library finds its parts by decorators.
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as ParsedCertificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { JsonName } from '@peculiar/x509';
import { z } from 'zod';

/** A certificate with the key that belongs to it, both PEM. The key is PKCS #8 and goes nowhere but into the sealed column. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** What may be shown of a certificate (CRT-3). */
export interface CertificateDetails {
  /** Distinguished names in the order of RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** For example `SHA256withRSA`. */
  readonly signatureAlgorithm: string;
  /** Bits. */
  readonly keySize: number;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** SHA-256 of the whole certificate, as pairs of hexadecimal digits with colons. */
  readonly fingerprint: string;
}

/** RSA, because every back end takes it; 3072 bits are held to be good beyond 2030 (NIST SP 800-57). */
const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 3072,
};

const DAY_MS = 24 * 60 * 60_000;
/** Validity of a client certificate; it cannot be extended (CRT-4). */
const CLIENT_DAYS = 365;
/** The authority outlives whatever it issues: back ends that trust it need not be touched again. */
const AUTHORITY_DAYS = 30 * 365;
/** A back end whose clock is behind ours takes a new certificate all the same. */
const BACKDATED_MS = 60 * 60_000;

/** Makes the authority of an installation, which signs itself. Takes about half a second. */
export async function createAuthority(installationId: string, now: Date): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['Muster outbound certificates'] }, { OU: [installationId] }, { O: ['Muster'] }],
    keys,
    serialNumber: serialNumber(),
    ...validity(now, AUTHORITY_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), privateKey: exported(keys.privateKey) };
}

/**
 * Issues a client certificate of a system: always of the same subject, so that a back end which goes by names needs to hear of no renewal
 * (CRT-2). The subject holds the public id of the system, because its name may change.
 */
export async function issueClientCertificate(
  authority: KeyedCertificate,
  system: { readonly id: string; readonly installationId: string },
  now: Date,
): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const issuer = new ParsedCertificate(authority.certificate);
  const certificate = await X509CertificateGenerator.create({
    subject: subjectOf(system),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await imported(authority.privateKey),
    serialNumber: serialNumber(),
    ...validity(now, CLIENT_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: pem(certificate), privateKey: exported(keys.privateKey) };
}

const signature = z.object({ hash: z.object({ name: z.string() }) });

/** What may be shown of a certificate in PEM. */
export function describeCertificate(certificate: string): CertificateDetails {
  const known = new X509Certificate(certificate);
  const parsed = new ParsedCertificate(certificate);
  const { hash } = signature.parse(parsed.signatureAlgorithm);
  return {
    subject: parsed.subject,
    issuer: parsed.issuer,
    serialNumber: known.serialNumber,
    signatureAlgorithm: `${hash.name.replace('-', '')}withRSA`,
    keySize: known.publicKey.asymmetricKeyDetails?.modulusLength ?? 0,
    validFrom: parsed.notBefore,
    validUntil: parsed.notAfter,
    fingerprint: known.fingerprint256,
  };
}

function subjectOf({ id, installationId }: { readonly id: string; readonly installationId: string }): JsonName {
  return [{ CN: [`muster-${id}`] }, { OU: [installationId] }, { O: ['Muster'] }];
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function exported(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function imported(privateKey: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(privateKey).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

/** Seconds only: X.509 knows no smaller ones, and what is stored beside it shall be equal. */
function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const second = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(second - BACKDATED_MS), notAfter: new Date(second + days * DAY_MS) };
}

/** Positive and never zero in its first byte (RFC 5280 §4.1.2.2), random enough that none is given twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: ParsedCertificate): string {
  return `${certificate.toString('pem')}\n`;
}
