import { Inject, Injectable } from '@nestjs/common';
import { subjectOf } from '../../core/notifications/mail-text.js';
import { TOPICS } from '../../core/notifications/topics.js';
import { SqlPool } from '../../state/database.js';
import { countUndeliverable, listMails, readStreak } from '../../state/notifications/index.js';
import type { MailView, Recipient } from '../../state/notifications/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant, optionalInstant } from '../common/paging.schemas.js';
import { ProblemError } from '../common/problem.js';
import { SQL_POOL } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { RecipientListsService } from './recipient-lists.service.js';
import type { ListOfSystem } from './recipient-lists.service.js';
import type {
  AddRecipient,
  NotificationsQuery,
  NotificationsView,
  RecipientList,
  RecipientView,
} from './notifications.schemas.js';

/** Who is told of the jobs of a source, and what was told (NTF rules, GOV-7). */
@Injectable()
export class NotificationsService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(RecipientListsService) private readonly lists: RecipientListsService,
  ) {}

  /** Recipients of a source (NTF-3). */
  async recipients(systemId: string): Promise<RecipientList> {
    const items = await this.lists.recipients(await this.#jobsOf(systemId));
    return { items: items.map(toRecipient), mailServer: this.lists.mailServer };
  }

  /** *Subscribe others*. */
  async add(systemId: string, body: AddRecipient, caller: Principal): Promise<RecipientView> {
    return toRecipient(await this.lists.add(await this.#jobsOf(systemId), body, caller));
  }

  /** Removes a recipient and what waits for it. */
  async remove(systemId: string, recipientId: string): Promise<void> {
    await this.lists.remove(await this.#jobsOf(systemId), recipientId);
  }

  /** The streak of a source and its mails (NTF-11, NTF-20). */
  async read(systemId: string, { limit }: NotificationsQuery): Promise<NotificationsView> {
    const { no } = await this.#jobsOf(systemId);
    const { failingSince, ...streak } = await readStreak(this.pool, no);
    return {
      ...streak,
      failingSince: optionalInstant(failingSince),
      undeliverable: await countUndeliverable(this.pool, no, 'jobs'),
      mails: (await listMails(this.pool, no, limit)).map(toMail),
    };
  }

  async #jobsOf(systemId: string): Promise<ListOfSystem> {
    const { no, role, name } = await this.systems.require(systemId);
    if (role !== 'source')
      throw new ProblemError('not-found', `${name} is not a source: notifications belong to the sources that feed it`);
    return { no, name, list: 'jobs' };
  }
}

function toRecipient({ topics, addedAt, ...recipient }: Recipient): RecipientView {
  return { ...recipient, topics: TOPICS.filter((topic) => topics.includes(topic)), addedAt: isoInstant(addedAt) };
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
