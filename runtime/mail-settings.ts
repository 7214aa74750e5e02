import { z } from 'zod';

/** Where mails go out, and what stands in them. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: encrypted before anything is said, or not at all; `tls`: encrypted from the first byte; `none`: never. */
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** PEM file of authorities that are trusted instead of the usual ones. */
  readonly caFile: string | undefined;
  /** Sender, for example `Muster <muster@example.com>`. */
  readonly from: { readonly name: string; readonly address: string };
  /** Where administrators reach the API, without a slash at its end: links in mails. */
  readonly publicUrl: string;
}

const SENDER = /^(?:([^<>\p{Cc}]*?)\s*<([^<>\s@]+@[^<>\s@]+)>|([^<>\s@]+@[^<>\s@]+))$/u;
const DEFAULT_PORT = { starttls: 587, tls: 465, none: 25 } as const;

/** Variables of the environment that {@link toMailSettings} reads. */
export const MAIL_VARIABLES = {
  MUSTER_SMTP_HOST: z
    .string()
    .regex(/^[^\s/:]+$|^[0-9a-fA-F:]+$/, 'must be a host name or an address, without a scheme or port')
    .optional(),
  MUSTER_SMTP_PORT: z.coerce
    .number()
    .int('must be a port number')
    .min(1, 'must be a port number')
    .max(65_535, 'must be a port number')
    .optional(),
  MUSTER_SMTP_TLS: z.enum(['starttls', 'tls', 'none']).default('starttls'),
  MUSTER_SMTP_USER: z.string().optional(),
  MUSTER_SMTP_PASSWORD: z.string().optional(),
  MUSTER_SMTP_CA_FILE: z.string().optional(),
  MUSTER_MAIL_FROM: z.string().regex(SENDER, 'must look like Muster <muster@example.com>').optional(),
  MUSTER_PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
};

type MailEnvironment = z.infer<z.ZodObject<typeof MAIL_VARIABLES>>;

/** What is wrong with these variables together; undefined: nothing. */
export function mailProblem(env: MailEnvironment): string | undefined {
  const missing = (['MUSTER_SMTP_HOST', 'MUSTER_MAIL_FROM', 'MUSTER_PUBLIC_URL'] as const).filter(
    (name) => env[name] === undefined,
  );
  const isWanted = env.MUSTER_SMTP_HOST !== undefined || env.MUSTER_MAIL_FROM !== undefined;
  if (isWanted && missing.length > 0)
    return `Mails need MUSTER_SMTP_HOST, MUSTER_MAIL_FROM and MUSTER_PUBLIC_URL: ${missing.join(' and ')} not set.`;
  if ((env.MUSTER_SMTP_USER === undefined) !== (env.MUSTER_SMTP_PASSWORD === undefined))
    return 'MUSTER_SMTP_USER and MUSTER_SMTP_PASSWORD must be set together.';
  if (env.MUSTER_SMTP_USER !== undefined && env.MUSTER_SMTP_TLS === 'none')
    return 'MUSTER_SMTP_USER needs an encrypted connection: set MUSTER_SMTP_TLS to starttls or tls.';
  return undefined;
}

/** Settings of the mail server; undefined when none is configured. */
export function toMailSettings(env: MailEnvironment): MailSettings | undefined {
  const { MUSTER_SMTP_HOST: host, MUSTER_MAIL_FROM: from, MUSTER_PUBLIC_URL: publicUrl, MUSTER_SMTP_TLS: tls } = env;
  if (host === undefined || from === undefined || publicUrl === undefined) return undefined;
  const [, name = '', named, bare] = SENDER.exec(from) ?? [];
  return Object.freeze({
    host,
    port: env.MUSTER_SMTP_PORT ?? DEFAULT_PORT[tls],
    tls,
    user: env.MUSTER_SMTP_USER,
    password: env.MUSTER_SMTP_PASSWORD,
    caFile: env.MUSTER_SMTP_CA_FILE,
    from: Object.freeze({ name: name.replace(/^"(.*)"$/, '$1'), address: named ?? bare ?? '' }),
    publicUrl: publicUrl.replace(/\/+$/, ''),
  });
}

/** The settings as the environment of a child process. */
export function mailEnvironment(mail: MailSettings | undefined): Record<string, string | undefined> {
  if (mail === undefined) return {};
  const { name, address } = mail.from;
  return {
    MUSTER_SMTP_HOST: mail.host,
    MUSTER_SMTP_PORT: String(mail.port),
    MUSTER_SMTP_TLS: mail.tls,
    MUSTER_SMTP_USER: mail.user,
    MUSTER_SMTP_PASSWORD: mail.password,
    MUSTER_SMTP_CA_FILE: mail.caFile,
    MUSTER_MAIL_FROM: name === '' ? address : `${name} <${address}>`,
    MUSTER_PUBLIC_URL: mail.publicUrl,
  };
}

/** One line for the start-up log; the password is masked. */
export function describeMail(mail: MailSettings | undefined): string {
  if (mail === undefined) return 'not configured: nobody can be notified';
  const { name, address } = mail.from;
  const user = mail.user === undefined ? '' : ` as ${mail.user} (password ***)`;
  const ca = mail.caFile === undefined ? '' : `, CA ${mail.caFile}`;
  return `${mail.host}:${mail.port}, ${mail.tls}${user}${ca}, from ${name === '' ? address : `${name} <${address}>`}, links to ${mail.publicUrl}`;
}
