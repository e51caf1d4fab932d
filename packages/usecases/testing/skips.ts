/** For `skipIf`: whether tests are skipped, which never happens without a line that says why. */
export function skips(isSkipped: boolean, why: string): boolean {
  if (isSkipped) process.stdout.write(`skipped: ${why}\n`);
  return isSkipped;
}
