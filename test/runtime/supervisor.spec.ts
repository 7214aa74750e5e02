import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../runtime/logger.js';
import { Supervisor } from '../../runtime/supervisor.js';
import type { Component, RunningComponent, SupervisorEvent } from '../../runtime/supervisor.js';
import type { ProcessExit } from '../../runtime/tied-process.js';

const log = createLogger({ logLevel: 'silent' }, {});

/** A component whose deaths the test decides; each start takes one entry of `starts`. */
function fakeComponent(name: string, journal: string[], starts: ('ready' | 'fails')[] = []) {
  let die: (exit: ProcessExit) => void = () => undefined;
  let pid = 100;
  const component: Component = {
    name,
    start: async () => {
      if (starts.shift() === 'fails') throw new Error('no disk');
      journal.push(`${name} started`);
      const exited = new Promise<ProcessExit>((resolve) => (die = resolve));
      const running: RunningComponent = {
        pid: ++pid,
        exited,
        stop: async () => {
          journal.push(`${name} stopped`);
          die({ code: 0, signal: null });
        },
      };
      return running;
    },
  };
  return { component, die: (exit: ProcessExit) => die(exit) };
}

/** A supervisor with short waits, and a promise for the first event of a kind. */
function supervisorWithEvents() {
  const events: SupervisorEvent[] = [];
  const waiting: { kind: string; resolve: (event: SupervisorEvent) => void }[] = [];
  const supervisor = new Supervisor({
    log,
    firstBackoffMs: 1,
    longestBackoffMs: 4,
    onEvent: (event) => {
      events.push(event);
      waiting.filter(({ kind }) => kind === event.kind).forEach(({ resolve }) => resolve(event));
    },
  });
  const next = (kind: SupervisorEvent['kind']) =>
    new Promise<SupervisorEvent>((resolve) => waiting.push({ kind, resolve }));
  return { supervisor, events, next };
}

describe(Supervisor.name, () => {
  it('starts in order and stops in reverse order', async () => {
    const journal: string[] = [];
    const { supervisor } = supervisorWithEvents();
    await supervisor.start(fakeComponent('postgres', journal).component);
    await supervisor.start(fakeComponent('api', journal).component);
    await supervisor.stop();
    await supervisor.stop();
    expect(journal.slice(0, 4)).toEqual(['postgres started', 'api started', 'api stopped', 'postgres stopped']);
  });

  it('starts a dead component again, also when some starts fail', async () => {
    const journal: string[] = [];
    const { supervisor, events, next } = supervisorWithEvents();
    const { component, die } = fakeComponent('worker', journal, ['ready', 'fails', 'fails', 'ready']);
    await supervisor.start(component);
    const restarted = next('restarted');
    die({ code: null, signal: 'SIGKILL' });
    await restarted;
    expect(events.map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
      'died: ended by SIGKILL',
      'start-failed: no disk',
      'start-failed: no disk',
      'restarted: pid 102',
    ]);
    expect(supervisor.pids()).toEqual({ worker: 102 });
    await supervisor.stop();
  });

  it('passes on the error of a first start and does not try again', async () => {
    const { supervisor, events } = supervisorWithEvents();
    await expect(supervisor.start(fakeComponent('api', [], ['fails']).component)).rejects.toThrow('no disk');
    await supervisor.stop();
    expect(events).toEqual([]);
  });

  it('does not restart what it stops, nor start anything afterwards', async () => {
    const journal: string[] = [];
    const { supervisor, events } = supervisorWithEvents();
    await supervisor.start(fakeComponent('api', journal).component);
    await supervisor.stop();
    await expect(supervisor.start(fakeComponent('worker', journal).component)).rejects.toThrow(/being stopped/);
    expect(journal).toEqual(['api started', 'api stopped']);
    expect(events).toEqual([]);
  });
});
