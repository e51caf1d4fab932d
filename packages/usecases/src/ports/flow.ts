/** Follows what a call starts, through all that is awaited. */
export interface Flow {
  /** Runs a call. In the call, and in all that it starts, `current` answers `unit`. */
  run<T>(unit: object, call: () => T): T;
  current(): object | undefined;
  /** Resolves when all has been done that follows from what has happened so far without waiting for anything outside. */
  settled(): Promise<void>;
}
