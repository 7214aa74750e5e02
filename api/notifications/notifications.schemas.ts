import { z } from 'zod';
import { DEFAULT_TOPICS, TOPICS } from '../../core/notifications/topics.js';
import { instant, limitParameter } from '../common/paging.schemas.js';

/** Longest address that SMTP can carry. */
const MAX_EMAIL = 254;

const topics = z
  .array(z.enum(TOPICS))
  .min(1)
  .max(TOPICS.length)
  .refine((list) => new Set(list).size === list.length, { error: 'names a topic twice' })
  .describe(
    'jobs: failures and their end; held: changes that wait for approval; reminder: weekly, that jobs still fail',
  );

const email = z
  .string()
  .trim()
  .max(MAX_EMAIL)
  .regex(z.regexes.html5Email, 'must be one e-mail address like team@example.com, in ASCII')
  .describe('Of a person or a distribution list; unique for the source in any case');

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters')
  .describe('Display name');

export const recipientParameter = z.guid({ error: 'must be the id (UUID) of a recipient' });

export const addRecipientBody = z.strictObject({ name, email, topics: topics.default([...DEFAULT_TOPICS]) });
export type AddRecipient = z.infer<typeof addRecipientBody>;

export const recipientView = z.object({
  id: z.guid(),
  name: z.string(),
  email: z.string(),
  topics: z.array(z.enum(TOPICS)),
  addedBy: z.string(),
  addedAt: instant,
});
export type RecipientView = z.infer<typeof recipientView>;

export const recipientList = z.object({
  items: z.array(recipientView),
  mailServer: z.enum(['configured', 'missing']).describe('missing: nothing can be sent to anybody'),
});
export type RecipientList = z.infer<typeof recipientList>;

export const notificationsQuery = z.strictObject({ limit: limitParameter });
export type NotificationsQuery = z.infer<typeof notificationsQuery>;

export const notificationsView = z.object({
  failedJobs: z.int().describe('In a row; 0 after a success'),
  failingSince: instant.nullable().describe('End of the first of them'),
  failedJob: z.string().nullable().describe('The last of them'),
  intermediateSent: z
    .boolean()
    .describe('An intermediate mail was due in this streak, whether or not anybody was subscribed'),
  failureSent: z.boolean().describe('The same of a failure mail'),
  undeliverable: z.int().describe('Mails of the last 30 days that could not be delivered'),
  mails: z
    .array(
      z.object({
        kind: z.enum(['intermediate', 'failure', 'recovery', 'held', 'reminder']),
        subject: z.string(),
        jobId: z.string(),
        at: instant.describe('When its occasion was'),
        to: z.object({ name: z.string(), email: z.string() }),
        state: z
          .enum(['waiting', 'sending', 'sent', 'undeliverable'])
          .describe('waiting: until nextAttemptAt; undeliverable: not tried again, error says why'),
        attempts: z.int(),
        nextAttemptAt: instant.nullable(),
        endedAt: instant.nullable(),
        error: z.string().nullable().describe('Why the last attempt failed'),
      }),
    )
    .describe('Of the last 30 days: first what could not be delivered, then the newest'),
});
export type NotificationsView = z.infer<typeof notificationsView>;
