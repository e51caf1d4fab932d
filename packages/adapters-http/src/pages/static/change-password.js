// The page "change your password". It opens no session: somebody who has to change the password gets none. The form works
// without this script, which keeps what was typed where something is refused. All that it says is in the attributes of the
// form, in the language of the page.

/**
 * @typedef {{ status: number, code: string, errors?: { field: string, code: string }[] }} Problem
 */

const form = /** @type {HTMLFormElement} */ (element('change'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
const fields = ['email', 'password', 'newPassword'].map(input);
/** Of a second factor: hidden until the account asks for it. */
const code = input('code');
const codeField = /** @type {HTMLElement} */ (code.closest('.field'));
codeField.hidden = true;
const { min = '', name = '' } = form.dataset;
const texts = JSON.parse(form.dataset.texts ?? '');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  // A second press while the first is under way would be a second change.
  if (button.disabled) return;
  void submit();
});

async function submit() {
  clearFaults();
  const asked = codeField.hidden ? fields : [...fields, code];
  const empty = asked.filter(({ value }) => value === '');
  if (empty.length > 0) {
    for (const { name } of empty) say(name, texts.required);
    return showFirstFault();
  }
  const label = button.textContent;
  button.disabled = true;
  button.textContent = texts.busy;
  try {
    await change();
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
  showFirstFault();
}

async function change() {
  const [email = '', password = '', newPassword = ''] = fields.map(({ value }) => value);
  try {
    const body = new URLSearchParams({ email, password, newPassword });
    if (!codeField.hidden) body.set('code', code.value);
    const changed = await fetch('../users/update/password', { method: 'POST', body });
    if (!changed.ok) return await explain(changed);
    celebrate();
  } catch {
    say('', texts.offline);
  }
}

/** The form goes away, which tells password managers that the new password is good. */
function celebrate() {
  const done = /** @type {HTMLTemplateElement} */ (element('done'));
  const main = /** @type {HTMLElement} */ (document.querySelector('main'));
  const sign = main.querySelector('.sign');
  sign?.classList.replace('key', 'done');
  sign?.querySelector('path')?.setAttribute('d', 'm7.8 12.4 2.8 2.8 5.6-6');
  main.replaceChildren(...(sign ? [sign] : []), done.content);
  const heading = /** @type {HTMLElement} */ (main.querySelector('h1'));
  document.title = `${heading.textContent} · ${name}`;
  heading.focus();
}

/** Explains a problem (RFC 9457) beside the field that it is about, or above all of them. @param {Response} response */
async function explain(response) {
  /** @type {Problem} */
  const { code, errors = [] } = await response.json();
  if (code === 'invalid_credentials') {
    return say('', codeField.hidden ? texts.credentials : texts.credentialsOrCode);
  }
  if (code === 'second_factor_required') {
    codeField.hidden = false;
    return say('code', texts.factor);
  }
  if (code === 'too_many_requests') return say('', texts.wait.replace('{time}', wait(response)));
  for (const { field, code: reason } of errors) {
    if (field === 'email') say('email', texts.email);
    const text = texts.reasons[reason];
    if (field === 'newPassword' && text) say(field, text.replace('{min}', min));
  }
  if (!form.querySelector('.fault:not(:empty)')) say('', texts.later);
}

/** The seconds of `Retry-After` in words, or the minutes or hours that they come to. @param {Response} response */
function wait({ headers }) {
  const seconds = Number(headers.get('retry-after') ?? 60);
  const [unit, length] =
    seconds > 5400 ? ['hour', 3600] : seconds > 90 ? ['minute', 60] : ['second', 1];
  const style = { style: 'unit', unit, unitDisplay: 'long' };
  const { lang } = document.documentElement;
  return new Intl.NumberFormat(lang, /** @type {Intl.NumberFormatOptions} */ (style)).format(
    Math.ceil(seconds / Number(length)),
  );
}

/** Puts a text beside a field, or above all of them where none is named. @param {string} field @param {string} text */
function say(field, text) {
  element(field === '' ? 'fault' : `${field}-fault`).textContent = text;
  if (field !== '') input(field).setAttribute('aria-invalid', 'true');
}

function clearFaults() {
  for (const fault of form.querySelectorAll('.fault')) fault.textContent = '';
  for (const field of [...fields, code]) field.removeAttribute('aria-invalid');
}

function showFirstFault() {
  [...fields, code].find((field) => field.hasAttribute('aria-invalid'))?.focus();
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
