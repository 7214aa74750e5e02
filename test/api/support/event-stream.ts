/** One server-sent event. */
export interface StreamEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Reads an event stream until the server closes it; `onEvent` sees each event as it comes. */
export async function readEvents(
  url: string,
  token: string,
  onEvent: (event: StreamEvent) => void | Promise<void> = () => undefined,
): Promise<StreamEvent[]> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' } });
  if (response.status !== 200 || response.body === null) throw new Error(`no stream: ${response.status}`);
  const events: StreamEvent[] = [];
  let pending = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (pending + chunk).split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event === undefined) continue;
      events.push(event);
      await onEvent(event);
    }
  }
  return events;
}

function parse(block: string): StreamEvent | undefined {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const data = field('data');
  return data === undefined ? undefined : { type: field('event') ?? 'message', data: JSON.parse(data) };
}
