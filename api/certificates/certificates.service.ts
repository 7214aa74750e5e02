import { Inject, Injectable } from '@nestjs/common';
import { expiryWarning } from '../../core/certificates/expiry.js';
import { certificatesRefused } from '../../core/certificates/usable.js';
import { describeCertificate } from '../../runtime/certificates.js';
import { Keyring } from '../../runtime/secrets.js';
import {
  activateCertificate,
  addCertificate,
  findCertificate,
  listCertificates,
  MAX_CERTIFICATES,
  readAuthorityCertificate,
  readRenewal,
  removeCertificate,
  switchRenewal,
} from '../../state/certificates/index.js';
import type { CertifiedSystem, OutboundCertificate } from '../../state/certificates/index.js';
import { loadSystem } from '../../state/config/index.js';
import type { SystemSnapshot } from '../../state/config/index.js';
import { DataSource } from 'typeorm';
import { SqlPool } from '../../state/database.js';
import { countUndeliverable } from '../../state/notifications/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant } from '../common/paging.schemas.js';
import { notFound, ProblemError } from '../common/problem.js';
import { DATA_SOURCE, KEYRING, SQL_POOL } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import type {
  CertificateList,
  CertificateView,
  GeneratedCertificate,
  RegenerationBody,
  RegenerationView,
} from './certificates.schemas.js';

/** CRT-6. */
const FINGERPRINT_WARNING =
  'A new certificate has a new fingerprint: a back end that checks fingerprints refuses it until its public part is uploaded there.';

/** Outbound certificates of systems (CRT rules). A private key is made here and never comes out. */
@Injectable()
export class CertificatesService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
  ) {}

  /** The tab *Outbound Certificates*. */
  async list(systemId: string): Promise<CertificateList> {
    const system = await this.#require(systemId);
    const certificates = await listCertificates(this.pool, system.no);
    const isRenewed = await readRenewal(this.pool, system.no);
    const cannotGenerate = this.#refused(system) ?? (certificates.length < MAX_CERTIFICATES ? null : TWO);
    return {
      items: certificates.map((one) => toView(one, isRenewed)),
      canGenerate: cannotGenerate === null,
      cannotGenerate,
      automaticRegeneration: isRenewed,
      authority: (await readAuthorityCertificate(this.pool)) ?? null,
      undeliverableMails: await countUndeliverable(this.pool, system.no, 'certificates'),
    };
  }

  /** The details of one certificate (CRT-3). */
  async read(systemId: string, id: string): Promise<CertificateView> {
    const system = await this.#require(systemId);
    return toView(await this.#certificate(system, id), await readRenewal(this.pool, system.no));
  }

  /** Its public part as PEM, for upload to the back end (CRT-1). */
  async download(systemId: string, id: string): Promise<{ readonly fileName: string; readonly pem: string }> {
    const system = await this.#require(systemId);
    const { certificate } = await this.#certificate(system, id);
    const { fingerprint } = describeCertificate(certificate);
    const mark = fingerprint.replaceAll(':', '').slice(0, 8).toLowerCase();
    return { fileName: `muster-${system.id}-${mark}.crt`, pem: certificate };
  }

  /** Generates a certificate (CRT-2). Problems: `no-certificates`, `too-many-certificates`. */
  async generate(systemId: string, caller: Principal): Promise<GeneratedCertificate> {
    const system = await this.#require(systemId);
    const refused = this.#refused(system);
    if (refused !== undefined) throw new ProblemError('no-certificates', `${system.name}: ${refused}`);
    const by = caller.userName;
    const generated = await addCertificate(this.pool, this.keyring, system, { now: new Date(), by });
    if (generated === undefined) throw new ProblemError('too-many-certificates', `${system.name}: ${TWO}`);
    return { ...toView(generated, false), message: 'Certificate generated successfully' };
  }

  /** Makes a certificate the active one (CRT-3). Problem: `certificate-expired`. */
  async activate(systemId: string, id: string): Promise<CertificateView> {
    const system = await this.#require(systemId);
    const outcome = await activateCertificate(this.pool, system.no, id, new Date());
    if (outcome === 'missing') throw noSuchCertificate();
    if (outcome === 'expired')
      throw new ProblemError('certificate-expired', 'the certificate has expired: delete it and generate a new one');
    return this.read(systemId, id);
  }

  /** Deletes an inactive certificate (CRT-3). Problem: `certificate-active`. */
  async remove(systemId: string, id: string): Promise<void> {
    const system = await this.#require(systemId);
    const outcome = await removeCertificate(this.pool, system.no, id);
    if (outcome === 'missing') throw noSuchCertificate();
    if (outcome === 'active')
      throw new ProblemError(
        'certificate-active',
        'the active certificate cannot be deleted: activate another one first',
      );
  }

  /** Switches *Automatic Regeneration* (CRT-5, CRT-6). What it is time for is done at once. */
  async switchRegeneration(systemId: string, { enabled }: RegenerationBody): Promise<RegenerationView> {
    const system = await this.#require(systemId);
    await switchRenewal(this.pool, this.keyring, system.no, { isOn: enabled, now: new Date() });
    return { enabled, warning: enabled ? FINGERPRINT_WARNING : null };
  }

  /** What the details of a system warn of (CRT-4). */
  async warningOf(system: CertifiedSystem): Promise<string | null> {
    const active = (await listCertificates(this.pool, system.no)).find(({ isActive }) => isActive);
    return active === undefined ? null : warningOf(active, await readRenewal(this.pool, system.no));
  }

  #refused(system: SystemSnapshot): string | undefined {
    const properties = this.catalog.effective(system);
    const { descriptor } = this.catalog.require(system.typeName);
    return certificatesRefused(
      properties,
      descriptor.properties.some(({ name }) => name === 'Authentication'),
    );
  }

  async #certificate(system: CertifiedSystem, id: string): Promise<OutboundCertificate> {
    const certificate = await findCertificate(this.pool, system.no, id);
    if (certificate === undefined) throw noSuchCertificate();
    return certificate;
  }

  async #require(systemId: string): Promise<SystemSnapshot> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    return system;
  }
}

const TWO = `it has ${MAX_CERTIFICATES} certificates; delete the inactive one first`;

function noSuchCertificate(): ProblemError {
  return notFound('such certificate of this system');
}

function warningOf({ isActive, validUntil }: OutboundCertificate, isRenewed: boolean): string | null {
  return (isActive ? expiryWarning({ validUntil, isRenewed }, new Date()) : undefined) ?? null;
}

function toView(certificate: OutboundCertificate, isRenewed: boolean): CertificateView {
  const { validFrom, validUntil, ...details } = describeCertificate(certificate.certificate);
  return {
    id: certificate.id,
    status: certificate.isActive ? 'Active' : 'Inactive',
    ...details,
    validFrom: isoInstant(validFrom),
    validUntil: isoInstant(validUntil),
    createdBy: certificate.createdBy,
    createdAt: isoInstant(certificate.createdAt),
    warning: warningOf(certificate, isRenewed),
  };
}
