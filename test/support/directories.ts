import { join } from 'node:path';
import { describe } from '@jest/globals';
import { sambaIsAvailable, startSamba } from '../../simulators/directories/samba.js';
import type { SambaDc, SambaOptions } from '../../simulators/directories/samba.js';
import { slapdIsAvailable } from '../../simulators/directories/slapd.js';
import { realServersRequired } from './servers.js';

/** Like jest's `describe`, for suites on a real slapd; without one they are skipped by name, or fail with `MUSTER_REQUIRE_REAL=1`. */
export const describeSlapd = describeWith('slapd (packages slapd, slapd-contrib, ldap-utils)', slapdIsAvailable());

/** The same for a Samba domain controller. */
export const describeSamba = describeWith(
  'Samba as root (packages samba, samba-ad-provision, samba-dsdb-modules, samba-vfs-modules, ldb-tools, ldap-utils)',
  sambaIsAvailable(),
);

/** A domain controller of a suite; the domain is provisioned once for all suites of a run. */
export function startTestSamba(options: SambaOptions = {}): Promise<SambaDc> {
  const folder = process.env['TEST_RUN_FOLDER'];
  return startSamba({ ...options, keptDomain: folder === undefined ? undefined : join(folder, 'samba') });
}

function describeWith(server: string, isAvailable: boolean): (name: string, body: () => void) => void {
  if (isAvailable) return (name, body) => describe(name, body);
  if (realServersRequired()) throw new Error(`MUSTER_REQUIRE_REAL=1, and there is no ${server}`);
  return (name, body) => describe.skip(`${name} (not installed: ${server})`, body);
}
