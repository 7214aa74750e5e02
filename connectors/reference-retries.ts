import type { ConnectorError } from './errors.js';

/** What a request is for, as far as the reference tells apart what it repeats. */
export type RequestUse =
  'write' | 'patch' | 'fullRead' | 'deltaRead' | 'proxyReadOne' | 'proxyFullRead' | 'proxyDeltaRead';

const SALES = 'SAP Sales Cloud and SAP Service Cloud';
const UAA = 'SAP BTP XS Advanced UAA (Cloud Foundry)';
const ANALYTICS = 'SAP Analytics Cloud';
const ENTRA = 'Microsoft Entra ID';

/** Types whose writes are repeated after 429. */
const THROTTLED_WRITES = new Set([
  'Identity Authentication',
  ENTRA,
  ANALYTICS,
  UAA,
  SALES,
  'SAP SuccessFactors',
  'SAP Jam Collaboration',
  'SCIM System',
  'SAP Build Work Zone, advanced edition',
]);

/** Types whose PATCH requests are repeated after 502. */
const GATEWAY_PATCHES = new Set(['SAP Build Work Zone, standard edition', UAA]);

/** Types whose wait after 502 is never longer than 50 s (CONN-CORE-71). */
const SHORT_GATEWAY_WAITS = new Set([UAA, SALES]);
const SHORT_GATEWAY_WAIT_MS = 50_000;

/** Longest wait of ours after a gateway error, milliseconds; Infinity where only the general limit counts (CONN-CORE-71). */
export function gatewayWaitLimit(typeName: string): number {
  return SHORT_GATEWAY_WAITS.has(typeName) ? SHORT_GATEWAY_WAIT_MS : Infinity;
}

/** A system as the matrix sees it. */
export interface RetriedSystem {
  readonly typeName: string;
  /** It speaks SCIM, whatever its type is called. */
  readonly isScim: boolean;
}

/** The retry matrix of the reference (RTY-3, CONN-CORE-73): true where it repeats a request that failed like this. */
export function isRepeatedByReference(error: ConnectorError, system: RetriedSystem, use: RequestUse): boolean {
  const writes = use === 'write' || use === 'patch';
  if (error.kind === 'timeout') return writes || use === 'fullRead';
  switch (error.status) {
    case 429:
      return writes ? THROTTLED_WRITES.has(system.typeName) : isThrottledReadRepeated(system, use);
    case 502:
      return isGatewayRepeated(system.typeName, use);
    case 403:
      return writes && system.typeName === ANALYTICS;
    default:
      return false;
  }
}

function isThrottledReadRepeated({ typeName, isScim }: RetriedSystem, use: RequestUse): boolean {
  if (use === 'fullRead') return isScim || typeName === ENTRA;
  return isScim && (use === 'proxyReadOne' || use === 'proxyFullRead');
}

function isGatewayRepeated(typeName: string, use: RequestUse): boolean {
  return typeName === SALES || (use === 'patch' && GATEWAY_PATCHES.has(typeName));
}
