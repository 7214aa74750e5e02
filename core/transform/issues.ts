import type { TransformationIssue } from './program.js';

/** Collects the findings of one compilation, so that all mistakes of a document are reported together (ERR-3). */
export class IssueCollector {
  private readonly found: TransformationIssue[] = [];
  private lenientDepth = 0;

  /** A mistake that blocks saving, unless the part is switched off by `ignore`, see {@link lenient}. */
  error(code: string, pointer: string, message: string, text?: string): void {
    this.add(this.lenientDepth > 0 ? 'warning' : 'error', code, pointer, message, text);
  }

  /** A finding that does not block saving. Reported once for each code, place and text. */
  warning(code: string, pointer: string, message: string, text?: string): void {
    this.add('warning', code, pointer, message, text);
  }

  /** Checks an ignored part (EXP-2, EXP-17): it has no effect, so its mistakes are warnings. */
  lenient<T>(on: boolean, check: () => T): T {
    if (!on) return check();
    this.lenientDepth += 1;
    try {
      return check();
    } finally {
      this.lenientDepth -= 1;
    }
  }

  get all(): readonly TransformationIssue[] {
    return this.found;
  }

  get warnings(): readonly TransformationIssue[] {
    return this.found.filter((issue) => issue.severity === 'warning');
  }

  get hasErrors(): boolean {
    return this.found.some((issue) => issue.severity === 'error');
  }

  private add(severity: 'error' | 'warning', code: string, pointer: string, message: string, text?: string): void {
    const known = this.found.some((i) => i.code === code && i.pointer === pointer && i.text === text);
    if (known) return;
    this.found.push({ severity, code, pointer, message, ...(text === undefined ? {} : { text }) });
  }
}

/** JSON pointer (RFC 6901) of a member or element below another pointer. */
export function below(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
