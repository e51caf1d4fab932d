import { sealOwners } from '@rekey/usecases';
import { anId, hasherContract, PLACE } from '@rekey/usecases/testing';
import bcrypt from 'bcrypt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { watchHashing } from '../test/hashing.ts';
import { aSecret, known, listOf } from '../test/keys.ts';
import { bcryptHasher } from './bcrypt-hasher.ts';
import { foreignHashes } from './foreign-hashes/foreign-hashes.ts';
import { type Gate, gate } from './gate.ts';
import type { KeyList } from './key-file.ts';
import { secrets } from './secrets.ts';

/** A gate that counts who came. */
function countingGate(): Gate & { readonly entered: number } {
  const inner = gate({ places: 2, maxWaiting: 1000 });
  let entered = 0;
  return {
    run: (place, work) => {
      entered += 1;
      return inner.run(place, work);
    },
    admit: (place) => inner.admit(place),
    running: 0,
    waiting: 0,
    get entered() {
      return entered;
    },
  };
}

const USER = '01900000-0000-7000-8000-000000000001';

type Options = Partial<Parameters<typeof bcryptHasher>[0]>;
const hasherWith = (options: Options) =>
  bcryptHasher({
    cost: 4,
    peppers: listOf(known),
    secrets: secrets(listOf(known), listOf(known)),
    gate: countingGate(),
    ...options,
  });

/** One that is always asked at one place. */
const aHasher = (options: Options = {}) => {
  const { hash, verify, isCurrent } = hasherWith(options);
  return {
    hash: (password: string) => hash(password, PLACE),
    verify: (password: string, stored: string | null, userId = USER) =>
      verify(password, stored === null ? null : { hash: stored, userId }, PLACE),
    isCurrent,
  };
};

hasherContract('of bcrypt', async () => ({
  hasher: hasherWith({ gate: gate({ places: 2, maxWaiting: 8 }) }),
  foreign: { password: 'pässword', hash: bcrypt.hashSync('pässword', 4) },
  tooMany: 20,
}));

describe('a password hash', () => {
  // Made with Python's hmac and the C library's crypt(3): neither this code nor its libraries.
  const password = 'correct horse battery staple – naïve 漢字';
  const stored = 'rk1$k1$$2b$04$abcdefghijklmnopqrstuu3cYLpRaxKUaLzMWscidHICVaJG1bNsK';

  test('is bcrypt over the base64 of HMAC-SHA-384, with its tag and the kid of the pepper', async () => {
    const hasher = aHasher();
    expect(await hasher.verify(password, stored)).toBe(true);
    expect(await hasher.verify(`${password} `, stored)).toBe(false);
    expect(await hasher.hash(password)).toMatch(/^rk1\$k1\$\$2b\$04\$[./A-Za-z0-9]{53}$/);
  });

  test('is another one each time, and each is right', async () => {
    const hasher = aHasher();
    const [one, two] = await Promise.all([hasher.hash('same'), hasher.hash('same')]);
    expect(one).not.toBe(two);
    expect(await hasher.verify('same', one)).toBe(true);
    expect(await hasher.verify('same', two)).toBe(true);
  });

  test('is of the password alone: whatever else is wrong', async () => {
    const hasher = aHasher();
    // Whoever has a password hashed has it in NFC.
    const text = fc.string({ unit: 'binary', maxLength: 140 }).map((any) => any.normalize('NFC'));
    await fc.assert(
      fc.asyncProperty(text, text, async (right, other) => {
        const hash = await hasher.hash(right);
        expect(await hasher.verify(right, hash)).toBe(true);
        expect(await hasher.verify(other, hash)).toBe(other === right);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['what comes after 72 bytes', 'x'.repeat(72), `${'x'.repeat(72)}y`],
    ['the last of 128 characters', '漢'.repeat(127).concat('a'), '漢'.repeat(127).concat('b')],
    ['what comes after a NUL', 'before\0after', 'before\0other'],
    ['a NUL at the end', 'password', 'password\0'],
    ['letter case', 'Password', 'password'],
    ['spaces around', ' password', 'password'],
  ])('does not ignore %s', async (_what, right, wrong) => {
    const hasher = aHasher();
    const hash = await hasher.hash(right);
    expect(await hasher.verify(right, hash)).toBe(true);
    expect(await hasher.verify(wrong, hash)).toBe(false);
  });

  test('is worth nothing without its pepper', async () => {
    const hash = await aHasher().hash('password');
    const other = aHasher({ peppers: listOf(aSecret('k1')) });
    expect(await other.verify('password', hash)).toBe(false);
  });

  test('verifies with an older pepper, and is not current then', async () => {
    const old = await aHasher().hash('password');
    const rotated = aHasher({ peppers: listOf(aSecret('k2'), known) });
    expect(await rotated.verify('password', old)).toBe(true);
    expect(rotated.isCurrent(old)).toBe(false);
    expect(rotated.isCurrent(await rotated.hash('password'))).toBe(true);
  });

  test('is current only with the current cost', async () => {
    const hash = await aHasher().hash('password');
    expect(aHasher().isCurrent(hash)).toBe(true);
    expect(aHasher({ cost: 5 }).isCurrent(hash)).toBe(false);
  });

  test.each([3, 15, 4.5, Number.NaN])('cannot have cost %d', (cost) => {
    expect(() => aHasher({ cost })).toThrow(RangeError);
  });
});

describe('a hash of another system', () => {
  const foreign = (password: string, version = '2b') =>
    bcrypt.hashSync(password, 4).replace('$2b$', `$${version}$`);

  test.each(['2a', '2b', '2y'])('verifies as $%s$, and is not current', async (version) => {
    const hasher = aHasher();
    const hash = foreign('pässword', version);
    expect(await hasher.verify('pässword', hash)).toBe(true);
    expect(await hasher.verify('passwörd', hash)).toBe(false);
    expect(hasher.isCurrent(hash)).toBe(false);
  });

  test('verifies a hash that crypt(3) made', async () => {
    const hash = '$2b$04$abcdefghijklmnopqrstuuoD8yw7MmybLKVooaTGGZAt3HXugv2.a';
    expect(await aHasher().verify('test', hash)).toBe(true);
  });

  test('verifies a password of 72 bytes, and none that bcrypt would cut', async () => {
    const hasher = aHasher();
    const whole = 'é'.repeat(36);
    const hash = foreign(whole);
    expect(await hasher.verify(whole, hash)).toBe(true);
    expect(await hasher.verify(`${whole}x`, hash)).toBe(false);
  });

  test('never verifies a password with a NUL', async () => {
    expect(await aHasher().verify('pass\0word', foreign('pass\0word'))).toBe(false);
  });

  test('is compared with what was typed, and then in its normal form', async () => {
    const hasher = aHasher();
    const [typed, normal] = ['pässword'.normalize('NFD'), 'pässword'.normalize('NFC')];
    expect(await hasher.verify(typed, foreign(typed))).toBe(true);
    expect(await hasher.verify(typed, foreign(normal))).toBe(true);
    expect(await hasher.verify(normal, foreign(typed))).toBe(false);
  });

  test('verifies where it is sealed, also after a rotation, and no longer without the key', async () => {
    const owner = sealOwners.password(USER);
    const sealed = secrets(listOf(known), listOf(known)).seal(foreign('password'), owner);
    const sealedWith = (...keys: KeyList) => ({ secrets: secrets(listOf(...keys), listOf(known)) });
    expect(await aHasher().verify('password', sealed)).toBe(true);
    expect(await aHasher().verify('another', sealed)).toBe(false);
    const rotated = aHasher(sealedWith(aSecret('k2'), known));
    expect(await rotated.verify('password', sealed)).toBe(true);
    expect(await aHasher(sealedWith(aSecret('k2'))).verify('password', sealed)).toBe(false);
  });

  test('verifies where it is inside of one of our own, while the pepper is there', async () => {
    const hash = '5f4dcc3b5aa765d61d8327deb882cf99';
    const { adopt } = foreignHashes({
      cost: 4,
      peppers: listOf(known),
      secrets: secrets(listOf(known), listOf(known)),
    });
    const wrapped = await adopt({ hash, format: 'md5-hex' }, { wrap: true, userId: USER });
    expect(wrapped).not.toContain(Buffer.from(hash, 'hex').toString('base64').slice(0, 20));
    expect(await aHasher().verify('password', wrapped)).toBe(true);
    expect(await aHasher().verify('Password', wrapped)).toBe(false);
    expect(aHasher().isCurrent(wrapped)).toBe(false);
    const rotated = aHasher({ peppers: listOf(aSecret('k2'), known) });
    expect(await rotated.verify('password', wrapped)).toBe(true);
    const without = aHasher({ peppers: listOf(aSecret('k2')) });
    expect(await without.verify('password', wrapped)).toBe(false);
  });

  test.each(['$2x$04$', '$2$04$', '$2b$15$', '$2b$31$', '$2b$03$', '$1$04$'])(
    'is refused where it begins with %s',
    async (head) => {
      const hash = `${head}${foreign('password').slice(7)}`;
      expect(await aHasher().verify('password', hash)).toBe(false);
    },
  );
});

describe('an answer of the hasher', () => {
  /** A thirtieth of a compare of cost 12: an answer that costs less than a hash comes before its end. */
  async function littleWork(): Promise<void> {
    for (let times = 0; times < 8; times += 1) {
      await bcrypt.compare('x', `$2b$04$${'.'.repeat(53)}`);
    }
  }

  const sealed = (hash: string, userId = USER) =>
    secrets(listOf(known), listOf(known)).seal(hash, sealOwners.password(userId));

  const states: [string, string | null][] = [
    ['no password', null],
    ['an empty hash', ''],
    ['a malformed hash', '$2b$12$short'],
    ['an unknown pepper', `rk1$gone$$2b$12$${'a'.repeat(53)}`],
    ['a wrong password', `rk1$k1$$2b$12$${'a'.repeat(53)}`],
    ['a cheaper hash', `rk1$k1$$2b$11$${'a'.repeat(53)}`],
    ['a cheap foreign hash', bcrypt.hashSync('other', 4)],
    ['a foreign hash that is too costly', `$2b$31$${'a'.repeat(53)}`],
    ['a foreign hash', `$2b$12$${'a'.repeat(53)}`],
    ['a digest', `$digest$sha256,suffix$$${'A'.repeat(43)}`],
    ['a sealed digest', sealed(`$digest$sha256,suffix$$${'A'.repeat(43)}`)],
    ['a digest that was sealed for another user', sealed('$digest$md5,suffix$$', anId())],
    ['a digest inside', `rk1$k1$$2b$12$${'a'.repeat(53)} $digest$sha256,suffix$$${'A'.repeat(43)}`],
    ['MD5-crypt', `$1$salt$${'a'.repeat(22)}`],
    ['PBKDF2 of a few iterations', `$pbkdf2-sha256$i=1000$c2FsdA$${'A'.repeat(43)}`],
    ['a kept hash that costs too much', `$6$rounds=999999999$salt$${'a'.repeat(86)}`],
  ];

  test.each(states)('passes the gate once, and costs a hash, for %s', async (_state, hash) => {
    const counting = countingGate();
    const hasher = aHasher({ cost: 12, gate: counting });
    const order: string[] = [];
    const answer = hasher.verify('password', hash).then((isRight) => {
      order.push('answer');
      return isRight;
    });
    await littleWork();
    order.push('little work');
    expect(await answer).toBe(false);
    expect(order).toEqual(['little work', 'answer']);
    expect(counting.entered).toBe(1);
  });

  test('is false for a password too long for a foreign hash, after the same work', async () => {
    const long = 'x'.repeat(73);
    const order: string[] = [];
    const answer = aHasher({ cost: 12 })
      .verify(long, bcrypt.hashSync(long, 4))
      .then((isRight) => order.push(`answer ${isRight}`));
    await littleWork();
    order.push('little work');
    await answer;
    expect(order).toEqual(['little work', 'answer false']);
  });

  test('makes up in rounds of bcrypt for the time that a cheaper hash of another kind left', async () => {
    const cost = 8;
    // The other hash took 30 ms, and a sample of an eighth of ours 10 ms: four eighths are left.
    const times = [0, 30, 100, 110];
    const now = () => times.shift() ?? 0;
    const work = watchHashing(cost);
    const stored = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`;
    expect(await aHasher({ cost, now }).verify('password', stored)).toBe(false);
    expect(work()).toBe(5 / 8);
  });

  test('makes nothing up where the hash of another kind took longer', async () => {
    const cost = 8;
    const times = [0, 300, 300, 310];
    const now = () => times.shift() ?? 0;
    const work = watchHashing(cost);
    const stored = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`;
    expect(await aHasher({ cost, now }).verify('password', stored)).toBe(false);
    // The sample, which tells how long that was.
    expect(work()).toBe(1 / 8);
  });

  test.each([
    ['nobody', null],
    ['one of our own', `rk1$k1$$2b$06$${'a'.repeat(53)}`],
    ['bcrypt of another system', `$2b$04$${'a'.repeat(53)}`],
  ])(
    'costs two hashes for a wrong password that is not in its normal form: %s',
    async (_who, stored) => {
      const work = watchHashing(6);
      const typed = 'pässword'.normalize('NFD');
      expect(await aHasher({ cost: 6 }).verify(typed, stored)).toBe(false);
      expect(work()).toBe(2);
    },
  );

  test('is false for any text that is no hash', async () => {
    const hasher = aHasher();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (password, text) => {
        expect(await hasher.verify(password, text)).toBe(false);
        expect(hasher.isCurrent(text)).toBe(false);
      }),
    );
  });

  test('is false for a hash that was changed anywhere', async () => {
    const hasher = aHasher();
    const hash = await hasher.hash('password');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: hash.length }),
        fc.constantFrom(...'a9Z.$/', ''),
        async (at, char) => {
          const changed = hash.slice(0, at) + char + hash.slice(at + 1);
          fc.pre(changed !== hash);
          expect(await hasher.verify('password', changed)).toBe(false);
        },
      ),
    );
  });

  test('passes the gate for a new hash as well', async () => {
    const counting = countingGate();
    await aHasher({ gate: counting }).hash('password');
    expect(counting.entered).toBe(1);
  });

  test('is that too many wait, where they do', async () => {
    const full = gate({ places: 0, maxWaiting: 0 });
    const hasher = aHasher({ gate: full });
    await expect(hasher.hash('password')).rejects.toMatchObject({ code: 'overloaded' });
    await expect(hasher.verify('password', null)).rejects.toMatchObject({ code: 'overloaded' });
  });
});
