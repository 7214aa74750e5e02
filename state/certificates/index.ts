export { readAuthorityCertificate } from './authority.js';
export {
  activateCertificate,
  addCertificate,
  findCertificate,
  listCertificates,
  MAX_CERTIFICATES,
  removeCertificate,
} from './certificates.js';
export type { CertifiedSystem, OutboundCertificate } from './certificates.js';
export { loadIdentity } from './identity.js';
export { findDueCertificates, readRenewal, switchRenewal, tendCertificate } from './renewal.js';
export type { DueCertificate } from './renewal.js';
