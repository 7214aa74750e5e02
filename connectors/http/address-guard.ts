import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that no system may have: link-local networks and the metadata services of clouds, which hand out credentials to
 * whoever asks from inside. Private and loopback networks are allowed, because on-premise systems live there.
 */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addAddress('100.100.100.200', 'ipv4');
REFUSED.addAddress('168.63.129.16', 'ipv4');
REFUSED.addAddress('192.0.0.192', 'ipv4');
REFUSED.addSubnet('224.0.0.0', 4, 'ipv4');
REFUSED.addAddress('255.255.255.255', 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addAddress('fd00:ec2::254', 'ipv6');
REFUSED.addAddress('fd20:ce::254', 'ipv6');
REFUSED.addSubnet('ff00::', 8, 'ipv6');

/** Prefixes of IPv6 addresses that carry an IPv4 address in their last 32 bits: mapped, translated (NAT64), compatible. */
const CARRIES_IPV4 = new BlockList();
CARRIES_IPV4.addSubnet('::ffff:0:0', 96, 'ipv6');
CARRIES_IPV4.addSubnet('64:ff9b::', 96, 'ipv6');
CARRIES_IPV4.addSubnet('::', 96, 'ipv6');

/** Code of the error that {@link guardedLookup} and {@link refusedLiteral} lead to. */
export const ADDRESS_REFUSED = 'MUSTER_ADDRESS_REFUSED';

/** Thrown inside the connect phase when a name resolves to an address that is refused. */
export class AddressRefusedError extends Error {
  readonly code = ADDRESS_REFUSED;
  constructor() {
    super('the host name leads to a link-local, multicast or metadata address, which is refused');
  }
}

/** True for an address that may not be connected to; `address` is a literal without brackets. */
export function isRefusedAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return REFUSED.check(address, 'ipv4');
  if (family !== 6) return false;
  const plain = address.split('%')[0] ?? address;
  if (REFUSED.check(plain, 'ipv6')) return true;
  if (!CARRIES_IPV4.check(plain, 'ipv6')) return false;
  const embedded = embeddedIpv4(plain);
  return embedded !== undefined && REFUSED.check(embedded, 'ipv4');
}

/** The last 32 bits of an IPv6 literal as dotted quad. */
function embeddedIpv4(address: string): string | undefined {
  // The URL parser writes the canonical form, in which a dotted tail has become two groups.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const groups = canonical.split(':').map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  const [high, low] = [groups.at(-2), groups.at(-1)];
  if (high === undefined || low === undefined || Number.isNaN(high) || Number.isNaN(low)) return undefined;
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** True when the host part of a URL is an address literal that is refused: no look-up happens for literals. */
export function refusedLiteral(hostname: string): boolean {
  return isRefusedAddress(hostname.replace(/^\[|\]$/g, ''));
}

/**
 * `lookup` for sockets that refuses the connection if *any* resolved address is refused, at connect time, so that a name
 * which changes its address after validation (DNS rebinding) gains nothing.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  guardLookup(lookup, hostname, options, callback);
};

type Resolver = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** {@link guardedLookup} over a given resolver. */
export function guardLookup(
  resolver: Resolver,
  hostname: string,
  options: LookupOptions,
  callback: Parameters<LookupFunction>[2],
): void {
  resolver(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    if (addresses.some(({ address }) => isRefusedAddress(address))) return callback(new AddressRefusedError(), '', 0);
    if (options.all === true) return callback(null, addresses);
    const first = addresses[0];
    if (first === undefined) return callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
    callback(null, first.address, first.family);
  });
}
