import type { ScimResourceType } from '../../../simulators/scim/scim-model.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';

/** Milliseconds since 1970 by the clock of the journals of the simulators. */
export function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}

interface Span {
  readonly fromMs: number;
  toMs: number;
}

/** When which entity was in a simulated source: what the engine may be told, and what it must not miss. */
export class Timeline {
  private readonly spans = new Map<string, Span[]>();
  private readonly moves: { readonly type: ScimResourceType; readonly atMs: number }[] = [];

  private constructor() {}

  /** Watches a source from now on; what is in it already was always there. */
  static watch({ store }: ScimSimulator): Timeline {
    const timeline = new Timeline();
    for (const type of ['User', 'Group'] as const)
      for (const { id } of store.entries(type)) timeline.spansOf(type, id).push({ fromMs: 0, toMs: Infinity });
    const add = store.addEntry.bind(store);
    const remove = store.remove.bind(store);
    store.addEntry = (type, content, options) => {
      const entry = add(type, content, options);
      const atMs = monotonicMs();
      timeline.spansOf(type, entry.id).push({ fromMs: atMs, toMs: Infinity });
      timeline.moves.push({ type, atMs });
      return entry;
    };
    store.remove = (type, id) => {
      const atMs = monotonicMs();
      const wasThere = remove(type, id);
      const last = timeline.spansOf(type, id).at(-1);
      if (wasThere && last !== undefined) last.toMs = atMs;
      if (wasThere) timeline.moves.push({ type, atMs });
      return wasThere;
    };
    return timeline;
  }

  /** Ids that were there from the first to the last of these moments. */
  presentThroughout(type: ScimResourceType, fromMs: number, toMs: number): string[] {
    return this.idsWhere(type, (spans) => spans.some((span) => span.fromMs <= fromMs && span.toMs >= toMs));
  }

  isPresentThroughout(type: ScimResourceType, id: string, fromMs: number, toMs: number): boolean {
    return this.spansOf(type, id).some((span) => span.fromMs <= fromMs && span.toMs >= toMs);
  }

  /** True when the entity was not there at any moment between these. */
  isAbsentThroughout(type: ScimResourceType, id: string, fromMs: number, toMs: number): boolean {
    return this.spansOf(type, id).every((span) => span.fromMs > toMs || span.toMs < fromMs);
  }

  /** Somebody joined or left between these moments, so that pages of a list may have moved. */
  hasMoved(type: ScimResourceType, fromMs: number, toMs: number): boolean {
    return this.moves.some((move) => move.type === type && move.atMs >= fromMs && move.atMs <= toMs);
  }

  private idsWhere(type: ScimResourceType, isWanted: (spans: readonly Span[]) => boolean): string[] {
    const prefix = `${type}/`;
    return [...this.spans].flatMap(([key, spans]) =>
      key.startsWith(prefix) && isWanted(spans) ? [key.slice(prefix.length)] : [],
    );
  }

  private spansOf(type: ScimResourceType, id: string): Span[] {
    const key = `${type}/${id}`;
    const known = this.spans.get(key) ?? [];
    this.spans.set(key, known);
    return known;
  }
}
