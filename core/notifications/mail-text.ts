import { certificateMailText, type CertificateFacts } from './certificate-mail.js';
import { composeMail, oneLine, type MailText } from './compose.js';
import { CERTIFICATE_TOPIC, topicOf, type CertificateMail, type MailKind, type SourceMail } from './topics.js';

/** Changes of one plan that wait for approval. */
export interface HeldPlan {
  readonly planId: string;
  readonly counts: readonly { readonly class: string; readonly target: string; readonly count: number }[];
}

/** What a mail about a source is about: names of systems, never of people. */
export interface MailFacts {
  readonly sourceName: string;
  readonly targetNames: readonly string[];
  /** `Read`, `Resync (plan)` … */
  readonly jobType: string;
  readonly jobId: string;
  /** As people read it (STA-5); null: the job was stopped before it began. */
  readonly startTime: string | null;
  readonly status: string;
  /** Of mail `held`. */
  readonly held?: readonly HeldPlan[];
  /** Of mail `reminder`: failed jobs in a row, and the end of the first of them. */
  readonly streak?: { readonly failedJobs: number; readonly since: string };
}

/** What a mail says, before it is put into words. */
export type MailContent = SourceContent | CertificateContent;
interface SourceContent {
  readonly kind: SourceMail;
  readonly facts: MailFacts;
}
interface CertificateContent {
  readonly kind: CertificateMail;
  readonly facts: CertificateFacts;
}

/** What a mail of a kind is about. */
export type FactsOf<Kind extends MailKind> = Kind extends CertificateMail ? CertificateFacts : MailFacts;

/** The first three are fixed words (NTF-6). */
const SUBJECTS: Readonly<Record<SourceMail, string>> = {
  intermediate: 'Provisioning Running with Error',
  failure: 'Provisioning Finished with Error',
  recovery: 'Provisioning Success',
  held: 'Provisioning Held for Approval',
  reminder: 'Provisioning Still Failing',
};

/** Subject of a mail about a source (NTF-6). */
export function subjectOf(kind: SourceMail, sourceName: string): string {
  return `${SUBJECTS[kind]}. Source System: ${oneLine(sourceName)}`;
}

/** The whole mail. `publicUrl`: where administrators reach the API, without a slash at its end. */
export function mailText(content: MailContent, publicUrl: string): MailText {
  if (isAboutCertificate(content)) return certificateMailText(content.kind, content.facts, publicUrl);
  const { kind, facts } = content;
  const blocks = [aboutJob(facts), ...aboutStreak(facts), ...aboutHeld(facts, publicUrl)];
  return composeMail(
    subjectOf(kind, facts.sourceName),
    blocks,
    `${publicUrl}/api/v1/jobs/${encodeURIComponent(facts.jobId)}`,
  );
}

function isAboutCertificate(content: MailContent): content is CertificateContent {
  return topicOf(content.kind) === CERTIFICATE_TOPIC;
}

function aboutJob({ sourceName, targetNames, jobType, startTime, status }: MailFacts): string[] {
  return [
    `Source system: ${oneLine(sourceName)}`,
    `Target systems: ${targetNames.length === 0 ? 'none' : targetNames.map(oneLine).join(', ')}`,
    `Job type: ${jobType}`,
    `Start time: ${startTime ?? 'not started'}`,
    `Status: ${status}`,
  ];
}

function aboutStreak({ streak }: MailFacts): string[][] {
  return streak === undefined ? [] : [[`Failed jobs in a row: ${streak.failedJobs}, since ${streak.since}`]];
}

/** Each plan with what is to be decided in it, and how to look at it (GOV-7). */
function aboutHeld({ held = [] }: MailFacts, publicUrl: string): string[][] {
  return held.map(({ planId, counts }) => [
    ...counts.map((one) => `Held for approval: ${one.count} ${one.class} in ${oneLine(one.target)}`),
    `Plan: ${planId}`,
    `Review it: muster show ${planId} (or GET ${publicUrl}/api/v1/plans/${planId})`,
    `Decide and execute: muster approve ${planId}, muster reject ${planId}, then muster apply ${planId}`,
  ]);
}
