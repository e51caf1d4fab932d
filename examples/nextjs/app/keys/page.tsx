import { keysOf, scopes } from '../../lib/rekey.ts';
import { Box, Field, timeFor } from '../fields';
import { Form } from '../form';
import { loggedIn } from '../visitor';

export default async function Keys() {
  const { asked, user } = await loggedIn();
  const keys = await keysOf(user, asked);
  return (
    <>
      <h2>API keys</h2>
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Key</th>
            <th>May</th>
            <th>Expires</th>
            <th>Last used</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td>{key.name}</td>
              <td>rku_{key.prefix}…</td>
              <td>{key.scopes.join(', ')}</td>
              <td>{timeFor(user, key.expires_at)}</td>
              <td>{timeFor(user, key.last_used_at)}</td>
              <td>
                <Form action="/api/keys/rotate" button="Replace">
                  <input type="hidden" name="id" value={key.id} />
                </Form>
                <Form action="/api/keys/delete" button="Delete">
                  <input type="hidden" name="id" value={key.id} />
                </Form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>A new key</h3>
      <Form action="/api/keys" button="Make it">
        <Field label="Name" name="name" required />
        {scopes.map((scope) => (
          <Box key={scope} label={scope} name={scope} />
        ))}
        <Field label="Expires" name="expires" type="date" />
      </Form>
    </>
  );
}
