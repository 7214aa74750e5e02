/** One server-sent event. */
export interface StreamEvent {
  /** Field `event`; `message` when the server gave none. */
  readonly type: string;
  /** Field `data`. */
  readonly data: string;
}

/**
 * The events of a stream (HTML Living Standard, Server-sent events, as far as our API uses them: LF line ends, no ids) until the server
 * closes it. Throws when the stream is refused or the connection breaks.
 */
export async function* readEventStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const response = await fetch(url, {
    headers: { ...headers, accept: 'text/event-stream' },
    ...(signal && { signal }),
  });
  if (!response.ok || response.body === null) throw new Error(`the event stream was answered ${response.status}`);
  let pending = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (pending + chunk).split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseEvent(block: string): StreamEvent | undefined {
  let type = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') type = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { type, data: data.join('\n') };
}
