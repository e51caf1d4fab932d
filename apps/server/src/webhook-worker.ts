import { type Id, operator, SECOND_MS } from '@rekey/domain';
import type { CalledWebhook, News, OutgoingCall, UseCases, WebhookLease } from '@rekey/usecases';

/** Webhooks that one process calls at a time: one whose receiver hangs keeps none of the others waiting. */
const LANES = 256;
/** Calls to one webhook that are under way at a time, while its receiver takes them. */
const WIDEST = 16;
const POLL_MS = 500;
/** How long calls that are under way have to finish when the server is told to stop. */
const STOP_MS = 3 * SECOND_MS;

type Webhooks = {
  readonly [Name in 'leaseWebhooks' | 'advanceWebhook' | 'callWebhook']: Pick<
    UseCases['webhooks'][Name],
    'execute'
  >;
};

/** Whether the webhook was called with an event before. */
type Kind = 'first' | 'repeated';

type On = {
  called(call: CalledWebhook): void;
  disabled(webhookId: Id): void;
  failed(error: unknown): void;
};

/**
 * Calls webhooks until it is stopped. A call that a stop or a death of the process leaves unmarked is made again, by the
 * next process that leases the webhook.
 */
export function startWebhookWorker(
  webhooks: Webhooks,
  news: Pick<News, 'next'>,
  on: On,
  pollMs = POLL_MS,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const cut = new AbortController();
  const lanes = new Map<Id, Promise<void>>();

  /** Waits for news, but no longer than until the next look. */
  const newsOrTime = async (): Promise<void> => {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), pollMs);
    const end = () => over.abort();
    stopping.signal.addEventListener('abort', end);
    if (stopping.signal.aborted) end();
    await news.next(null, over.signal);
    clearTimeout(timer);
    stopping.signal.removeEventListener('abort', end);
    over.abort();
  };
  /** All lanes wait for one look. */
  let next: Promise<void> | null = null;
  const nextLook = (): Promise<void> => {
    next ??= newsOrTime().finally(() => {
      next = null;
    });
    return next;
  };

  /** Calls one webhook for as long as there is something to do for it. */
  const run = async (lease: WebhookLease): Promise<void> => {
    const underWay = new Map<Id, { readonly kind: Kind; readonly made: Promise<void> }>();
    let done: CalledWebhook[] = [];
    // A receiver that takes calls is sent more at a time, and one that fails a single one.
    const width = { first: 1, repeated: 1 };
    const room = (kind: Kind): number => {
      if (stopping.signal.aborted) return 0;
      const taken = [...underWay.values()].filter((each) => each.kind === kind).length;
      return Math.max(0, width[kind] - taken);
    };
    const start = (call: OutgoingCall): void => {
      const { id } = call.event;
      const kind = call.failingSince === null ? 'first' : 'repeated';
      const made = webhooks.callWebhook
        .execute(operator, { call, signal: cut.signal })
        .then((called) => {
          if (called === null) return;
          width[kind] = called.answer.failure === null ? Math.min(2 * width[kind], WIDEST) : 1;
          done.push(called);
          on.called(called);
        })
        .catch(on.failed)
        .finally(() => underWay.delete(id));
      underWay.set(id, { kind, made });
    };
    const anyMade = () => [...underWay.values()].map(({ made }) => made);
    for (;;) {
      const marking = done;
      done = [];
      try {
        const advanced = await webhooks.advanceWebhook.execute(operator, {
          lease,
          done: marking,
          underWay: [...underWay.keys()],
          room: { first: room('first'), repeated: room('repeated') },
        });
        advanced.calls.forEach(start);
        if (advanced.isDisabled) on.disabled(lease.id);
        if (!advanced.isHeld) break;
      } catch (error) {
        on.failed(error);
        done = [...marking, ...done];
        // Nothing is lost: what is not marked is called again.
        if (stopping.signal.aborted) break;
        await nextLook();
      }
      if (done.length === 0) await Promise.race([...anyMade(), nextLook()]);
    }
    await Promise.all(anyMade());
  };

  const lead = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const look = nextLook();
      try {
        const limit = LANES - lanes.size;
        const leases = limit > 0 ? await webhooks.leaseWebhooks.execute(operator, { limit }) : [];
        for (const lease of leases) {
          const lane = run(lease).finally(() => lanes.delete(lease.id));
          lanes.set(lease.id, lane);
        }
      } catch (error) {
        on.failed(error);
      }
      await look;
    }
  };
  const leading = lead();

  return {
    stop: async () => {
      stopping.abort();
      const timer = setTimeout(() => cut.abort(), STOP_MS);
      await leading;
      await Promise.all(lanes.values());
      clearTimeout(timer);
    },
  };
}
