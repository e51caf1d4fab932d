import { openKeyFile, rotateKeys } from '../src/index.ts';

// Opens a key file as a user and group that are given, and puts a new key into it.
const [file = '', uid, gid] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(gid));
process.setuid?.(Number(uid));
try {
  await openKeyFile(file, { mayCreate: false });
  await rotateKeys(file, ['seal'], {
    onReadOnly: (text) => {
      const seals = JSON.parse(text).seal.length;
      process.stdout.write(seals === 2 ? 'opened, and printed a new file\n' : text);
    },
  });
} catch (error) {
  process.stdout.write(`${error}\n`);
}
