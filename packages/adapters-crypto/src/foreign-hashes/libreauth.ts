import { argon2Reading } from './argon2.ts';
import { type Format, fromBase64 } from './reading.ts';

const BASE64 = '[A-Za-z0-9+/]';
const TEXT = new RegExp(
  `^\\$argon2\\$(?<parameters>[a-z\\d=,-]{1,200})\\$(?<salt>${BASE64}{1,128})\\$(?<output>${BASE64}{1,172})$`,
);

/** What tells which passwords were taken, and not what they come to. */
const OF_PASSWORDS = ['len-calc', 'pmin', 'pmax', 'ver'];

/**
 * The texts of the library of mojzu/sso, whose parameters come in any order: `mem` is the logarithm of the memory in KiB, `len`
 * the octets of the hash, and `norm` the normal form that the password had. It is argon2i.
 */
export const readLibreauth: Format = (text) => {
  const found = TEXT.exec(text)?.groups;
  const pairs = found?.parameters?.split(',').map((each) => each.split('=')) ?? [];
  const given: Record<string, string | undefined> = Object.fromEntries(pairs);
  const { passes, mem, lanes, len, norm, xhmac = 'none', ...rest } = given;
  const [salt, output] = [fromBase64(found?.salt ?? ''), fromBase64(found?.output ?? '')];
  // `xhmac`: a key that is not in the text was used as well.
  const isKnown =
    xhmac === 'none' && Object.keys(rest).every((name) => OF_PASSWORDS.includes(name));
  const [memory = 0, times = 0, threads = 0] = [mem, passes, lanes].map(countOf);
  if (!isKnown || !isForm(norm) || salt === null || output?.length !== countOf(len)) return null;
  if (memory === 0 || times === 0 || threads === 0) return null;
  const type = 'argon2i';
  const costs = { memoryKib: 2 ** memory, passes: times, lanes: threads };
  const reading = argon2Reading({ type, ...costs, salt, output });
  if (reading === null) return null;
  const parameters = `lanes=${lanes},len=${len},mem=${mem},norm=${norm},passes=${passes}`;
  return {
    ...reading,
    text: `$argon2$${parameters}$${found?.salt}$${reading.output}`,
    run: (password) => reading.run(norm === 'none' ? password : password.normalize(forms[norm])),
  };
};

const countOf = (digits: string | undefined): number =>
  /^[1-9]\d{0,4}$/.test(digits ?? '') ? Number(digits) : 0;

const forms = { none: undefined, nfc: 'NFC', nfd: 'NFD', nfkc: 'NFKC', nfkd: 'NFKD' } as const;
const isForm = (norm: string | undefined): norm is keyof typeof forms =>
  norm !== undefined && Object.hasOwn(forms, norm);
