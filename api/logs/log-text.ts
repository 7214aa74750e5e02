import { contentText, contentValue } from '../../core/logs/content.js';
import type { StoredContent } from '../../core/logs/content.js';
import type { RecordedResult } from '../../core/logs/trace.js';
import type { CommonLog } from '../../state/logs/common-logs.js';
import type { EntityRecord } from '../../state/logs/records.js';
import { HIDDEN_CONTENT } from './content-reader.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `04/Mar/2026 07:15:00 +00` (STA-5). */
export function logTime(at: Date): string {
  const text = at.toISOString();
  return `${text.slice(8, 10)}/${MONTHS[at.getUTCMonth()] ?? ''}/${text.slice(0, 4)} ${text.slice(11, 19)} +00`;
}

/** A record as a section of the text: fields and their order are those of DWN-4; `content`: what was traced of it. */
export function recordText(result: RecordedResult, record: EntityRecord, content: StoredContent | undefined): string {
  const { entity, systemName, at, message } = record;
  const contentField = content === undefined ? `content = ${HIDDEN_CONTENT}` : `content=${contentText(content)}`;
  const head = [`${entity}:${idOf(result, record)}`, `system=${systemName}`];
  switch (result) {
    case 'failed':
      return section([...head, `time=${at === null ? '' : logTime(at)}`, `error=${message ?? ''}`, contentField]);
    case 'skipped':
      return section([...head, `skip reason=${message ?? ''}`, contentField]);
    case 'created':
    case 'updated':
      return section([...head, contentField]);
    case 'deleted':
      return section(head);
  }
}

/** The id in the target for what was written, in the source for what was not (DWN-4). */
function idOf(result: RecordedResult, { sourceKey, targetKey }: EntityRecord): string {
  const isWritten = result === 'created' || result === 'updated' || result === 'deleted';
  return (isWritten ? (targetKey ?? sourceKey) : sourceKey) ?? '';
}

/** A record as one line of JSON (DWN-9). A content is an object, or the text of one that was cut. */
export function recordLine(result: RecordedResult, record: EntityRecord, content: StoredContent | undefined): string {
  const { entity, systemName, sourceKey, targetKey, operation, durationMs, at, message } = record;
  const reason = result === 'failed' ? { error: message } : result === 'skipped' ? { skipReason: message } : {};
  return `${JSON.stringify({
    entity,
    id: idOf(result, record),
    system: systemName,
    sourceId: sourceKey,
    targetId: targetKey,
    operation,
    durationMs,
    time: at?.toISOString() ?? null,
    ...reason,
    ...(result !== 'deleted' && { content: content === undefined ? HIDDEN_CONTENT : contentValue(content) }),
  })}\n`;
}

/** The common log of a job: what it was, how it ended, and its counters (DWN-1, DWN-5). */
export function commonText({ job, statistics }: CommonLog): string {
  const time = (at: Date | null): string => (at === null ? '' : logTime(at));
  return section([
    `job:${job.jobId}`,
    `source=${job.sourceName}`,
    `type=${job.type}`,
    `mode=${job.readMode ?? ''}`,
    `trigger=${job.triggerType}`,
    `triggered by=${job.triggeredBy ?? ''}`,
    `status=${job.status}`,
    `start=${time(job.startedAt)}`,
    `end=${time(job.endedAt)}`,
    `error=${job.errorMessage ?? ''}`,
    ...job.outcome.map((line) => `outcome=${line}`),
    ...statistics.map((row) =>
      [
        `${row.entity} ${row.action} ${row.systemName}:`,
        `numberRead=${row.read}`,
        `numberSkipped=${row.skipped}`,
        `numberCreated=${row.created}`,
        `numberUpdated=${row.updated}`,
        `numberDeleted=${row.deleted}`,
        `numberFailed=${row.failed}`,
      ].join(' '),
    ),
  ]);
}

/** One line for each field; a line break inside a value would look like the next field. */
function section(lines: readonly string[]): string {
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')).join('\n')}\n\n`;
}
