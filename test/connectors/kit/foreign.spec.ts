import { startBetterAuthScim, startScimmy, type ForeignScimServer } from '../../support/foreign-scim.js';
import { openScim } from '../support/scim.js';
import { describeConformance } from './kit.js';
import { EVERYTHING, type Subject } from './subject.js';

function subjectOf(server: ForeignScimServer): Subject {
  const { auth } = server;
  const withAuth =
    auth.kind === 'basic'
      ? {
          properties: { Authentication: 'BasicAuthentication', User: auth.user },
          secrets: { Password: auth.password },
        }
      : { properties: {}, secrets: { 'ips.http.header.authorization': `Bearer ${auth.token}` } };
  return {
    open: (more = {}) =>
      openScim(server.url, { ...withAuth, properties: { ...withAuth.properties, 'scim.discovery': 'auto', ...more } }),
    userInSystem: async (id) => (await server.snapshot()).users.find((user) => user['id'] === id),
    writeCount: () => undefined,
    stop: () => server.stop(),
  };
}

describeConformance({
  ...EVERYTHING,
  unescapesFilters: false,
  membersAreSet: false,
  name: 'scimmy',
  start: async () => subjectOf(await startScimmy()),
});
describeConformance({
  ...EVERYTHING,
  name: 'better-auth',
  start: async () => subjectOf(await startBetterAuthScim()),
});
