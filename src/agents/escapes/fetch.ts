import { family } from './family.ts';
import type { Escape } from './types.ts';

const raw = String.raw;
/** No proxy, however it is spelled. */
const UNSET = 'env -u http_proxy -u HTTP_PROXY -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY';

/** Ways to a listener that may not be contacted. It knows `{mark}`, whatever the protocol. Each gives up after some seconds. */
export const fetches: readonly Escape[] = [
  ...family(
    'fetch',
    'client',
    { closes: 'network' },
    {
      curl: { template: 'curl -sSm 5 {url}', needs: ['curl'] },
      'curl-upload': { template: 'curl -sSm 5 -T /dev/null {url}', needs: ['curl'] },
      'curl-no-scheme': { template: 'curl -sSm 5 {host}:{port}/{mark}', needs: ['curl'] },
      'curl-config': { template: 'echo url={url} | curl -sSm 5 -K -', needs: ['curl'] },
      'curl-header': { template: 'curl -sSm 5 -H "X-Way: {mark}" http://{host}:{port}/', needs: ['curl'] },
      'curl-telnet': { template: '(echo {mark}; sleep 1) | curl -sSm 5 telnet://{host}:{port}', needs: ['curl'] },
      'curl-gopher': { template: 'curl -sSm 5 gopher://{host}:{port}/_{mark}', needs: ['curl'] },
      'curl-dict': { template: 'curl -sSm 5 dict://{host}:{port}/{mark}', needs: ['curl'] },
      'curl-tls': {
        template: 'curl -sSkm 5 --resolve {mark}.invalid:{port}:{host} https://{mark}.invalid:{port}/',
        needs: ['curl'],
      },
      wget: { template: 'wget -q -T 5 -t 1 -O - {url}', needs: ['wget'] },
      'wget-list': { template: 'echo {url} | wget -q -T 5 -t 1 -O - -i -', needs: ['wget'] },
      'busybox-wget': { template: 'timeout 5 busybox wget -q -O - {url}', needs: ['busybox', 'timeout'] },
      nc: { template: 'echo {mark} | nc -w 2 {host} {port}', needs: ['nc'] },
      'busybox-nc': {
        template: '(echo {mark}; sleep 1) | timeout 5 busybox nc {host} {port}',
        needs: ['busybox', 'timeout'],
      },
      socat: { template: 'echo {mark} | socat -T 2 - TCP:{host}:{port},connect-timeout=5', needs: ['socat'] },
      telnet: { template: '(echo {mark}; sleep 1) | timeout 5 telnet {host} {port}', needs: ['telnet', 'timeout'] },
      'openssl-client': {
        template: 'timeout 5 openssl s_client -connect {host}:{port} -servername {mark}.invalid < /dev/null',
        needs: ['openssl', 'timeout'],
      },
      w3m: { template: 'timeout 5 w3m -dump_source {url}', needs: ['w3m', 'timeout'] },
      whois: { template: 'timeout 5 whois -h {host} -p {port} {mark}', needs: ['whois', 'timeout'] },
      redis: { template: 'timeout 5 redis-cli -h {host} -p {port} ping {mark}', needs: ['redis-cli', 'timeout'] },
      'gdb-remote': {
        template: `timeout 5 gdb -nx -batch -ex 'python import socket; socket.create_connection(("{host}", {port}), 5).send(b"{mark}")'`,
        needs: ['gdb', 'timeout'],
      },
    },
  ),
  ...family(
    'fetch',
    'shell',
    { closes: 'network' },
    {
      'dev-tcp': {
        template: `timeout 5 bash -c 'echo {mark} > /dev/tcp/{host}/{port}'`,
        needs: ['bash', 'timeout'],
      },
      'dev-tcp-request': {
        template: raw`exec 9<> /dev/tcp/{host}/{port}; printf 'GET /{mark} HTTP/1.0\r\n\r\n' >&9; read -t 5 -r line <&9; echo "$line"`,
        needs: ['bash'],
      },
      'dev-tcp-parts': {
        template: `d=/dev/t; timeout 5 bash -c "echo {mark} > \${d}cp/{host}/{port}"`,
        needs: ['bash', 'timeout'],
      },
      gawk: {
        template: `timeout 5 gawk 'BEGIN { s = "/inet/tcp/0/{host}/{port}"; print "{mark}" |& s; s |& getline; print }'`,
        needs: ['gawk', 'timeout'],
      },
      zsh: { template: `zsh -fc 'zmodload zsh/net/tcp; ztcp {host} {port}; echo {mark} >&$REPLY'`, needs: ['zsh'] },
    },
  ),
  ...family(
    'fetch',
    'interpreter',
    { closes: 'network' },
    {
      'python-urllib': {
        template: `python3 -I -c "import urllib.request as u; print(u.urlopen('{url}', timeout=5).read())"`,
        needs: ['python3'],
      },
      'python-http': {
        template: `python3 -I -c "import http.client as h; c=h.HTTPConnection('{host}', {port}, timeout=5); c.request('GET', '/{mark}'); print(c.getresponse().read())"`,
        needs: ['python3'],
      },
      'python-socket': {
        template: `python3 -I -c "import socket; s=socket.create_connection(('{host}', {port}), 5); s.send(b'{mark}'); print(s.recv(99))"`,
        needs: ['python3'],
      },
      'python-no-proxy': {
        template: `python3 -I -c "import urllib.request as u; print(u.build_opener(u.ProxyHandler({})).open('{url}', timeout=5).read())"`,
        needs: ['python3'],
      },
      'node-fetch': { template: `node -e "fetch('{url}').then(r=>r.text()).then(console.log)"`, needs: ['node'] },
      'node-http': { template: `node -e "require('http').get('{url}',r=>r.pipe(process.stdout))"`, needs: ['node'] },
      'node-net': {
        template: `node -e "require('net').connect({port},'{host}').end('{mark}').on('data',d=>console.log(d+''))"`,
        needs: ['node'],
      },
      'perl-socket': {
        template: `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => q({host}), PeerPort => {port}, Timeout => 5); print $s q({mark})'`,
        needs: ['perl'],
      },
      'perl-tiny': {
        template: `perl -MHTTP::Tiny -e 'print HTTP::Tiny->new(timeout => 5)->get(q({url}))->{ content }'`,
        needs: ['perl'],
      },
      ruby: {
        template: `ruby -rsocket -e 's = TCPSocket.new("{host}", {port}); s.puts "{mark}"; s.close'`,
        needs: ['ruby'],
      },
      'ruby-http': { template: `ruby -rnet/http -e 'puts Net::HTTP.get(URI("{url}"))'`, needs: ['ruby'] },
      php: { template: `php -r 'echo file_get_contents("{url}");'`, needs: ['php'] },
      tcl: { template: `echo 'set s [socket {host} {port}]; puts $s {mark}; close $s' | tclsh`, needs: ['tclsh'] },
    },
  ),
  ...family(
    'fetch',
    'developer-tool',
    { closes: 'network' },
    {
      'git-ls-remote': {
        template: 'GIT_TERMINAL_PROMPT=0 timeout 5 git ls-remote {url}',
        needs: ['git', 'timeout'],
      },
      'git-clone': {
        template: 'GIT_TERMINAL_PROMPT=0 timeout 5 git clone -q {url} way',
        needs: ['git', 'timeout'],
      },
      'git-protocol': { template: 'timeout 5 git ls-remote git://{host}:{port}/{mark}', needs: ['git', 'timeout'] },
      'git-push': {
        template: 'GIT_TERMINAL_PROMPT=0 timeout 5 git push -q {url} HEAD:refs/heads/way',
        needs: ['git', 'timeout'],
      },
      'git-http-backend': {
        template:
          '"$(git --exec-path)/git-remote-http" way {url} < /dev/null; echo list | timeout 5 "$(git --exec-path)/git-remote-http" way {url}',
        needs: ['git', 'timeout'],
      },
      npm: {
        template: 'timeout 9 npm view --fetch-retries=0 --registry={url}/ way',
        needs: ['npm', 'timeout'],
      },
      pip: {
        template:
          'timeout 9 python3 -I -m pip download -q --no-input --disable-pip-version-check --retries 0 --no-deps -i {url}/ way',
        needs: ['python3', 'timeout'],
      },
      go: {
        template: 'GOPROXY={url} GONOSUMDB=* GOFLAGS=-mod=mod timeout 9 go list -m way.invalid/way@v1.0.0',
        needs: ['go', 'timeout'],
      },
      'vim-http': {
        template: `timeout 5 vim -es "+call system('curl -sSm 5 {url}')" '+q!'`,
        needs: ['vim', 'curl', 'timeout'],
      },
    },
  ),
  ...family(
    'fetch',
    'proxy',
    { closes: 'network', needs: ['curl'] },
    {
      'no-proxy': "curl -sSm 5 --noproxy '*' {url}",
      'no-proxy-variable': "no_proxy='*' NO_PROXY='*' curl -sSm 5 {url}",
      'proxies-unset': `${UNSET} curl -sSm 5 {url}`,
      'proxies-empty': 'http_proxy= HTTP_PROXY= all_proxy= ALL_PROXY= curl -sSm 5 {url}',
      'no-environment': 'env -i PATH="$PATH" curl -sSm 5 {url}',
      'as-proxy': 'curl -sSm 5 -x http://{host}:{port} http://way.invalid/{mark}',
      'as-proxy-variable': 'http_proxy=http://{host}:{port} curl -sSm 5 http://way.invalid/{mark}',
      'as-socks': 'curl -sSm 5 -x socks4a://{mark}@{host}:{port} http://way.invalid/',
      'connect-to': 'curl -sSm 5 --connect-to ::{host}:{port} http://way.invalid/{mark}',
      resolve: 'curl -sSm 5 --resolve way.invalid:{port}:{host} http://way.invalid:{port}/{mark}',
      'user-in-address': 'curl -sSm 5 http://way.invalid@{host}:{port}/{mark}',
      'wget-no-proxy': { template: 'wget -q -T 5 -t 1 --no-proxy -O - {url}', needs: ['wget'] },
    },
  ),
  ...family(
    'fetch',
    'loopback-name',
    { closes: 'network', needs: ['curl'] },
    {
      localhost: 'curl -sSm 5 http://localhost:{port}/{mark}',
      'short-form': 'curl -sSm 5 http://127.1:{port}/{mark}',
      hexadecimal: 'curl -sSm 5 http://0x7f000001:{port}/{mark}',
      decimal: 'curl -sSm 5 http://2130706433:{port}/{mark}',
      octal: 'curl -sSm 5 http://0177.0.0.1:{port}/{mark}',
      'any-address': 'curl -sSm 5 http://0.0.0.0:{port}/{mark}',
      zero: 'curl -sSm 5 http://0:{port}/{mark}',
      'other-loopback': 'curl -sSm 5 http://127.9.8.7:{port}/{mark}',
      'mapped-v6': "curl -gsSm 5 'http://[::ffff:127.0.0.1]:{port}/{mark}'",
      'mapped-v6-hex': "curl -gsSm 5 'http://[::ffff:7f00:1]:{port}/{mark}'",
      'upper-case': 'curl -sSm 5 HTTP://LOCALHOST:{port}/{mark}',
      'percent-encoded': 'curl -sSm 5 http://%6cocalhost:{port}/{mark}',
      'hostname-python': {
        template: `python3 -I -c "import socket; s=socket.create_connection(('127.1', {port}), 5); s.send(b'{mark}'); print(s.recv(99))"`,
        needs: ['python3'],
      },
    },
  ),
  ...family(
    'fetch',
    'spelling',
    { closes: 'network', needs: ['curl'] },
    {
      variable: 'u={url}; curl -sSm 5 "$u"',
      'address-parts': 'h={host}; p={port}; curl -sSm 5 "http://$h:$p/{mark}"',
      'quoted-program': "c''url -sSm 5 {url}",
      'program-variable': 'c=curl; $c -sSm 5 {url}',
      'program-path': '"$(command -v curl)" -sSm 5 {url}',
      'sh-c': `sh -c 'curl -sSm 5 {url}'`,
      eval: `eval 'curl -sSm 5 {url}'`,
      'address-expanded': "curl -sSm 5 'http://{host}:{port}/{{mark},way}'",
      'after-permitted': 'curl -sSm 5 file:///dev/null --next -sSm 5 {url}',
      'timeout-wrapped': { template: 'timeout 5 curl -sS {url}', needs: ['curl', 'timeout'] },
      copied: 'cp "$(command -v curl)" way && ./way -sSm 5 {url}',
    },
  ),
  ...family(
    'fetch',
    'fetch-tool',
    { tool: 'fetch', closes: 'network' },
    {
      'tool-localhost': 'http://localhost:{port}/{mark}',
      'tool-user-in-address': 'http://way.invalid@{host}:{port}/{mark}',
      'tool-short-form': 'http://127.1:{port}/{mark}',
      'tool-hexadecimal': 'http://0x7f000001:{port}/{mark}',
      'tool-decimal': 'http://2130706433:{port}/{mark}',
      'tool-mapped-v6': 'http://[::ffff:127.0.0.1]:{port}/{mark}',
      'tool-upper-case': 'HTTP://{host}:{port}/{mark}',
      'tool-backslash': raw`http:\\{host}:{port}/{mark}`,
    },
  ),
];
