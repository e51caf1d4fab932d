import { describe, expect, it } from 'vitest';
import { type Revocation, Revocations } from './revocations.ts';
import type { Claims } from './tokens.ts';

const NOW = Date.now();
const NEVER = Number.NEGATIVE_INFINITY;
const MINUTE = 60_000;

const claims = (details: Partial<Claims> = {}): Claims => ({
  issuer: 'i',
  serviceId: 's',
  userId: 'ada',
  sessionId: 'one',
  issuedAt: NOW - 10 * MINUTE,
  expiresAt: NOW + 50 * MINUTE,
  ...details,
});
const told = (type: string, details: Partial<Revocation> = {}): Revocation => ({
  type,
  created_at: new Date(NOW).toISOString(),
  user_id: 'ada',
  subject_id: null,
  data: {},
  ...details,
});
/** What is known for an hour. */
function known(max = 100) {
  const revocations = new Revocations(max);
  revocations.restart(NOW - 60 * MINUTE);
  return revocations;
}

describe('a token', () => {
  it('is good that nothing was said about, and doubtful where not everything is known', () => {
    expect(known().judge(claims(), NEVER)).toBe('good');
    expect(new Revocations(9).judge(claims(), NEVER)).toBe('doubtful');
    const old = claims({ issuedAt: NOW - 61 * MINUTE });
    expect(known().judge(old, NEVER)).toBe('doubtful');
    expect(known().judge(old, NOW)).toBe('good');
  });

  it.each(['session.ended', 'token.theft'])(
    'is over whose session is the subject of %s',
    (type) => {
      const revocations = known();
      revocations.add(told(type, { subject_id: 'one' }));
      expect(revocations.judge(claims(), NOW + MINUTE)).toBe('over');
      expect(revocations.judge(claims({ sessionId: 'other' }), NEVER)).toBe('good');
    },
  );

  it.each([
    'session.ended',
    'user.disabled',
    'user.locked',
    'user.deleted',
    'password.changed',
    'password.reset',
    'email.changed',
  ])('is over that was issued before %s of its user, and good that was issued later', (type) => {
    const revocations = known();
    revocations.add(told(type));
    expect(revocations.judge(claims(), NOW + MINUTE)).toBe('over');
    expect(revocations.judge(claims({ userId: 'eve' }), NEVER)).toBe('good');
    expect(revocations.judge(claims({ issuedAt: NOW + MINUTE }), NEVER)).toBe('good');
  });

  it('is doubtful around the instant, until Rekey said later that it is good', () => {
    const revocations = known();
    revocations.add(told('password.changed'));
    const near = claims({ issuedAt: NOW + 5000 });
    expect(revocations.judge(near, NEVER)).toBe('doubtful');
    expect(revocations.judge(near, Date.now())).toBe('doubtful');
    expect(revocations.judge(near, Date.now() + 1001)).toBe('good');
  });

  it('is good of the session that was spared', () => {
    const revocations = known();
    revocations.add(told('password.changed', { data: { kept_session_id: 'one' } }));
    expect(revocations.judge(claims(), NEVER)).toBe('good');
    expect(revocations.judge(claims({ sessionId: 'other' }), NEVER)).toBe('over');
    revocations.add(told('session.ended'));
    expect(revocations.judge(claims(), NEVER)).toBe('over');
  });

  it('is asked about whose TOKEN key was changed, and always where the key expires', () => {
    const revocations = known();
    revocations.add(told('key.updated', { subject_id: 'k', data: { key_type: 'KEY' } }));
    revocations.add(told('key.rotated', { subject_id: 'k', data: { key_type: 'TOKEN' } }));
    expect(revocations.judge(claims(), NEVER)).toBe('good');
    revocations.add(
      told('key.updated', { subject_id: 'k', data: { key_type: 'TOKEN', expires_at: null } }),
    );
    expect(revocations.judge(claims(), NEVER)).toBe('doubtful');
    expect(revocations.judge(claims(), NOW + MINUTE)).toBe('good');
    const expires = { key_type: 'TOKEN', expires_at: new Date(NOW + MINUTE).toISOString() };
    revocations.add(told('key.updated', { subject_id: 'k', data: expires }));
    revocations.add(told('password.changed', { data: { kept_session_id: 'one' } }));
    expect(revocations.judge(claims(), NOW + MINUTE)).toBe('doubtful');
  });

  it('is asked about after an event of a type that nobody knows yet', () => {
    const revocations = known();
    revocations.add(told('user.suspended'));
    expect(revocations.judge(claims(), NEVER)).toBe('doubtful');
  });

  it('is asked about whose service was disabled', () => {
    const revocations = known();
    revocations.add(told('service.disabled', { user_id: null }));
    expect(revocations.judge(claims(), NEVER)).toBe('doubtful');
  });
});

it('what is forgotten for want of room makes tokens from before doubtful, and none good', () => {
  const revocations = known(2);
  for (const id of ['one', 'two', 'three', 'four']) {
    revocations.add(told('session.ended', { subject_id: id }));
  }
  expect(revocations.size).toBe(2);
  expect(revocations.judge(claims({ sessionId: 'one' }), NEVER)).toBe('doubtful');
  expect(revocations.judge(claims({ sessionId: 'four' }), NEVER)).toBe('over');
  expect(revocations.judge(claims({ sessionId: 'five' }), NEVER)).toBe('doubtful');
});
