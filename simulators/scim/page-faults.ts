import type { FaultEffect } from './faults.js';
import type { ListPage } from './list.js';

/** Faults that change a list's content and leave the transport alone. */
export type PageFault = Extract<
  FaultEffect,
  { kind: 'repeatPage' | 'emptyPage' | 'shortPage' | 'shrinkTotal' | 'wrongTotal' | 'duplicateId' | 'missingId' }
>;

const PAGE_FAULTS: readonly string[] = [
  'repeatPage',
  'emptyPage',
  'shortPage',
  'shrinkTotal',
  'wrongTotal',
  'duplicateId',
  'missingId',
];

export function isPageFault(effect: FaultEffect): effect is PageFault {
  return PAGE_FAULTS.includes(effect.kind);
}

/** Falsifies a page in place. `previous` are the resources of the page served before. */
export function falsifyPage(page: ListPage, fault: PageFault, previous: readonly Buffer[]): void {
  switch (fault.kind) {
    case 'repeatPage':
      page.resources = [...previous];
      return;
    case 'emptyPage':
      page.resources = [];
      return;
    case 'shortPage':
      page.resources = page.resources.slice(0, fault.entities);
      return;
    case 'shrinkTotal':
      page.total = Math.max(0, page.total - fault.by);
      return;
    case 'wrongTotal':
      page.total = fault.total;
      return;
    case 'duplicateId':
      if (page.resources[0] !== undefined) page.resources.splice(-1, 1, page.resources[0]);
      return;
    case 'missingId': {
      const place = fault.at ?? 0;
      const text = page.resources[place];
      if (text !== undefined) page.resources[place] = withoutId(text);
    }
  }
}

function withoutId(json: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(json.toString()) as object), id: undefined }));
}
