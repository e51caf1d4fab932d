// Forms that ask the browser for a passkey: one is made, or shown, and the answer is sent with the form.

const ask = {
  create: (options) =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
  get: (options) =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
};
const isAble = typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';

for (const form of document.querySelectorAll('form[data-passkey]')) {
  form.hidden = !isAble;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form).catch(() => {
      // The person said no, has no passkey here, or took too long.
      form.querySelector('output').value = 'Nothing was done. Reload the page, and try again.';
    });
  });
}

async function send(form) {
  // The options are good for five minutes, so they are asked for when the button is pressed.
  const answer = await fetch(`${form.action}/options`, { method: 'POST' });
  if (!answer.ok) throw new Error(`the options are ${answer.status}`);
  const credential = await ask[form.dataset.passkey](await answer.json());
  form.elements.response.value = JSON.stringify(credential);
  form.submit();
}
