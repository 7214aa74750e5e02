import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { StackError } from '../stack-error.js';

/** Where the commands about plans find the API, and as whom they speak. */
export interface RemoteOptions {
  readonly url: string;
  readonly token: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';
const POLL_INTERVAL_MS = 1_000;
const problem = z.object({ type: z.string().startsWith('urn:muster:'), detail: z.string() });

/** A command that speaks with a running API. */
export function remoteCommand(name: string): Command {
  const url = new Option('--url <url>', 'address of the API').env('MUSTER_URL').default(DEFAULT_URL);
  const token = new Option('--token <token>', 'from POST /api/v1/auth/tokens')
    .env('MUSTER_TOKEN')
    .makeOptionMandatory();
  return new Command(name).addOption(url).addOption(token);
}

/** Sends one request under `/api/v1` and returns the JSON of the answer. Throws StackError with what the API says. */
export async function call(
  remote: RemoteOptions,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  return json(remote, await accepted(remote, method, path, body));
}

/** The JSON of an answer; undefined: it is empty. Throws StackError when somebody else answers, with a page for example. */
async function json(remote: RemoteOptions, response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw strangeAnswer(remote, response);
  }
}

function strangeAnswer({ url }: RemoteOptions, { status }: Response): StackError {
  return new StackError(
    `${url} does not answer as Muster does (HTTP ${status}); give the address of the API, such as ${DEFAULT_URL}, as --url or MUSTER_URL`,
  );
}

/** A file that the API answers with. */
export interface RemoteFile {
  /** The name that the API gives it. */
  readonly name: string;
  readonly content: Buffer;
}

/** Like {@link call} for answers that are files. */
export async function download(
  remote: RemoteOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<RemoteFile> {
  const response = await accepted(remote, method, path, body);
  const disposition = response.headers.get('content-disposition') ?? '';
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  const name = encoded === undefined ? /filename="?([^";]+)/.exec(disposition)?.[1] : decodeURIComponent(encoded);
  // Never a folder: the name comes from outside.
  return { name: basename(name ?? 'download'), content: Buffer.from(await response.arrayBuffer()) };
}

async function accepted(remote: RemoteOptions, method: string, path: string, body?: object): Promise<Response> {
  const response = await reach(remote, method, path, body);
  if (response.ok) return response;
  const told = problem.safeParse(await json(remote, response));
  throw told.success ? new StackError(told.data.detail) : strangeAnswer(remote, response);
}

async function reach(remote: RemoteOptions, method: string, path: string, body?: object): Promise<Response> {
  try {
    return await fetch(`${remote.url.replace(/\/+$/, '')}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${remote.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new StackError(`${remote.url} cannot be reached; give the address of the API as --url or MUSTER_URL`, {
      cause: error,
    });
  }
}

const job = z.object({
  id: z.string(),
  status: z.string(),
  planId: z.string().nullable(),
  errorMessage: z.string().nullable(),
  outcome: z.array(z.string()),
  /** These two are shown with a single job, not in the answer to its start. */
  endedTargets: z.array(z.object({ systemName: z.string(), reason: z.string() })).default([]),
  failedEntities: z
    .array(
      z.object({ entity: z.string(), sourceKey: z.string(), systemName: z.string(), message: z.string().nullable() }),
    )
    .default([]),
});
/** A job as far as these commands look at it. */
export type RemoteJob = z.infer<typeof job>;

const OVER: readonly string[] = ['Success', 'Finished with Error', 'Manually Terminated'];

/** Waits for the end of a job. */
export async function endOf(remote: RemoteOptions, started: unknown): Promise<RemoteJob> {
  for (let latest = job.parse(started); ;) {
    if (OVER.includes(latest.status)) return latest;
    await pause(POLL_INTERVAL_MS);
    latest = job.parse(await call(remote, 'GET', `/jobs/${latest.id}`));
  }
}

const systems = z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Id of a system given by id or name. Throws StackError when no system has the name. */
export async function systemId(remote: RemoteOptions, idOrName: string): Promise<string> {
  if (z.guid().safeParse(idOrName).success) return idOrName;
  const found = systems.parse(await call(remote, 'GET', `/systems?search=${encodeURIComponent(idOrName)}&limit=200`));
  const system = found.items.find((one) => one.name.toLowerCase() === idOrName.toLowerCase());
  if (system === undefined) throw new StackError(`there is no system ${idOrName}`);
  return system.id;
}
