import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../runtime/config.js';
import { SqlPool } from '../../state/database.js';
import { addRecipient, listRecipients, removeRecipient } from '../../state/notifications/index.js';
import type { NewRecipient, Recipient, RecipientList } from '../../state/notifications/index.js';
import type { Principal } from '../auth/auth.service.js';
import { notFound, ProblemError } from '../common/problem.js';
import { CONFIG, SQL_POOL } from '../infrastructure.js';

/** A distribution list reaches more people than so many addresses. */
const MAX_RECIPIENTS = 100;

/** A list of recipients of one system: of its jobs (NTF-3), or of its certificates (CRT-8). */
export interface ListOfSystem {
  readonly no: number;
  readonly name: string;
  readonly list: RecipientList;
}

/** Who is subscribed to what of a system. */
@Injectable()
export class RecipientListsService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Everybody on a list, in the order they were added. */
  recipients({ no, list }: ListOfSystem): Promise<Recipient[]> {
    return listRecipients(this.pool, no, list);
  }

  /** `missing`: nothing can be sent to anybody. */
  get mailServer(): 'configured' | 'missing' {
    return this.config.mail === undefined ? 'missing' : 'configured';
  }

  /** *Subscribe others*. Problems: `no-mail-server`, `recipient-exists`, `too-many-recipients`. */
  async add(
    { no, name, list }: ListOfSystem,
    body: Omit<NewRecipient, 'addedBy'>,
    caller: Principal,
  ): Promise<Recipient> {
    if (this.config.mail === undefined) {
      throw new ProblemError(
        'no-mail-server',
        'nobody can be notified before a mail server is configured: set MUSTER_SMTP_HOST, MUSTER_MAIL_FROM and MUSTER_PUBLIC_URL for the API and the workers',
      );
    }
    const added = await addRecipient(this.pool, no, list, { ...body, addedBy: caller.userName }, MAX_RECIPIENTS);
    switch (added.kind) {
      case 'added':
        return added.recipient;
      case 'exists': {
        const message = `${name} has a recipient of this address already; remove it first to change it`;
        throw new ProblemError('recipient-exists', message, { errors: [{ pointer: '/email', message }] });
      }
      case 'tooMany':
        throw new ProblemError(
          'too-many-recipients',
          `${name} has ${MAX_RECIPIENTS} recipients: use a distribution list`,
        );
    }
  }

  /** Removes a recipient and what waits for it; problem `not-found`. */
  async remove({ no, list }: ListOfSystem, recipientId: string): Promise<void> {
    if (!(await removeRecipient(this.pool, no, list, recipientId)))
      throw notFound(`such recipient of this ${list === 'jobs' ? 'source' : 'system'}`);
  }
}
