import { usesClientCertificate } from '../../core/certificates/usable.js';
import { isOnPremise, locationProblems } from '../../core/edge/location.js';
import type { PropertyFinding } from '../contract.js';
import { CA_PROPERTY } from '../http/http-settings.js';
import { listProperty, textProperty, type Properties } from '../property-values.js';
import { overrideProblems, parseOverrides, PROFILE_PROPERTY, profileInForce } from './profile-overrides.js';
import { GENERIC_SCIM_2 } from './profile.js';
import { checkFilter } from './scim-filter.js';
import { urlOf } from './scim-settings.js';
import { isKeyPath, splitKeys } from './unique-key.js';

/** A documented property, or value of one, that this version does not act on. */
interface NotBuilt {
  readonly name: string;
  readonly refuses: (value: string) => boolean;
  readonly message: string;
}

const isTrue = (value: string): boolean => value === 'true';

/** Refused with words: a property that is accepted and does nothing would be worse (CONN-CORE-82 is for unknown names). */
const NOT_BUILT: readonly NotBuilt[] = [
  {
    name: 'scim.user.update.instead.delete',
    refuses: isTrue,
    message: 'update instead of delete is not a property of this system type; remove it',
  },
  {
    name: 'scim.api.version',
    refuses: (value) => value !== '2',
    message: 'only SCIM 2.0 is available yet; set it to 2 or remove it',
  },
];

/** Names that are known without being offered: no warning about them. */
export const NOT_OFFERED_NAMES: readonly string[] = NOT_BUILT.map(({ name }) => name);

/** Errors beyond single values. Credentials in `properties` may be any text. */
export function scimErrors(properties: Properties): PropertyFinding[] {
  return [
    ...notBuilt(properties),
    ...locationProblems(properties),
    ...readableErrors(properties),
    ...addressErrors(properties),
    ...credentialErrors(properties),
    ...filterFindings(properties, 'error'),
    ...keyErrors(properties),
    ...csrfErrors(properties),
    ...projectionErrors(properties),
    ...headerValueErrors(properties),
    ...certificateErrors(properties),
    ...profileErrors(properties),
  ];
}

/** What works, but probably not as meant. */
export function scimWarnings(properties: Properties): PropertyFinding[] {
  const warnings = [...filterFindings(properties, 'warning'), ...profileWarnings(properties)];
  const url = urlOf(properties);
  if (textProperty(properties, 'TrustAll') === 'true') {
    warnings.push({ property: 'TrustAll', message: 'the certificate of the server is not checked; for tests only' });
  }
  if (isReadable(url)) {
    warnings.push({ property: 'URL', message: 'without https everything is sent readable, credentials included' });
  }
  if (usesPassword(properties) && textProperty(properties, 'Password') === undefined && hasUser(properties)) {
    warnings.push({ property: 'Password', message: 'Password is not set: requests are sent without credentials' });
  }
  const unused = usesClientCertificate(properties) ? ['User', 'Password', 'AuthType'] : [];
  for (const property of unused) {
    if (textProperty(properties, property) === undefined) continue;
    warnings.push({ property, message: `${property} is not used with ClientCertificateAuthentication; remove it` });
  }
  return warnings;
}

function notBuilt(properties: Properties): PropertyFinding[] {
  return NOT_BUILT.flatMap(({ name, refuses, message }) => {
    const value = textProperty(properties, name);
    return value !== undefined && refuses(value) ? [{ property: name, message }] : [];
  });
}

function addressErrors(properties: Properties): PropertyFinding[] {
  const errors: PropertyFinding[] = [];
  const url = urlOf(properties);
  if (url !== undefined && url.search !== '') {
    errors.push({ property: 'URL', message: 'URL must not hold a query (?); paths are appended to it' });
  }
  for (const name of [
    'scim.base.path',
    'scim.users.path',
    'scim.groups.path',
    'scim.csrf.token.path',
    'csrf.token.path',
  ]) {
    const path = textProperty(properties, name);
    if (path !== undefined && /[\s#]|:\/\/|(^|\/)\.\.?(\/|$)/.test(path)) {
      errors.push({
        property: name,
        message: `${name} must be a path like /Users, without host, blanks and dot steps`,
      });
    }
    if (path?.includes('?') === true && !name.endsWith('csrf.token.path')) {
      errors.push({ property: name, message: `${name} must not hold a query (?)` });
    }
  }
  return errors;
}

function usesPassword(properties: Properties): boolean {
  return (textProperty(properties, 'Authentication') ?? 'BasicAuthentication') === 'BasicAuthentication';
}

function hasUser(properties: Properties): boolean {
  return textProperty(properties, 'User') !== undefined;
}

function credentialErrors(properties: Properties): PropertyFinding[] {
  const tokenUrl = textProperty(properties, 'OAuth2TokenServiceURL');
  if (usesClientCertificate(properties)) return certificateAuthenticationErrors(properties, tokenUrl);
  if (textProperty(properties, 'client_id') !== undefined) {
    const message =
      'client_id belongs to Authentication ClientCertificateAuthentication with OAuth2TokenServiceURL; use User';
    return [{ property: 'client_id', message }];
  }
  if (!usesPassword(properties)) {
    if (tokenUrl === undefined) return [];
    const message =
      'a token URL needs Authentication BasicAuthentication with User and Password as client ID and secret, or ClientCertificateAuthentication with client_id';
    return [{ property: 'OAuth2TokenServiceURL', message }];
  }
  if (hasUser(properties)) return [];
  if (tokenUrl !== undefined)
    return [{ property: 'User', message: 'User (the OAuth client ID) is required with OAuth2TokenServiceURL' }];
  const staticHeader = Object.keys(properties).some((name) => name.toLowerCase() === 'ips.http.header.authorization');
  if (staticHeader) return [];
  return [
    {
      property: 'User',
      message: 'User is required with BasicAuthentication; without credentials set Authentication to NoAuthentication',
    },
  ];
}

/** CONN-SCIM-04: to the token service where there is one, else to the system, and over TLS. */
function certificateAuthenticationErrors(properties: Properties, tokenUrl: string | undefined): PropertyFinding[] {
  // CRT-1, ONP-3.
  if (isOnPremise(properties)) {
    const message =
      'systems on premise have no outbound certificates; use BasicAuthentication, or set ProxyType to Internet';
    return [{ property: 'Authentication', message }];
  }
  const errors: PropertyFinding[] = [];
  const hasClientId = textProperty(properties, 'client_id') !== undefined;
  if (tokenUrl === undefined && hasClientId) {
    const message = 'client_id is for a token URL: set OAuth2TokenServiceURL, or remove it';
    errors.push({ property: 'client_id', message });
  }
  if (tokenUrl !== undefined && !hasClientId) {
    const message =
      'client_id is required with OAuth2TokenServiceURL and ClientCertificateAuthentication: the OAuth client ID';
    errors.push({ property: 'client_id', message });
  }
  const property = tokenUrl === undefined ? 'URL' : 'OAuth2TokenServiceURL';
  if (/^http:/i.test(textProperty(properties, property) ?? '')) {
    errors.push({
      property,
      message: `${property} must begin with https://: a client certificate is shown in TLS only`,
    });
  }
  return errors;
}

function filterFindings(properties: Properties, severity: 'error' | 'warning'): PropertyFinding[] {
  return ['scim.user.filter', 'scim.group.filter'].flatMap((name) => {
    const filter = textProperty(properties, name);
    const problem = filter === undefined ? undefined : checkFilter(filter);
    return problem?.severity === severity ? [{ property: name, message: `${name}: ${problem.message}` }] : [];
  });
}

function keyErrors(properties: Properties): PropertyFinding[] {
  return ['scim.user.unique.attribute', 'scim.group.unique.attribute'].flatMap((name) => {
    const text = textProperty(properties, name);
    const wrong = text === undefined ? undefined : splitKeys(text).find((key) => !isKeyPath(key));
    return wrong === undefined ? [] : [{ property: name, message: `${name}: "${wrong}" is not an attribute path` }];
  });
}

function profileErrors(properties: Properties): PropertyFinding[] {
  const text = textProperty(properties, PROFILE_PROPERTY);
  if (text === undefined) return [];
  const overrides = parseOverrides(text);
  if (overrides === undefined) {
    return [{ property: PROFILE_PROPERTY, message: `${PROFILE_PROPERTY} must be a JSON object` }];
  }
  return overrideProblems(overrides).map(({ pointer, message }) => ({
    property: PROFILE_PROPERTY,
    message: `${PROFILE_PROPERTY}${pointer}: ${message}`,
  }));
}

/** What the profile says that the server cannot do, and the properties want all the same. */
function profileWarnings(properties: Properties): PropertyFinding[] {
  const profile = profileInForce(GENERIC_SCIM_2, properties);
  const warnings: PropertyFinding[] = [];
  const filters = ['scim.user.filter', 'scim.group.filter'].filter(
    (name) => textProperty(properties, name) !== undefined,
  );
  if (profile.filter === 'none') {
    warnings.push(
      ...filters.map((property) => ({ property, message: 'the profile says that the server does not filter' })),
    );
  }
  if (!profile.sort && textProperty(properties, 'scim.sort.by') !== undefined) {
    warnings.push({ property: 'scim.sort.by', message: 'the profile says that the server does not sort' });
  }
  return warnings;
}

function csrfErrors(properties: Properties): PropertyFinding[] {
  if (textProperty(properties, 'scim.api.csrf.protection') !== 'enabled') return [];
  const path = textProperty(properties, 'scim.csrf.token.path') ?? textProperty(properties, 'csrf.token.path');
  if (path !== undefined) return [];
  return [
    {
      property: 'scim.csrf.token.path',
      message: 'scim.csrf.token.path is required with scim.api.csrf.protection enabled',
    },
  ];
}

function projectionErrors(properties: Properties): PropertyFinding[] {
  const both = ['scim.read.attributes', 'scim.read.excluded.attributes'].every(
    (name) => listProperty(properties, name).length > 0,
  );
  if (!both) return [];
  return [
    {
      property: 'scim.read.excluded.attributes',
      message: 'scim.read.attributes is set as well; only one of them can be sent',
    },
  ];
}

function headerValueErrors(properties: Properties): PropertyFinding[] {
  const type = textProperty(properties, 'scim.content.type');
  if (type === undefined || /^[\w.+-]+\/[\w.+-]+(\s*;\s*[\w-]+=[\w.-]+)*$/.test(type)) return [];
  return [
    { property: 'scim.content.type', message: 'scim.content.type must be a media type like application/scim+json' },
  ];
}

function certificateErrors(properties: Properties): PropertyFinding[] {
  const ca = textProperty(properties, CA_PROPERTY);
  if (ca === undefined || /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(ca)) return [];
  return [{ property: CA_PROPERTY, message: `${CA_PROPERTY} must hold PEM text (-----BEGIN CERTIFICATE-----)` }];
}

/** ONP-3: nobody's password goes readable over the Internet. */
function readableErrors(properties: Properties): PropertyFinding[] {
  // What needs TLS for its own sake has a message of its own.
  if (isOnPremise(properties) || usesClientCertificate(properties)) return [];
  return ['URL', 'OAuth2TokenServiceURL'].flatMap((property) => {
    const text = textProperty(properties, property);
    if (text === undefined || !URL.canParse(text) || !isReadable(new URL(text))) return [];
    const message = `${property} must begin with https://; http:// is for systems in a private network (ProxyType OnPremise)`;
    return [{ property, message }];
  });
}

function isReadable(url: URL | undefined): boolean {
  return url?.protocol === 'http:' && !isLoopback(url.hostname);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
