import { threadPoolSize } from '@rekey/adapters-crypto';

/** The pool takes its size at its first use, so this is imported before anything that could use it. */
process.env.UV_THREADPOOL_SIZE ??= String(threadPoolSize());
