import { smtpOutlet } from '../src/index.ts';
import { aNotice, from } from './notice.ts';

/** Sends eight mails to the port, tells its parent the end of each, and closes the outlet at SIGTERM. */
const outlet = smtpOutlet({ url: `smtp://127.0.0.1:${process.argv[2]}`, from });
for (let index = 0; index < 8; index++) {
  void outlet
    .send(aNotice())
    .then(
      () => 'sent',
      ({ message }: Error) => message,
    )
    .then((end) => process.send?.(end));
}
process.once('SIGTERM', () => outlet.close());
