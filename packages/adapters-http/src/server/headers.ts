/** The headers of every response, whatever its status. Pages loosen the policy for their own needs. */
export function securityHeaders(publicUrl: string): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    // No window of another site keeps a hold of a page, and no page of another site embeds an answer.
    // A fetch that CORS lets through is not concerned.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // Only where people come by HTTPS; whether subdomains do is the operator's to say.
    ...(publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  };
}
