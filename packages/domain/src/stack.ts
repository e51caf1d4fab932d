/** The stack of an error and of what caused it, as text alone: properties (a driver's parameters, a parser's input) may hold anything. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}
