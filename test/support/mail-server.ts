import { readFileSync } from 'node:fs';
import { simpleParser } from 'mailparser';
import type { ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { MailSettings } from '../../runtime/mail-settings.js';

/** A message as it arrived. */
export interface ReceivedMail {
  /** Recipients of the envelope: who really got it. */
  readonly recipients: readonly string[];
  readonly sender: string;
  /** All of it, headers included, as it came over the wire. */
  readonly raw: string;
  readonly parsed: ParsedMail;
  /** Came over an encrypted connection, from a user who signed in. */
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

/** What the server does with the next messages. */
export type MailFault =
  /** Answers the recipient with this code. */
  | { readonly at: 'recipient'; readonly code: number }
  /** Answers the finished message with this code. */
  | { readonly at: 'message'; readonly code: number }
  /** Takes the message and breaks the connection in place of an answer. */
  | { readonly at: 'answer' }
  /** Never answers the recipient, or the finished message. */
  | { readonly at: 'recipient' | 'message'; readonly code: 'never' };

/** A real mail server. */
export interface MailServer {
  /** In the order they came. */
  readonly received: ReceivedMail[];
  /** Settings with which a mailer reaches it. */
  readonly settings: MailSettings;
  fault: MailFault | undefined;
  /** Subjects of the mails to an address, or of all, since the last call. */
  newSubjects(address?: string): string[];
  stop(): Promise<void>;
}

/** For a server that wants STARTTLS and this user. */
export const MAIL_USER = { user: 'muster', password: 'sesame' };

const fixture = (name: string): URL => new URL(`../connectors/tls-fixtures/${name}`, import.meta.url);

/** Starts a mail server on a free port; `secured`: STARTTLS and a user are required. */
export async function startMailServer({ secured = false }: { readonly secured?: boolean } = {}): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  let told = 0;
  const server = new SMTPServer({
    logger: false,
    ...(secured
      ? { key: readFileSync(fixture('server.key')), cert: readFileSync(fixture('valid.crt')) }
      : { disabledCommands: ['STARTTLS', 'AUTH'] }),
    authOptional: !secured,
    onAuth: ({ username, password }, _session, done) =>
      username === MAIL_USER.user && password === MAIL_USER.password
        ? done(null, { user: username })
        : done(refusal(535, 'who are you?')),
    onRcptTo: (_address, _session, done) => {
      const { fault } = mailServer;
      if (fault?.at !== 'recipient') done(null);
      else if (fault.code !== 'never') done(refusal(fault.code, 'no such mailbox\r\nreally'));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { fault } = mailServer;
        if (fault?.at === 'message') return fault.code === 'never' ? undefined : done(refusal(fault.code, 'not now'));
        const raw = Buffer.concat(chunks);
        void simpleParser(raw).then((parsed) => {
          received.push({
            recipients: session.envelope.rcptTo.map(({ address }) => address),
            sender: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
            raw: raw.toString('latin1'),
            parsed,
            isEncrypted: session.secure,
            user: session.user,
          });
          if (fault?.at === 'answer') for (const connection of server.connections) connection.close();
          else done();
        });
      });
    },
  });
  // Clients that give up in the middle.
  server.on('error', () => undefined);
  const port = await listen(server);
  const mailServer: MailServer = {
    received,
    fault: undefined,
    settings: Object.freeze<MailSettings>({
      host: '127.0.0.1',
      port,
      tls: secured ? 'starttls' : 'none',
      user: secured ? MAIL_USER.user : undefined,
      password: secured ? MAIL_USER.password : undefined,
      caFile: secured ? fixture('ca.crt').pathname : undefined,
      from: Object.freeze({ name: 'Muster', address: 'muster@example.com' }),
      publicUrl: 'https://muster.example.com',
    }),
    newSubjects: (address) => {
      const fresh = received.slice(told);
      told = received.length;
      return fresh
        .filter(({ recipients }) => address === undefined || recipients.includes(address))
        .map(({ parsed }) => parsed.subject ?? '');
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailServer;
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function listen(server: SMTPServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = server.listen(0, '127.0.0.1', () => {
      const address = listening.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('the mail server has no port'));
    });
  });
}
