import type { CERTIFICATE_TOPIC, Topic } from '../../core/notifications/topics.js';
import type { Sql, SqlPool } from '../database.js';

/** What recipients are subscribed to: the jobs of a source (NTF-3), or the certificates of a system (CRT-8). */
export type RecipientList = 'jobs' | 'certificates';

/** Somebody who is told of something. */
export interface Recipient {
  readonly id: string;
  /** Of a person or a distribution list. */
  readonly name: string;
  readonly email: string;
  readonly topics: readonly (Topic | typeof CERTIFICATE_TOPIC)[];
  readonly addedBy: string;
  readonly addedAt: Date;
}

/** Who is to be added. */
export type NewRecipient = Pick<Recipient, 'name' | 'email' | 'topics' | 'addedBy'>;

const RECIPIENT = 'id, name, email, topics, added_by as "addedBy", added_at as "addedAt"';

/** Recipients of a list of a system, in the order they were added. */
export async function listRecipients(sql: Sql, systemNo: number, list: RecipientList): Promise<Recipient[]> {
  return sql.query<Recipient>(
    `select ${RECIPIENT} from notification_recipient where system_no = $1 and list = $2 order by recipient_no`,
    [systemNo, list],
  );
}

/** What became of {@link addRecipient}. */
export type AddedRecipient =
  { readonly kind: 'added'; readonly recipient: Recipient } | { readonly kind: 'exists' | 'tooMany' };

/**
 * Adds a recipient. `exists`: the list has one of this address, in any case; `tooMany`: it has `limit` already. The row of the system is held,
 * so that it cannot be deleted meanwhile and two requests count one after the other.
 */
export async function addRecipient(
  pool: SqlPool,
  systemNo: number,
  list: RecipientList,
  recipient: NewRecipient,
  limit: number,
): Promise<AddedRecipient> {
  return pool.transaction(async (sql) => {
    await sql.query('select no from system where no = $1 for no key update', [systemNo]);
    const [known] = await sql.query<{ count: number }>(
      'select count(*)::int as count from notification_recipient where system_no = $1 and list = $2',
      [systemNo, list],
    );
    if ((known?.count ?? 0) >= limit) return { kind: 'tooMany' };
    const [added] = await sql.query<Recipient>(
      `insert into notification_recipient (system_no, list, name, email, topics, added_by)
       select no, $2, $3, $4, $5, $6 from system where no = $1
       on conflict (system_no, list, lower(email)) do nothing returning ${RECIPIENT}`,
      [systemNo, list, recipient.name, recipient.email, recipient.topics, recipient.addedBy],
    );
    return added === undefined ? { kind: 'exists' } : { kind: 'added', recipient: added };
  });
}

/** Removes a recipient with all mails to it; one that is being sent may still arrive. False: the list has none of this id. */
export async function removeRecipient(
  pool: SqlPool,
  systemNo: number,
  list: RecipientList,
  id: string,
): Promise<boolean> {
  return pool.transaction(async (sql) => {
    const [removed] = await sql.query<{ no: number }>(
      'delete from notification_recipient where system_no = $1 and list = $2 and id = $3 returning recipient_no as no',
      [systemNo, list, id],
    );
    if (removed === undefined) return false;
    await sql.query('delete from mail where recipient_no = $1', [removed.no]);
    return true;
  });
}
