import { sessionIdOf, sessionsOf, tokenOf } from '../../lib/rekey.ts';
import { timeFor } from '../fields';
import { Form } from '../form';
import { loggedIn } from '../visitor';

export default async function Sessions() {
  const { asked, user } = await loggedIn();
  const currentId = sessionIdOf(tokenOf(asked));
  const sessions = await sessionsOf(user, asked);
  return (
    <>
      <h2>Devices</h2>
      <table>
        <thead>
          <tr>
            <th>Device</th>
            <th>Address</th>
            <th>Logged in</th>
            <th>Last used</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id}>
              <td>
                {session.user_agent ?? 'unknown'}
                {session.id === currentId && ' (this one)'}
              </td>
              <td>{session.remote}</td>
              <td>{timeFor(user, session.created_at)}</td>
              <td>{timeFor(user, session.last_used_at)}</td>
              <td>
                <Form action="/api/sessions/end" button="Sign out">
                  <input type="hidden" name="id" value={session.id} />
                </Form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Form action="/api/logout" button="Sign out everywhere">
        <input type="hidden" name="all" value="true" />
      </Form>
    </>
  );
}
