// Not TypeScript: what it imports is not installed where the types of this repository are checked.
import { Provider } from 'oidc-provider';

/** oidc-provider with its own store in memory, whose introspection is asked. */
const { PORT } = process.env;
const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    introspection: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
  },
  ttl: { ClientCredentials: 86_400 },
});
provider.listen(Number(PORT), '127.0.0.1');
