// On every page with a new password: shows passwords on request, and says how strong the new one is while it is typed. It is
// judged here and goes nowhere.

/**
 * @typedef {{ check(password: string, words: string[]): { score: number } }} Meter
 */

/** Code units that are judged: as many as the server looks at. More take long, and add nothing that would be seen. */
const MAX_JUDGED = 32;

const form = /** @type {HTMLFormElement} */ (document.querySelector('form[data-meter]'));
const { name = '', meter: meterFiles = '', strengths = '[]' } = form.dataset;
const texts = JSON.parse(strengths);
const password = find('[autocomplete="new-password"]');
const account = find('[autocomplete="username"]');

const show = find('#show');
/** @type {HTMLElement} */ (show.parentElement).hidden = false;
show.addEventListener('change', () => {
  for (const field of form.querySelectorAll('[autocomplete$="-password"]')) {
    /** @type {HTMLInputElement} */ (field).type = show.checked ? 'text' : 'password';
  }
});

const strength = /** @type {HTMLElement} */ (form.querySelector('.strength'));
/** @type {Promise<Meter> | undefined} */
let loading;

password.addEventListener('focus', () => {
  // Half a megabyte that is kept for a year: loaded only when somebody is about to type. Without it all but the meter works.
  loading ??= load();
  void loading.then(judge, () => undefined);
});
password.addEventListener('input', () => void loading?.then(judge, () => undefined));

/** @returns {Promise<Meter>} */
async function load() {
  for (const url of meterFiles.split(' ')) {
    const script = document.createElement('script');
    script.src = url;
    await new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }
  const { core, 'language-common': common } = /** @type {any} */ (globalThis).zxcvbnts;
  return new core.ZxcvbnFactory({ graphs: common.adjacencyGraphs, dictionary: common.dictionary });
}

/** @param {Meter} meter */
function judge(meter) {
  const { value } = password;
  strength.hidden = value === '';
  if (value === '') return;
  const words = [name, ...account.value.split(/[@.+_-]/)].filter(({ length }) => length > 2);
  const { score } = meter.check(value.slice(0, MAX_JUDGED), words);
  strength.dataset.score = String(score);
  const text = /** @type {HTMLElement} */ (strength.querySelector('p'));
  // A text that is set again is read out again.
  if (text.textContent !== texts[score]) text.textContent = texts[score];
}

/** @param {string} selector */
function find(selector) {
  const found = form.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLInputElement} */ (found);
}
