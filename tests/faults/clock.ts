import { readFileSync } from 'node:fs';

/**
 * Loaded before a server (`node --import`): its clock is off by as many milliseconds as the file at CLOCK_FILE says,
 * from the moment the file says so. Timers go on as they do when the clock of a machine is set.
 */
const file = process.env.CLOCK_FILE;
const RealDate = Date;
const realNow = Date.now.bind(Date);
const now = () => realNow() + (file === undefined ? 0 : Number(readFileSync(file, 'utf8')));

RealDate.now = now;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
});
