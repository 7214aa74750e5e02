import { Client, type Entry } from 'ldapts';
import type { JsonObject } from '../../core/json.js';

/** What a raw loop reads a directory with. */
export interface RawLdapOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly base: string;
  readonly pageSizeEntities: number;
}

/** What the connector asks for with the default properties. */
const ATTRIBUTES = ['*', 'uid', 'memberOf', 'entryUUID', 'modifyTimestamp', 'objectClass'];
const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** Just enough LDAP for a raw loop: the paged search of ldapts and the default mapping by hand. */
export class RawLdap {
  private constructor(
    private readonly client: Client,
    private readonly options: RawLdapOptions,
  ) {}

  /** Connects and binds. */
  static async open(options: RawLdapOptions): Promise<RawLdap> {
    const client = new Client({ url: options.url });
    await client.bind(options.user, options.password);
    return new RawLdap(client, options);
  }

  /** Reads everybody; how many there are. */
  async readAll(): Promise<number> {
    const { base, pageSizeEntities } = this.options;
    const filter = '(objectClass=inetOrgPerson)';
    const pages = this.client.searchPaginated(base, {
      scope: 'sub',
      filter,
      attributes: ATTRIBUTES,
      paged: { pageSize: pageSizeEntities },
    });
    let mapped = 0;
    for await (const { searchEntries } of pages) mapped += searchEntries.map(commonOf).length;
    return mapped;
  }

  async close(): Promise<void> {
    await this.client.unbind();
  }
}

/** The default read transformation of LDAP users by hand. */
export function commonOf(entry: Entry): JsonObject {
  const text = (name: string): string | undefined => {
    const value = entry[name];
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? undefined : String(first);
  };
  const [mail, given, family] = [text('mail'), text('givenName'), text('sn')];
  const phones = (
    [
      ['mobile', text('mobile')],
      ['work', text('telephoneNumber')],
    ] as const
  ).flatMap(([type, value]) => (value === undefined ? [] : [{ type, value }]));
  return {
    userName: text('uid') ?? '',
    ...(mail !== undefined && { emails: [{ value: mail }] }),
    name: { ...(given !== undefined && { givenName: given }), ...(family !== undefined && { familyName: family }) },
    ...(phones.length > 0 && { phoneNumbers: phones }),
    schemas: [USER_SCHEMA],
  };
}
