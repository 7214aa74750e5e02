import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { CHECKS, type CheckResult, type CheckStatus } from '../../connectors/conformance/index.js';
import type { ProbeReport } from '../../connectors/probe-report.js';

const DOCUMENT = join(fileURLToPath(new URL('../..', import.meta.url)), 'docs/compatibility.md');
const SIGNS: Readonly<Record<CheckStatus, string>> = {
  passed: 'yes',
  failed: '**failed**',
  deviation: '',
  skipped: '–',
};

/**
 * The last test of a suite: the table of a family in docs/compatibility.md says what the kit has found here. `UPDATE_DOCS=1` writes it. Left
 * out when a server did not run.
 */
export function describeTable(family: string, servers: Readonly<Record<string, readonly CheckResult[]>>): void {
  describe('docs/compatibility.md', () => {
    it(`CONN-EXT-07: the table of ${family} is what the kit has found`, () => {
      const complete = Object.values(servers).every((results) => results.length === CHECKS.length + 1);
      if (complete) mustBeDocumented(`conformance: ${family}`, conformanceTable(servers));
    });
  });
}

/** The same for what probes have found. */
export function mustDocumentProbes(family: string, servers: Readonly<Record<string, ProbeReport>>): void {
  mustBeDocumented(`probe: ${family}`, probeTable(servers));
}

function mustBeDocumented(section: string, table: string): void {
  const begin = `<!-- ${section} -->`;
  const text = readFileSync(DOCUMENT, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf('<!-- end -->', from);
  expect([begin, from >= 0 && to > from]).toEqual([begin, true]);
  const wanted = `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(DOCUMENT, wanted);
  else expect(text).toBe(wanted);
}

/** Checks in rows, servers in columns, and the deviations as numbered notes below. */
function conformanceTable(servers: Readonly<Record<string, readonly CheckResult[]>>): string {
  const names = Object.keys(servers);
  const notes: string[] = [];
  const cell = (name: string, id: string): string => {
    const result = servers[name]?.find((candidate) => candidate.id === id);
    if (result === undefined) return '';
    if (result.status !== 'deviation') return SIGNS[result.status];
    const note = `${result.title.replace(/^./, (first) => first.toUpperCase())}: ${withoutNames(result.text)}`;
    if (!notes.includes(note)) notes.push(note);
    return `no (${notes.indexOf(note) + 1})`;
  };
  const rows = CHECKS.map((check) => {
    const rules = check.rules.length === 0 ? '' : ` (${check.rules.join(', ')})`;
    return `| ${check.title}${rules} | ${names.map((name) => cell(name, check.id)).join(' | ')} |`;
  });
  const table = [`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---|').join('')}`, ...rows];
  return [...table, '', ...notes.map((note, index) => `${index + 1}. ${note}`)].join('\n');
}

/** Findings in rows, servers in columns; what differs with what Muster does about it. */
function probeTable(servers: Readonly<Record<string, ProbeReport>>): string {
  const reports = Object.values(servers);
  const names = [...new Set(reports.flatMap(({ findings }) => findings.map(({ name }) => name)))];
  const cell = (report: ProbeReport, name: string): string => {
    const finding = report.findings.find((candidate) => candidate.name === name);
    if (finding === undefined) return '';
    return withoutNames(finding.advice === undefined ? finding.found : `**${finding.found}**. ${finding.advice}`);
  };
  const rows = names.map((name) => `| ${name} | ${reports.map((report) => cell(report, name)).join(' | ')} |`);
  const profiles = reports.map(({ suggestedProfile }) => `\`${JSON.stringify(suggestedProfile)}\``);
  return [
    `| | ${Object.keys(servers).join(' | ')} |`,
    `|---|${reports.map(() => '---|').join('')}`,
    ...rows,
    `| suggested profile | ${profiles.join(' | ')} |`,
  ].join('\n');
}

/** Ports and marks differ from run to run. */
function withoutNames(text: string): string {
  return text
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, '…')
    .replace(/mtck[a-z0-9]{8}\S*/g, '…')
    .replaceAll('|', '\\|');
}
