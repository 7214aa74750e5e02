import { Inject, Injectable } from '@nestjs/common';
import { subjectOf } from '../../core/notifications/mail-text.js';
import type { Config } from '../../runtime/config.js';
import { SqlPool } from '../../state/database.js';
import {
  addRecipient,
  countUndeliverable,
  listMails,
  listRecipients,
  readStreak,
  removeRecipient,
} from '../../state/notifications/index.js';
import type { MailView, Recipient } from '../../state/notifications/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant, optionalInstant } from '../common/paging.schemas.js';
import { notFound, ProblemError } from '../common/problem.js';
import { CONFIG, SQL_POOL } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import type {
  AddRecipient,
  NotificationsQuery,
  NotificationsView,
  RecipientList,
  RecipientView,
} from './notifications.schemas.js';

/** A distribution list reaches more people than so many addresses. */
const MAX_RECIPIENTS = 100;

/** Who is told of the jobs of a source, and what was told (NTF rules, GOV-7). */
@Injectable()
export class NotificationsService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Recipients of a source (NTF-3). */
  async recipients(systemId: string): Promise<RecipientList> {
    const { no } = await this.#requireSource(systemId);
    const items = (await listRecipients(this.pool, no)).map(toRecipient);
    return { items, mailServer: this.config.mail === undefined ? 'missing' : 'configured' };
  }

  /** *Subscribe others*. Problems: `no-mail-server`, `recipient-exists`, `too-many-recipients`. */
  async add(systemId: string, body: AddRecipient, caller: Principal): Promise<RecipientView> {
    const { no, name } = await this.#requireSource(systemId);
    if (this.config.mail === undefined) {
      throw new ProblemError(
        'no-mail-server',
        'nobody can be notified before a mail server is configured: set MUSTER_SMTP_HOST, MUSTER_MAIL_FROM and MUSTER_PUBLIC_URL for the API and the workers',
      );
    }
    const added = await addRecipient(this.pool, no, { ...body, addedBy: caller.userName }, MAX_RECIPIENTS);
    switch (added.kind) {
      case 'added':
        return toRecipient(added.recipient);
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

  /** Removes a recipient and what waits for it. */
  async remove(systemId: string, recipientId: string): Promise<void> {
    const { no } = await this.#requireSource(systemId);
    if (!(await removeRecipient(this.pool, no, recipientId))) throw notFound('such recipient of this source');
  }

  /** The streak of a source and its mails (NTF-11, NTF-20). */
  async read(systemId: string, { limit }: NotificationsQuery): Promise<NotificationsView> {
    const { no } = await this.#requireSource(systemId);
    const { failingSince, ...streak } = await readStreak(this.pool, no);
    return {
      ...streak,
      failingSince: optionalInstant(failingSince),
      undeliverable: await countUndeliverable(this.pool, no),
      mails: (await listMails(this.pool, no, limit)).map(toMail),
    };
  }

  async #requireSource(systemId: string): Promise<{ readonly no: number; readonly name: string }> {
    const { no, role, name } = await this.systems.require(systemId);
    if (role !== 'source')
      throw new ProblemError('not-found', `${name} is not a source: notifications belong to the sources that feed it`);
    return { no, name };
  }
}

function toRecipient({ topics, addedAt, ...recipient }: Recipient): RecipientView {
  return { ...recipient, topics: [...topics], addedAt: isoInstant(addedAt) };
}

function toMail({
  sourceName,
  name,
  email,
  at,
  nextAttemptAt,
  endedAt,
  ...mail
}: MailView): NotificationsView['mails'][number] {
  return {
    ...mail,
    subject: subjectOf(mail.kind, sourceName),
    at: isoInstant(at),
    to: { name, email },
    nextAttemptAt: optionalInstant(nextAttemptAt),
    endedAt: optionalInstant(endedAt),
  };
}
