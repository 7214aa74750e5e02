import { describe, expect, it } from '@jest/globals';
import { mailText, subjectOf } from '../../../core/notifications/mail-text.js';
import type { MailFacts } from '../../../core/notifications/mail-text.js';

const URL = 'https://muster.example.com';

const FACTS: MailFacts = {
  sourceName: 'HR',
  targetNames: ['Cloud', 'Wiki'],
  jobType: 'Read',
  jobId: '0123',
  startTime: '04/Mar/2026 07:15:00 +00',
  status: 'Finished with Error',
};

describe('what a mail says', () => {
  it('NTF-6: subjects word for word', () => {
    expect(subjectOf('intermediate', 'HR')).toBe('Provisioning Running with Error. Source System: HR');
    expect(subjectOf('failure', 'HR')).toBe('Provisioning Finished with Error. Source System: HR');
    expect(subjectOf('recovery', 'HR')).toBe('Provisioning Success. Source System: HR');
  });

  it('NTF-7: source, targets, job type, start time, status, and the way to the details', () => {
    const { text, html } = mailText({ kind: 'failure', facts: FACTS }, URL);
    expect(text).toBe(
      [
        'Source system: HR',
        'Target systems: Cloud, Wiki',
        'Job type: Read',
        'Start time: 04/Mar/2026 07:15:00 +00',
        'Status: Finished with Error',
        '',
        'Navigate to details: https://muster.example.com/api/v1/jobs/0123',
        '',
      ].join('\n'),
    );
    expect(html).toContain('<a href="https://muster.example.com/api/v1/jobs/0123">Navigate to details</a>');
  });

  it('GOV-7: held changes by class and target, the plan, and the commands to review it', () => {
    const held = [
      { planId: 'p1', counts: [{ class: 'delete', target: 'Cloud', count: 11 }] },
      { planId: 'p2', counts: [{ class: 'disable', target: 'Wiki', count: 7 }] },
    ];
    const { subject, text } = mailText({ kind: 'held', facts: { ...FACTS, held } }, URL);
    expect(subject).toBe('Provisioning Held for Approval. Source System: HR');
    expect(text).toContain(
      [
        'Held for approval: 11 delete in Cloud',
        'Plan: p1',
        'Review it: muster show p1 (or GET https://muster.example.com/api/v1/plans/p1)',
        'Decide and execute: muster approve p1, muster reject p1, then muster apply p1',
        '',
        'Held for approval: 7 disable in Wiki',
      ].join('\n'),
    );
  });

  it('NTF-22: a reminder says how many jobs have failed, and since when', () => {
    const streak = { failedJobs: 9, since: '01/Mar/2026 07:15:00 +00' };
    const { subject, text } = mailText({ kind: 'reminder', facts: { ...FACTS, streak } }, URL);
    expect(subject).toBe('Provisioning Still Failing. Source System: HR');
    expect(text).toContain('Failed jobs in a row: 9, since 01/Mar/2026 07:15:00 +00');
  });

  it('NTF-7: names of systems neither make lines or headers nor elements, in whatever way they try', () => {
    const evil = 'HR\r\nBcc: thief@example.com\u2028<script>alert("x")</script>';
    const { subject, text, html } = mailText(
      { kind: 'failure', facts: { ...FACTS, sourceName: evil, targetNames: [] } },
      URL,
    );
    expect(subject).not.toMatch(/[\p{Cc}\u2028]/u);
    expect(text.split('\n')[0]).toBe('Source system: HR Bcc: thief@example.com <script>alert("x")</script>');
    expect(text).toContain('Target systems: none');
    expect(html).not.toContain('<script>');
  });
});
