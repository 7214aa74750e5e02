import type { MailKind } from './topics.js';

/** Changes of one plan that wait for approval. */
export interface HeldPlan {
  readonly planId: string;
  readonly counts: readonly { readonly class: string; readonly target: string; readonly count: number }[];
}

/** What a mail is about: names of systems, never of people. */
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

/** A mail without its recipient; no line holds a line break of somebody else's. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The first three are fixed words (NTF-6). */
const SUBJECTS: Readonly<Record<MailKind, string>> = {
  intermediate: 'Provisioning Running with Error',
  failure: 'Provisioning Finished with Error',
  recovery: 'Provisioning Success',
  held: 'Provisioning Held for Approval',
  reminder: 'Provisioning Still Failing',
};

/** Subject of a mail (NTF-6). */
export function subjectOf(kind: MailKind, sourceName: string): string {
  return `${SUBJECTS[kind]}. Source System: ${oneLine(sourceName)}`;
}

/** The whole mail (NTF-7). `publicUrl`: where administrators reach the API, without a slash at its end. */
export function mailText(kind: MailKind, facts: MailFacts, publicUrl: string): MailText {
  const subject = subjectOf(kind, facts.sourceName);
  const blocks = [aboutJob(facts), ...aboutStreak(facts), ...aboutHeld(facts, publicUrl)];
  const link = `${publicUrl}/api/v1/jobs/${encodeURIComponent(facts.jobId)}`;
  return {
    subject,
    text: `${[...blocks.map((lines) => lines.join('\n')), `Navigate to details: ${link}`].join('\n\n')}\n`,
    html: `${[...blocks.map(paragraph), `<p><a href="${escapeHtml(link)}">Navigate to details</a></p>`].join('\n')}\n`,
  };
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

function paragraph(lines: readonly string[]): string {
  return `<p>${lines.map(escapeHtml).join('<br>\n')}</p>`;
}

/** Names come from people: a line break in one must not become a header or a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
