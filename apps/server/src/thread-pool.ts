import { availableParallelism } from 'node:os';

/**
 * As many hashes run at once as there are cores, and two threads more do everything else that goes to libuv's pool
 * (signatures, files). The pool takes its size at its first use, so this is imported before anything else.
 */
process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism() + 2);
