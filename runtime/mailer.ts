import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { MailSettings } from './mail-settings.js';

/** One message to one recipient. */
export interface OutgoingMail {
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Without angle brackets; the same for every attempt, so that a mailbox can tell a message that came twice. */
  readonly messageId: string;
  readonly date: Date;
}

/**
 * What came of an attempt. `refused`: the server has surely not taken the message; `isServerAway`: nor would it take another one now. `uncertain`: it
 * had all of the message when the connection broke, and may have taken it.
 */
export type MailAnswer =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly reason: string; readonly isServerAway: boolean }
  | { readonly kind: 'uncertain'; readonly reason: string };

/** Sends mails; an attempt takes a minute at most. */
export interface Mailer {
  /** Where administrators reach the API. */
  readonly publicUrl: string;
  /** Never throws: what goes wrong is an answer. */
  send(mail: OutgoingMail): Promise<MailAnswer>;
}

/** Waiting for a connection, for a greeting, for each answer after that, and for all of it. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const ATTEMPT_MS = 60_000;

/**
 * Sends by SMTP, each message over a connection of its own: they are few, and a broken connection then concerns one of them. Tests shorten the
 * time of an attempt.
 */
export function createMailer(settings: MailSettings, attemptMs = ATTEMPT_MS): Mailer {
  return {
    publicUrl: settings.publicUrl,
    async send(mail) {
      let isHandedOver = false;
      try {
        const transport = createTransport({
          host: settings.host,
          port: settings.port,
          secure: settings.tls === 'tls',
          requireTLS: settings.tls === 'starttls',
          ignoreTLS: settings.tls === 'none',
          connectionTimeout: CONNECT_MS,
          greetingTimeout: CONNECT_MS,
          dnsTimeout: CONNECT_MS,
          socketTimeout: ANSWER_MS,
          disableFileAccess: true,
          disableUrlAccess: true,
          ...(settings.caFile !== undefined && { tls: { ca: await readFile(settings.caFile) } }),
          ...(settings.user !== undefined && { auth: { user: settings.user, pass: settings.password } }),
        });
        transport.use('stream', ({ message }, done) => {
          // Read when the server is ready for it, and not before. Until its last byte has left, no server can have taken the message.
          message.processFunc((input) => Readable.from(untilEnd(input, () => (isHandedOver = true))));
          done();
        });
        await transport.sendMail({
          envelope: { from: settings.from.address, to: mail.to.address },
          raw: await compose(settings, mail),
          signal: AbortSignal.timeout(attemptMs),
        });
        return { kind: 'sent' };
      } catch (error) {
        return answerOf(error, isHandedOver);
      }
    },
  };
}

/** The message as it is sent. Before there is a connection: what fails while a socket is listened to would end the process. */
function compose(settings: MailSettings, mail: OutgoingMail): Promise<Buffer> {
  const composer = new MailComposer({
    // Copies: they are written to.
    from: { ...settings.from },
    to: { ...mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.messageId}>`,
    date: mail.date,
    // No robot answers to it (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
  });
  return composer.compile().build();
}

async function* untilEnd(input: Readable, onEnd: () => void): AsyncGenerator<unknown> {
  yield* input;
  onEnd();
}

/** The codes that concern one message only; after any other the next one would fail as well. */
const ABOUT_THIS_MESSAGE = ['EENVELOPE', 'EMESSAGE'];

function answerOf(error: unknown, isHandedOver: boolean): MailAnswer {
  const reason = field(error, 'code') === 'EABORT' ? 'the mail server took too long' : reasonOf(error);
  const hasAnswered = field(error, 'responseCode') !== undefined;
  if (isHandedOver && !hasAnswered)
    return { kind: 'uncertain', reason: `${reason}: it may have arrived, and is not sent twice` };
  return { kind: 'refused', reason, isServerAway: !ABOUT_THIS_MESSAGE.includes(String(field(error, 'code'))) };
}

const MAX_REASON = 300;

/** One line for administrators: what the server said, or why it could not be asked. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').slice(0, MAX_REASON);
}

function field(error: unknown, name: 'code' | 'responseCode'): unknown {
  return typeof error === 'object' && error !== null && name in error ? Reflect.get(error, name) : undefined;
}
