// An OpenID certified provider for one test. Its only argument says, in JSON, where it is and whom it serves.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const { issuer, port, clients, people } = JSON.parse(process.argv[2]);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'first' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
  },
  pkce: { required: () => true },
  // It refuses to call its own machine, which it has to here: back-channel logout goes to a test on a loopback address.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  async findAccount(_context, sub) {
    return { accountId: sub, claims: async () => ({ sub, ...people[sub] }) };
  },
});
provider.on('server_error', (_context, error) => console.error(error));
provider.on('grant.error', (_context, error) => console.error('refused:', error.error, error.error_detail ?? ''));
provider.on('backchannel.error', (_context, error) => console.error('back channel:', error.message, error.cause ?? ''));
provider.on('backchannel.success', (_context, client) => console.error('back channel told', client.clientId));
provider.listen(port, '127.0.0.1');
