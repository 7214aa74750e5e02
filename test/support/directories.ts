import { describe } from '@jest/globals';
import { sambaIsAvailable } from '../../simulators/directories/samba.js';
import { slapdIsAvailable } from '../../simulators/directories/slapd.js';
import { realServersRequired } from './servers.js';

/** Like jest's `describe`, for suites on a real slapd; without one they are skipped by name, or fail with `MUSTER_REQUIRE_REAL=1`. */
export const describeSlapd = describeWith('slapd (packages slapd, slapd-contrib, ldap-utils)', slapdIsAvailable());

/** The same for a Samba domain controller. */
export const describeSamba = describeWith(
  'Samba as root (packages samba, samba-ad-provision, samba-dsdb-modules, samba-vfs-modules, ldb-tools, ldap-utils)',
  sambaIsAvailable(),
);

function describeWith(server: string, isAvailable: boolean): (name: string, body: () => void) => void {
  if (isAvailable) return (name, body) => describe(name, body);
  if (realServersRequired()) throw new Error(`MUSTER_REQUIRE_REAL=1, and there is no ${server}`);
  return (name, body) => describe.skip(`${name} (not installed: ${server})`, body);
}
