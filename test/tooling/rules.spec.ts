import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

// Ids of a specification of our own: those of the real one in a title would count as proven here.
describe('npm run rules', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-rules-'));
    mkdirSync(join(folder, 'spec/part'), { recursive: true });
    writeFileSync(join(folder, 'spec/one.md'), '- **XA-1** First.\n- **XA-2** [decision] Second, see XA-9.\n');
    writeFileSync(join(folder, 'spec/part/two.md'), '| **XB-CD-10** | in a table |\n  - **XB-CD-9** nested\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(tests: object[], deferred: object[] = []): { status: number | null; output: string } {
    const report = join(folder, 'tests.json');
    const deferral = join(folder, 'deferred.json');
    writeFileSync(report, JSON.stringify({ tests }));
    writeFileSync(deferral, JSON.stringify({ deferred }));
    const options = ['--spec', join(folder, 'spec'), '--report', report, '--deferred', deferral];
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/rules.js', ...options], {
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  const passed = (title: string) => ({ title, status: 'passed', assertions: 1 });

  it('fails and names the rules that no passed test cites', () => {
    const { status, output } = run([passed('XA-1: works'), { ...passed('XA-2: fails'), status: 'failed' }]);
    expect(status).toBe(1);
    expect(output).toMatch(/^XA\s+2\s+1\s+0\s+1$/m);
    expect(output).toMatch(/^all\s+4\s+1\s+0\s+3$/m);
    expect(output).toContain('missing: XA-2, XB-CD-9, XB-CD-10');
  });

  it('passes when every rule is cited or deferred with a reason', () => {
    const deferred = [{ rules: ['XB-CD'], reason: 'later' }];
    expect(run([passed('XA-1, XA-2: both')], deferred)).toMatchObject({ status: 0 });
    const range = [{ rules: ['XA-1 to XA-2', 'XB-CD-9', 'XB-CD-10'], reason: 'later' }];
    expect(run([], range)).toMatchObject({ status: 0 });
  });

  it('does not count a test that asserts nothing, nor a skipped one', () => {
    const { output } = run([
      { ...passed('XA-1: empty'), assertions: 0 },
      { ...passed('XA-2: later'), status: 'skipped' },
    ]);
    expect(output).toMatch(/^XA\s+2\s+0\s+0\s+2$/m);
  });

  it('refuses a deferral without a reason or of a rule that does not exist', () => {
    const { status, output } = run(
      [passed('XA-1 XA-2 XB-CD-9 XB-CD-10')],
      [
        { rules: ['XA-1'], reason: ' ' },
        { rules: ['XZ'], reason: 'x' },
      ],
    );
    expect(status).toBe(1);
    expect(output).toContain('XA-1: no reason');
    expect(output).toContain('XZ: no such rule');
  });

  it('says which rules are cited but not specified', () => {
    const { output } = run([passed('XA-77: misspelt'), passed('reads UTF-8')]);
    expect(output).toContain('not in the specification: XA-77\n');
  });
});
