import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { ldifOf } from '../../simulators/directories/ldif.js';
import type { SambaDc } from '../../simulators/directories/samba.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import { describeSamba, startTestSamba } from '../support/directories.js';
import { TestEngine, withGroups, type FinishedJob, type TestSystem } from '../support/engine.js';
import { sized } from '../support/sizes.js';
import { group as scimGroup, person as scimPerson, summary } from '../support/world.js';
import { groupLine } from './support/company.js';

const EMPLOYEES = sized(60, 2_000);
const GROUPS = sized(8, 30);
/** People who join late and have an account already. */
const LATE = sized(20, 3_000);
const LIMIT_MS = sized(120_000, 480_000);

const BASE = 'DC=example,DC=test';
const PEOPLE = `OU=People,${BASE}`;
const TEAMS = `OU=Groups,${BASE}`;
const ENABLED = '512';
const ENABLED_WITHOUT_PASSWORD = '544';

/* Accounts are named by the user name and lie in a unit; the principal name is unique in the domain and follows the mail address. */
describeSamba('a whole life: a SCIM system to Active Directory', () => {
  let dc: SambaDc;
  let hr: ScimSimulator;
  let engine: TestEngine;
  let source: TestSystem;

  beforeAll(async () => {
    const unit = (dn: string) => [dn, { objectClass: 'organizationalUnit' }] as const;
    const units = [PEOPLE, TEAMS, `OU=One,${PEOPLE}`, `OU=Two,${PEOPLE}`].map(unit);
    dc = await startTestSamba({ ldif: ldifOf([...units, ...late().map(accountOf)]) });
    hr = await startScimSimulator();
    for (const id of ids('e', EMPLOYEES)) hr.store.add('User', employee(id));
    for (let n = 0; n < GROUPS - 1; n++)
      hr.store.add(
        'Group',
        team(
          `g${n}`,
          ids('e', EMPLOYEES).filter((_, index) => index % GROUPS === n),
        ),
      );
    hr.store.add('Group', team('nesting', ['e0003'], ['g0', 'g1']));
    engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
    source = await engine.addSource('HR', hr.url);
    await engine.addTarget('Domain', dc.tlsUrl, {
      typeName: 'Microsoft Active Directory',
      properties: {
        'ldap.user': dc.administrator,
        'ldap.user.path': PEOPLE,
        'ldap.group.path': TEAMS,
        'ldap.attribute.user.id': 'distinguishedName',
        'ips.tls.ca.certificates': dc.authority,
        // Groups are filled and emptied at once here.
        'ips.governor.group.members.percent': 'off',
      },
      secrets: { 'ldap.password': dc.password },
      transformation: accountsByNameAndUnit(),
    });
  }, LIMIT_MS);
  afterAll(async () => {
    await engine?.stop();
    await hr?.stop();
    await dc?.stop();
  });

  const update = (id: string, changes: JsonObject): void => hr.store.update('User', id, changes);
  const setMembers = (name: string, people: Iterable<string>, teams: Iterable<string> = []): void =>
    hr.store.update('Group', name, { members: membersOf(people, teams) });

  /** What the domain has to be, made of what the source is without the connector; what it is, told by OpenLDAP's own client. */
  const compare = (): void => {
    const { users, groups } = hr.store.snapshot();
    const attributes = ['cn', 'distinguishedName', 'sAMAccountName', 'displayName', 'mail', 'userPrincipalName'];
    const accounts = dc
      .search(PEOPLE, '(objectClass=user)', [...attributes, 'userAccountControl'])
      .map((one) => [...attributes, 'userAccountControl'].map((name) => one[name.toLowerCase()]?.join()).join(' '));
    const joined = new Set(users.map(({ id }) => id));
    // Accounts of those whom the source does not have yet are nobody's business.
    const others = late().filter(({ id }) => !joined.has(id));
    const wanted = [...users, ...others].map(({ id, userName, title, displayName, emails }) => {
      const mail = mailOf(emails);
      const state = String(id).startsWith('late') ? ENABLED_WITHOUT_PASSWORD : ENABLED;
      const name = String(userName);
      return [name, `CN=${name},OU=${String(title)},${PEOPLE}`, name, displayName, mail, mail, state].join(' ');
    });
    expect(accounts.sort()).toEqual(wanted.sort());
    const names = new Map([
      ...users.map(({ id, userName }) => [id, String(userName)] as const),
      ...groups.map(({ id, displayName }) => [id, String(displayName)] as const),
    ]);
    const teams = groups.map(({ displayName, members }) =>
      groupLine(
        String(displayName),
        (Array.isArray(members) ? members : []).map((one) =>
          isJsonObject(one) ? (names.get(one['value'] ?? null) ?? '') : '',
        ),
      ),
    );
    const there = dc.search(TEAMS, '(objectClass=group)', ['cn', 'member']).map((one) =>
      groupLine(
        one['cn']?.[0] ?? '',
        (one['member'] ?? []).map((dn) => /^CN=([^,]*)/.exec(dn)?.[1] ?? dn),
      ),
    );
    expect(there.sort()).toEqual(teams.sort());
  };

  /** Runs a job, compares, and runs another one that must find nothing. */
  const settle = async (): Promise<FinishedJob> => {
    const finished = await engine.runJob(source);
    const { results } = await listResults(engine.pool, finished.job.runKey, { limit: 20 });
    expect([finished.job.status, results.flatMap(({ message }) => message ?? [])]).toEqual(['Success', []]);
    compare();
    const again = summary((await engine.runJob(source)).statistics);
    expect([again['Domain user'] ?? '', again['Domain group'] ?? '']).toEqual(['', '']);
    return finished;
  };
  const guidOf = (name: string): string | undefined =>
    dc.search(PEOPLE, `(sAMAccountName=${name})`, ['objectGUID'])[0]?.['objectguid']?.[0];

  it(
    'CONN-AD-33: accounts are made disabled with a password, and enabled; groups are made with their members, groups among them',
    async () => {
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({
        'Domain user': `created ${EMPLOYEES}`,
        'Domain group': `created ${GROUPS}`,
      });
    },
    LIMIT_MS,
  );

  it(
    'CHG-1, CONN-LDAP-77: somebody joins, some change, some get another name, some move to another unit; their groups follow',
    async () => {
      hr.store.add('User', employee('joiner'));
      update('e0005', { displayName: 'Employee Änne "x"' });
      update('e0000', { userName: 'e0000-Müller', displayName: 'Employee Müller' });
      update('e0001', { title: 'Two' });
      update('e0004', { userName: 'e0004-both', title: 'Two' });
      setMembers('g1', ['e0001', 'e0004', 'joiner'], ['g2']);
      const kept = ['e0000', 'e0001', 'e0004'].map(guidOf);
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({ 'Domain user': 'created 1, updated 4' });
      expect(['e0000-Müller', 'e0001', 'e0004-both'].map(guidOf)).toEqual(kept);
    },
    LIMIT_MS,
  );

  it(
    'DEL-23: some leave, and are in no group any more; one comes back under the same identifier',
    async () => {
      const before = guidOf('e0008');
      for (const id of ['e0008', 'e0009']) {
        hr.store.remove('User', id);
        for (const name of ['g0', 'g1']) leaveGroup(hr, name, id);
      }
      expect(summary((await settle()).statistics)).toMatchObject({ 'Domain user': 'deleted 2' });
      hr.store.add('User', employee('e0008'));
      expect(summary((await settle()).statistics)).toMatchObject({ 'Domain user': 'created 1' });
      expect(guidOf('e0008')).not.toBe(before);
    },
    LIMIT_MS,
  );

  it(
    'CNF-1, LNK-1: somebody is re-created with a new identifier: the account is taken over, and stays in its groups',
    async () => {
      const account = guidOf('e0010');
      expect(account).toBeDefined();
      hr.store.remove('User', 'e0010');
      hr.store.add('User', { ...employee('e0010'), id: 'e0010-anew' });
      setMembers('g2', ['e0010-anew', 'e0011']);
      await settle();
      expect(guidOf('e0010')).toBe(account);
    },
    LIMIT_MS,
  );

  it(
    'CNF-10: two people swap their mail addresses, and with them what is unique in the domain',
    async () => {
      const [left, right] = [address('e0012'), address('e0013')];
      update('e0012', { emails: right });
      update('e0013', { emails: left });
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({ 'Domain user': 'updated 2' });
    },
    LIMIT_MS,
  );

  it(
    'WRT-7, CNF-1, CONN-LDAP-81: those who have accounts already join; everybody is in one group, which is in another; then nobody is',
    async () => {
      for (const person of late()) hr.store.add('User', person);
      hr.store.add(
        'Group',
        team(
          'everybody',
          hr.store.list('User').map(({ id }) => String(id)),
        ),
      );
      setMembers('nesting', ['e0003'], ['g0', 'everybody']);
      await settle();
      const [first] = dc.search(TEAMS, '(cn=everybody)', ['member']);
      expect(first?.['member']).toHaveLength(EMPLOYEES + LATE);
      setMembers('everybody', ['e0003']);
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'CONN-CORE-53, CONN-AD-33, RTY-5: a create that stops between its two requests is found, completed, and counts as created',
    async () => {
      hr.store.add('User', employee('half'));
      const { runKey } = await engine.request(source);
      let writes = 0;
      const dying = engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          open: (context) => {
            const connector = factory.open(context);
            return {
              ...connector,
              create: (type, body, options) =>
                connector.create(type, body, {
                  ...options,
                  beforeWrite: () => {
                    options.beforeWrite?.();
                    if (++writes === 2) throw new Error('the process dies here');
                  },
                }),
            };
          },
        }),
      });
      await dying.activities.openRun({ runKey });
      await engine.readAll(runKey, ['user', 'group'], dying.activities);
      await dying.activities.drainChunk({ runKey, targetNo: 2, type: 'user', late: false }).catch(() => undefined);
      await dying.activities.close();
      const half = (): string[] | undefined =>
        dc.search(PEOPLE, '(cn=half)', ['userAccountControl'])[0]?.['useraccountcontrol'];
      expect(half()).toEqual(['514']);
      // The lease of the process that died is over.
      await engine.pool.query(
        `update backlog set lease_until = now() - interval '10 minutes' where lease_until is not null`,
      );
      await engine.workThrough(runKey);
      expect(half()).toEqual(['512']);
      await settle();
      // Only who counts as created by us is deleted when the person leaves.
      hr.store.remove('User', 'half');
      await settle();
      expect(half()).toBeUndefined();
    },
    LIMIT_MS,
  );
});

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`);
}

/** Not the name before the domain: a principal name that is another account's name in the domain is that account's. */
function address(id: string): JsonValue {
  return [{ value: `mail.${id}@example.test`, primary: true }];
}

function employee(id: string): JsonObject {
  return scimPerson(id, { userName: id, title: 'One', displayName: `Employee ${id}`, emails: address(id) });
}

function late(): JsonObject[] {
  return ids('late', LATE).map(employee);
}

/** The account of somebody, as an administrator has made it. */
function accountOf({ userName, title, displayName, emails, name }: JsonObject) {
  const { givenName, familyName } = isJsonObject(name) ? name : {};
  const mail = String(mailOf(emails));
  return [
    `CN=${String(userName)},OU=${String(title)},${PEOPLE}`,
    {
      objectClass: 'user',
      sAMAccountName: String(userName),
      userPrincipalName: mail,
      userAccountControl: ENABLED_WITHOUT_PASSWORD,
      displayName: String(displayName),
      mail,
      givenName: String(givenName),
      sn: String(familyName),
    },
  ] as const;
}

function team(name: string, people: Iterable<string>, teams: Iterable<string> = []): JsonObject {
  return { ...scimGroup(name, []), displayName: name, members: membersOf(people, teams) };
}

function membersOf(people: Iterable<string>, teams: Iterable<string>): JsonObject[] {
  return [
    ...Array.from(people, (value) => ({ value, type: 'User' })),
    ...Array.from(teams, (value) => ({ value, type: 'Group' })),
  ];
}

function leaveGroup({ store }: ScimSimulator, name: string, id: string): void {
  const members = store.get('Group', name)?.['members'];
  const rest = (Array.isArray(members) ? members : []).filter((one) => isJsonObject(one) && one['value'] !== id);
  store.update('Group', name, { members: rest });
}

function mailOf(emails: JsonValue | undefined): JsonValue | undefined {
  const [email] = Array.isArray(emails) ? emails : [];
  return isJsonObject(email) ? email['value'] : undefined;
}

/**
 * The default transformation with a DN of name and unit, a principal name, a password, and an account that is enabled; the last two are
 * set by the create only.
 */
function accountsByNameAndUnit(): JsonObject {
  const document = withGroups('target', 'Microsoft Active Directory');
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const mappings = Array.isArray(user['mappings']) ? user['mappings'] : [];
  const own = [
    { sourcePath: '$.title', targetVariable: 'unit' },
    {
      sourcePath: '$.userName',
      targetPath: '$.distinguishedName',
      functions: [{ type: 'concatString', prefix: 'CN=', suffix: `,OU=\${unit},${PEOPLE}` }],
    },
    { sourcePath: '$.emails[0].value', targetPath: '$.userPrincipalName' },
    { constant: 'Initial-Passw0rd', targetPath: '$.unicodePwd', scope: 'createEntity' },
    { constant: ENABLED, targetPath: '$.userAccountControl', scope: 'createEntity' },
  ];
  const kept = mappings.filter((one) => !/distinguishedName|nestedPath|\$\.cn"/.test(JSON.stringify(one)));
  return { ...document, user: { ...user, mappings: [...kept, ...own] } };
}
