/** The location of systems that name none (CONN-CORE-91). */
export const DEFAULT_LOCATION = 'default';

const ON_PREMISE = 'OnPremise';
/** Property that says how a system is reached; of a directory, of everything else. */
const PROXY_TYPES = ['ldap.proxyType', 'ProxyType'] as const;
/** Property that names a location (PRP-31). */
export const LOCATION_PROPERTY = 'CloudConnectorLocationId';
/** The same as a header, in the words of the reference (ONP-2). Spelled in any case: it is the name of a header. */
const LOCATION_HEADER = 'ips.http.header.SAP-Connectivity-SCC-Location_ID';

type Properties = Readonly<Record<string, string>>;

/**
 * The location whose edge worker reaches a system; undefined where it is reached directly (ONP-1, ONP-2). `properties`: with the defaults of
 * the connector.
 */
export function locationOf(properties: Properties): string | undefined {
  return isOnPremise(properties) ? (namedLocation(properties) ?? DEFAULT_LOCATION) : undefined;
}

/** True when a system stands in a private network (PRP-22). */
export function isOnPremise(properties: Properties): boolean {
  const name = PROXY_TYPES.find((candidate) => properties[candidate] !== undefined);
  return name !== undefined && properties[name]?.trim() === ON_PREMISE;
}

/** What is wrong with the location of a system, by property; empty when nothing is. */
export function locationProblems(properties: Properties): { readonly property: string; readonly message: string }[] {
  const [given, header] = [textOf(properties, LOCATION_PROPERTY), headerOf(properties)];
  const property = given === undefined ? (header?.name ?? LOCATION_PROPERTY) : LOCATION_PROPERTY;
  const location = given ?? header?.value;
  if (location === undefined) return [];
  const name = PROXY_TYPES.find((candidate) => properties[candidate] !== undefined) ?? 'ProxyType';
  if (!isOnPremise(properties))
    return [{ property, message: `a location is for systems with ${name}=${ON_PREMISE}; remove it, or set ${name}` }];
  if (!isLocation(location)) return [{ property, message: `${property} ${LOCATION_RULE}` }];
  if (given === undefined || header === undefined || given === header.value) return [];
  return [{ property: header.name, message: `${header.name} names another location than ${LOCATION_PROPERTY}` }];
}

/** What {@link isLocation} demands, for messages. */
export const LOCATION_RULE = 'must consist of up to 64 letters, digits, hyphens and underscores';

/** True for a text that can be the name of a location: it becomes a part of the name of a queue. */
export function isLocation(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

/** The properties without what names the location: that is for us and not for the system. */
export function withoutLocation(properties: Properties): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !isLocationHeader(name)));
}

function namedLocation(properties: Properties): string | undefined {
  return textOf(properties, LOCATION_PROPERTY) ?? headerOf(properties)?.value;
}

function headerOf(properties: Properties): { readonly name: string; readonly value: string } | undefined {
  const name = Object.keys(properties).find(isLocationHeader);
  const value = name === undefined ? undefined : textOf(properties, name);
  return name === undefined || value === undefined ? undefined : { name, value };
}

function isLocationHeader(name: string): boolean {
  return name.toLowerCase() === LOCATION_HEADER.toLowerCase();
}

function textOf(properties: Properties, name: string): string | undefined {
  const text = properties[name]?.trim();
  return text === undefined || text === '' ? undefined : text;
}
