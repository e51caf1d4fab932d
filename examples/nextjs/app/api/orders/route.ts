import { answerError, say } from '../../../lib/handler.ts';
import { callFor, isCode, rekey } from '../../../lib/rekey.ts';

/** For the programs of users: no cookie is looked at here. */
export async function GET(request: Request): Promise<Response> {
  const [, key = ''] = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  try {
    const { user } = await rekey().verifyKey({ key, scopes: ['orders:read'] }, callFor(request));
    const headers = { 'cache-control': 'no-store' };
    return Response.json({ customer: user.name, orders: [] }, { headers });
  } catch (error) {
    if (isCode(error, 'invalid_token') || key === '') {
      const headers = { 'www-authenticate': 'Bearer' };
      return say('A good key is required.', { status: 401, headers });
    }
    if (isCode(error, 'forbidden')) return say('The key lacks orders:read.', { status: 403 });
    return answerError(error);
  }
}
