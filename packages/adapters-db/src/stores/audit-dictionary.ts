/**
 * What the words of entries are packed with: pieces of data and of browsers that are frequent, the most frequent ones at
 * the end. Databases are full of words that nothing else unpacks: no character of it is ever changed.
 */
export const FREQUENT_WORDS = [
  '{"type":"error","data":"too_many_requests"}',
  '{"type":"error","data":"invalid_token","cause":"passkey_copied"}',
  '{"type":"error","data":"invalid_credentials","cause":"no_password"}',
  '{"type":"error","data":"invalid_credentials","cause":"no_token_key"}',
  '{"type":"error","data":"invalid_credentials","cause":"user_disabled"}',
  '{"type":"error","data":"invalid_credentials","cause":"user_locked"}',
  '{"type":"diff","data":[["attributes",{},["locale","en","timezone","Etc/UTC"],["email","@example.com"],',
  '["is_revoked",false,true],["is_enabled",true,false],["expires_at",null,"2026-01-01T00:00:00.000Z"],["name","","',
  '{"subject":null,"data":{"status_code":"reason","source":"kind":"totp","passkey","recovery_codes"',
  'curl/8.5.0 python-requests/2.32.3 Go-http-client/2.0 node axios/1.7.7 okhttp/4.12.0 Java/21.0.4 Dart/3.5 (dart:io)',
  'Mozilla/5.0 (compatible; +https://www.google.com/bot.html) Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A)',
  'Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 FxiOS/133.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/131.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
  '{"type":"error","data":"invalid_credentials"}',
].join('\n');
