import { findDueCertificates, tendCertificate } from '../../state/certificates/index.js';
import type { EngineServices } from '../support/services.js';

/** True when {@link tendCertificates} has something to do. */
export async function hasDueCertificates({ pool, deps }: EngineServices): Promise<boolean> {
  return (await findDueCertificates(pool, deps.clock())).length > 0;
}

/**
 * What time asks of the outbound certificates of all systems: those that end soon are renewed or told of (CRT-5, CRT-7). What goes wrong with one
 * keeps the others from nothing; the next round tries again.
 */
export async function tendCertificates(services: EngineServices): Promise<void> {
  const { pool, deps } = services;
  const scope = services.scope();
  for (const due of await findDueCertificates(pool, deps.clock())) {
    if (scope.signal.aborted) return;
    scope.heartbeat();
    try {
      await tendCertificate(pool, deps.keyring, due, deps.clock());
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'unknown';
      deps.log.error({ systemNo: due.system.no, task: due.task.kind, reason }, 'a certificate could not be tended');
    }
  }
}
