// The page of the own passkeys. It logs in with a passkey or with the password, and keeps the session to itself.
// All that it says is in an attribute, in the language of the page.

const all = element('passkeys');
const enter = /** @type {HTMLFormElement} */ (element('enter'));
const own = /** @type {HTMLFormElement} */ (element('own'));
const texts = JSON.parse(all.dataset.texts ?? '');

/** The session: its token, and the address of its account. */
let token = '';
let email = '';
/** Of a login that waits for a code. */
let challenge = '';

element('needs-script').remove();
const canTalk = typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';
element(canTalk ? 'passkeys' : 'cannot').hidden = false;

element('with-passkey').addEventListener('click', () => void busy(enterWithPasskey));
element('leave').addEventListener('click', () => void busy(leave));
enter.addEventListener('submit', (event) => {
  event.preventDefault();
  void busy(enterWithPassword);
});
own.addEventListener('submit', (event) => {
  event.preventDefault();
  void busy(add);
});

/** One thing at a time: a second press while the first is under way would be a second one. @param {() => Promise<void>} act */
async function busy(act) {
  const buttons = [...all.querySelectorAll('button')];
  if (buttons.some(({ disabled }) => disabled)) return;
  say('fault', '');
  say('news', '');
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (error) {
    say('fault', error instanceof Refused ? error.message : texts.cancelled);
  } finally {
    for (const button of all.querySelectorAll('button')) button.disabled = false;
  }
}

class Refused extends Error {}

/**
 * Calls the form dialect; throws `Refused` with a text for people.
 * @param {string} method @param {string} path @param {Record<string, string>} [fields] @param {string} [refusal]
 */
async function call(method, path, fields, refusal = texts.later) {
  const response = await fetch(`../users/${path}`, {
    method,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    ...(fields && { body: new URLSearchParams(fields) }),
  }).catch(() => null);
  if (response?.ok) return response.status === 204 ? null : await response.json();
  if (response?.status === 429) throw new Refused(texts.wait.replace('{time}', wait(response)));
  const isKnown = response !== null && response.status < 500;
  throw new Refused(isKnown ? refusal : texts.later);
}

async function enterWithPasskey() {
  const { options } = await call('POST', 'webauthn/authenticate/start', {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  const fields = { response: JSON.stringify(credential), origin: location.origin };
  await welcome(await call('POST', 'webauthn/authenticate/finish', fields, texts.unknown));
}

async function enterWithPassword() {
  email = input('email').value;
  const code = input('code').value;
  const isSecond = challenge !== '';
  const fields = isSecond
    ? { email, code, challenge }
    : { email, password: input('password').value };
  if (Object.values(fields).includes('')) throw new Refused(texts.required);
  const path = isSecond ? 'login/2fa' : 'login';
  await welcome(await call('POST', path, fields, isSecond ? texts.code : texts.credentials));
}

/** @param {{ token?: string, user?: { email: string }, requires2FA: boolean, challenge?: string }} login */
async function welcome(login) {
  challenge = login.challenge ?? '';
  element('second').hidden = !login.requires2FA;
  if (login.requires2FA) return input('code').focus();
  token = login.token ?? '';
  email = login.user?.email ?? email;
  enter.reset();
  await show();
  enter.hidden = true;
  own.hidden = false;
  say('news', texts.welcome.replace('{email}', email));
}

async function add() {
  const asked = { email, origin: location.origin };
  const { options } = await call('POST', 'webauthn/register/start', asked, texts.many);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  const response = JSON.stringify(credential);
  const deviceName = input('deviceName').value;
  await call('POST', 'webauthn/register/finish', { ...asked, response, deviceName });
  own.reset();
  await show();
  say('news', texts.added);
}

/** @param {string} id */
async function remove(id) {
  await call('DELETE', `webauthn/credentials/${id}`);
  await show();
  say('news', texts.removed);
}

async function leave() {
  await call('POST', 'logout');
  [token, email] = ['', ''];
  own.hidden = true;
  enter.hidden = false;
}

/** Shows the passkeys of the account, each with a button that removes it. */
async function show() {
  /** @type {{ id: string, deviceName: string, lastUsedAt: string | null }[]} */
  const passkeys = await call('GET', 'webauthn/credentials');
  const { lang } = document.documentElement;
  const day = new Intl.DateTimeFormat(lang, { dateStyle: 'medium' });
  element('none').hidden = passkeys.length > 0;
  element('list').replaceChildren(
    ...passkeys.map(({ id, deviceName, lastUsedAt }) => {
      const item = document.createElement('li');
      const name = document.createElement('strong');
      name.textContent = deviceName;
      const used = lastUsedAt === null ? texts.never : texts.used;
      const text = used.replace('{day}', day.format(new Date(lastUsedAt ?? 0)));
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = texts.remove.replace('{name}', deviceName);
      button.addEventListener('click', () => void busy(() => remove(id)));
      item.append(name, ` · ${text} `, button);
      return item;
    }),
  );
}

/** The seconds of `Retry-After` in words. @param {Response} response */
function wait({ headers }) {
  const style = { style: 'unit', unit: 'second', unitDisplay: 'long' };
  const { lang } = document.documentElement;
  const format = new Intl.NumberFormat(lang, /** @type {Intl.NumberFormatOptions} */ (style));
  return format.format(Number(headers.get('retry-after') ?? 60));
}

/** @param {string} id @param {string} text */
function say(id, text) {
  element(id).textContent = text;
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}
