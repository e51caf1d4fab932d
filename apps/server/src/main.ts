import './thread-pool.ts';
import { hashGate } from '@rekey/adapters-crypto';
import { commandToClose } from '@rekey/adapters-db';
import { createHttpServer } from '@rekey/adapters-http';
import { deleteMails, TemplateError } from '@rekey/adapters-mail';
import { DAY_MS, eventTypes, MINUTE_MS, operator, proofTypes } from '@rekey/domain';
import type { Delivered } from '@rekey/usecases';
import pino from 'pino';
import { compose } from './compose.ts';
import { ConfigError, loadConfig } from './config.ts';
import { startDeliveryWorker } from './delivery-worker.ts';
import { onLauncherGone } from './launcher.ts';
import { logSink } from './log-sink.ts';
import { repeat } from './repeat.ts';
import { startSequencer } from './sequencer.ts';
import { hashBehindRequests } from './thread-pool.ts';
import { version } from './version.ts';
import { envFileWarnings, mailFolderWarning, warningsOf } from './warnings.ts';
import { startWebhookWorker } from './webhook-worker.ts';

const STDOUT = 1;
/** How long requests and deliveries under way have to finish when the server is told to stop. */
const DRAIN_MS = 8000;
/** After this time the process exits whatever is left: a supervisor would kill it after ten seconds. */
const EXIT_MS = 9500;
/** Often enough: one run deletes more rows than the logins of a machine leave behind in that time. */
const PRUNE_EVERY_MS = 10 * MINUTE_MS;
/** A use shows within a minute, whatever the machine has to do meanwhile. */
const KEEP_USES_EVERY_MS = MINUTE_MS / 2;

// Unheard, the first and the last would end the process, and the second would open a debugger to this machine.
for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);

// The first process of a container is not ended by signals that nobody listens to, and a start may wait for a database.
const endEarly = () => process.exit(1);
process.on('SIGTERM', endEarly).on('SIGINT', endEarly);

await start().catch((error: unknown) => {
  const isListed = error instanceof ConfigError || error instanceof TemplateError;
  const problems = isListed ? error.problems : [messageOf(error)];
  for (const problem of problems) process.stderr.write(`rekey: ${problem}\n`);
  process.exit(1);
});

async function start(): Promise<void> {
  const config = loadConfig();
  const sink = logSink(STDOUT, (dropped) => log.warn({ dropped }, 'log lines dropped'));
  process.on('exit', sink.flush);
  const log = pino(
    { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    sink,
  );
  const warnings = [
    mailFolderWarning(config) ?? [],
    envFileWarnings(),
    warningsOf(config, process.env),
  ].flat();
  for (const warning of warnings) log.warn({ warning }, 'configuration');
  const { metricsHost, metricsPort } = config;
  // Loaded only where somebody measures.
  const metrics =
    metricsPort === null
      ? null
      : (await import('@rekey/adapters-metrics')).openMetrics({
          host: metricsHost,
          port: metricsPort,
          version,
          eventTypes,
          proofTypes,
        });
  let sequencer: ReturnType<typeof startSequencer> | null = null;
  const { useCases, news, jwks, ping, scrub, size, giveUpMails, close } = await compose(
    config,
    {
      onChange: (keys) => log.info({ keys }, 'keys changed'),
      onProblem: (error) => log.error({ error: error.message }, 'key file refused'),
      onConnectionError: (error) => log.warn({ error: error.message }, 'database connection lost'),
      onBreachListSilent: (reason) => log.warn({ reason }, 'breach list does not answer'),
      onBreachListBack: () => log.info('breach list answers again'),
      onExchange: (exchanged) => {
        metrics?.exchanged(exchanged);
        const { provider, outcome, reason } = exchanged;
        if (outcome === 'failed') log.warn({ provider, reason }, 'provider does not answer');
      },
      onMailWithheld: (limit) => metrics?.withheld(limit),
      onCommit: () => sequencer?.wake(),
    },
    metrics?.watchGate(hashGate(config.bcryptCost)),
    metrics?.watchDatabase,
  );
  sequencer = startSequencer(() => useCases.maintenance.sequence.execute(operator), {
    failed: (error) =>
      log.error({ error: messageOf(error) }, 'giving places to what is pending failed'),
  });
  const command = await commandToClose(config.databaseUrl);
  if (command !== null) log.warn({ command }, 'database files are open to others');
  await useCases.services.openFormService.execute(operator);
  const { app, drain } = createHttpServer({
    useCases,
    jwks,
    isReady: () => ping().then(() => true),
    log,
    watch: metrics ?? undefined,
    version,
    options: { ...config, keepAliveTimeoutMs: config.keepAliveTimeoutS * 1000 },
  });
  metrics?.watchBacklog(() => useCases.deliveries.countDeliveries.execute(operator));
  metrics?.watchWebhooks(() => useCases.webhooks.countWebhooks.execute(operator));
  metrics?.watchFactors(() => useCases.factors.countFactors.execute(operator));
  metrics?.watchSize(async () => {
    return { auditEntries: await useCases.audit.countAudit.execute(operator), bytes: await size() };
  });
  metrics?.watchLog(sink.dropped);
  const scrapes = await metrics?.listen();
  const url = await app.listen({ host: config.host, port: config.port });
  const worker = startDeliveryWorker(useCases.deliveries, {
    delivered: (delivery) => {
      log[levelOf(delivery)](delivery, 'mail');
      metrics?.delivered(delivery);
    },
    failed: (error) => log.error({ error: messageOf(error) }, 'delivery worker failed'),
  });
  const webhookWorker = startWebhookWorker(useCases.webhooks, news, {
    called: ({ webhookId, event, answer }) => {
      const { failure: error, status, durationMs } = answer;
      const line = { webhook: webhookId, event: event.id, error, status, durationMs };
      log[error === null ? 'debug' : 'warn'](line, 'webhook');
      metrics?.called(answer);
    },
    disabled: (webhook) => {
      log.error({ webhook }, 'webhook disabled');
      metrics?.webhookDisabled();
    },
    failed: (error) => log.error({ error: messageOf(error) }, 'webhook worker failed'),
  });
  const keepUses = () => useCases.maintenance.keepUses.execute(operator);
  const usesLost = (error: unknown) =>
    log.error({ error: messageOf(error) }, 'writing uses down failed');
  const rounds = [
    repeat(
      async () => {
        const rows = await useCases.maintenance.prune.execute(operator);
        await scrub();
        return rows;
      },
      {
        done: (rows) => log.debug({ rows }, 'pruned'),
        failed: (error) => log.error({ error: messageOf(error) }, 'pruning failed'),
      },
      PRUNE_EVERY_MS,
    ),
    repeat(
      keepUses,
      { done: (uses) => log.debug({ uses }, 'uses written down'), failed: usesLost },
      KEEP_USES_EVERY_MS,
    ),
    repeat(
      () => useCases.maintenance.expireUsers.execute(operator),
      {
        done: (users) => log.debug({ users }, 'users expired'),
        failed: (error) => log.error({ error: messageOf(error) }, 'expiring users failed'),
      },
      PRUNE_EVERY_MS,
    ),
    repeat(
      () => useCases.maintenance.tellExpiringKeys.execute(operator),
      {
        done: (keys) => log.debug({ keys }, 'told of keys that expire'),
        failed: (error) => log.error({ error: messageOf(error) }, 'telling of keys failed'),
      },
      PRUNE_EVERY_MS,
    ),
    repeat(
      () => useCases.audit.recordSums.execute(operator),
      {
        done: (entries) => log.debug({ entries }, 'failures recorded'),
        failed: (error) => log.error({ error: messageOf(error) }, 'recording failures failed'),
      },
      MINUTE_MS,
    ),
    // The links of older mails have expired; the mails name people.
    repeat(
      () => deleteMails(config.mailDir, Date.now() - config.revokeTokenTtlS * 1000),
      {
        done: (mails) => log.debug({ mails }, 'mails deleted'),
        failed: (error) => log.error({ error: messageOf(error) }, 'deleting mails failed'),
      },
      DAY_MS,
    ),
  ];
  const { auditDays } = config;
  if (auditDays !== null) {
    const round = repeat(
      (isStopping) => {
        const before = Date.now() - auditDays * DAY_MS;
        return useCases.audit.pruneAudit.execute(operator, { before, isStopping });
      },
      {
        done: (entries) => log.info({ entries }, 'audit pruned'),
        failed: (error) => log.error({ error: messageOf(error) }, 'pruning the audit failed'),
      },
      DAY_MS,
    );
    rounds.push(round);
  }

  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal ends the process at once.
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.warn('stopped with work under way');
      process.exit(0);
    }, EXIT_MS).unref();
    // An SMTP server that stalls may be silent for longer than that. What it did not take goes out later.
    setTimeout(giveUpMails, DRAIN_MS).unref();
    void Promise.all([
      drain({ ms: DRAIN_MS }),
      worker.stop(),
      webhookWorker.stop(),
      ...rounds.map((round) => round.stop()),
    ])
      .then(() => scrapes?.close())
      // Those of the requests that were answered since the last round.
      .then(() => keepUses().catch(usesLost))
      .then(() => sequencer?.stop())
      .then(close)
      .then(() => log.info('stopped'))
      .catch((error: unknown) => {
        log.error({ error: messageOf(error) }, 'stopping failed');
        process.exitCode = 1;
      });
  };
  process.off('SIGTERM', endEarly).on('SIGTERM', stop);
  process.off('SIGINT', endEarly).on('SIGINT', stop);
  onLauncherGone(() => stop('SIGTERM'));
  // The terminal that the server was started in is closed.
  if (process.stdin.isTTY) process.on('SIGHUP', stop);

  hashBehindRequests();
  if (scrapes) log.info({ url: scrapes.url }, 'metrics');
  log.info({ version, url }, 'listening');
}

function levelOf({ outcome }: Delivered): 'info' | 'warn' | 'error' {
  if (outcome === 'dead') return 'error';
  return outcome === 'sent' ? 'info' : 'warn';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
